// The glue between a pane and its model: state comes in a trait with a sequence number, requests
// go out as custom messages (a trait set to the value it has would send nothing).

import type { AnyModel, Render } from "@anywidget/types";
import type { Intent } from "./schema.js";
import { el } from "./dom.js";
import "./theme.css";

/** The traits of tvmlab.ui.pane.Pane. */
export interface PaneModel<State> {
  state: State | string;
  seq: number;
  problem: string;
}

/** What a pane needs from the outside; tests give a double. */
export interface Host {
  ask(intent: Intent): void;
}

/** One drawn pane: `update` after every change, `receive` for deltas, `dispose` at the end. */
export interface Drawn<State> {
  update(state: State): void;
  receive?(message: unknown): void;
  dispose?(): void;
}

/** Wraps `draw` as an anywidget render function; several views of one model are independent. */
export function pane<State>(
  name: string,
  draw: (root: HTMLElement, host: Host) => Drawn<State>,
): { render: Render<PaneModel<State>> } {
  return {
    render({ model, el: outer }) {
      const root = el("section", { class: `tvmlab tv-${name}`, "aria-label": name });
      const problem = el("div", { class: "tv-problem", role: "alert", hidden: true });
      outer.append(root);
      const drawn = draw(root, { ask: (intent) => model.send(intent) });
      root.append(problem);
      return connect(model, drawn, problem);
    },
  };
}

/** A state travels from the kernel as one string, and inside the page as it is. */
function unpacked<State>(state: State | string): State {
  return typeof state === "string" ? (JSON.parse(state) as State) : state;
}

function connect<State>(
  model: AnyModel<PaneModel<State>>,
  drawn: Drawn<State>,
  problem: HTMLElement,
): () => void {
  const onState = () => {
    const state = unpacked(model.get("state"));
    if (Object.keys(state as object).length > 0) drawn.update(state);
  };
  const onProblem = () => {
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
  };
  const onMessage = (message: unknown) => drawn.receive?.(message);
  model.on("change:seq", onState);
  model.on("change:problem", onProblem);
  model.on("msg:custom", onMessage);
  onState();
  onProblem();
  return () => {
    model.off("change:seq", onState);
    model.off("change:problem", onProblem);
    model.off("msg:custom", onMessage);
    drawn.dispose?.();
  };
}

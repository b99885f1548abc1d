// The glue between a pane and its model: what changed comes in a trait, requests go out as custom
// messages (a trait set to the value it has would send nothing).

import type { AnyModel, Initialize, Render } from "@anywidget/types";
import type { Intent } from "./schema.js";
import { el } from "./dom.js";
import { hearLate } from "./late.js";
import { Pressed } from "./pressed.js";
import { after, whole, type Known, type Message } from "./told.js";
import "./theme.css";

/** The traits of tvmlab.ui.pane.Pane. */
export interface PaneModel<State> {
  /** One string from the kernel, and inside the page as it is; null before anything is told. */
  news: Message<State> | string | null;
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
export function pane<State extends object>(
  name: string,
  draw: (root: HTMLElement, host: Host) => Drawn<State>,
): { initialize: Initialize<PaneModel<State>>; render: Render<PaneModel<State>> } {
  return {
    initialize({ model }) {
      void hearLate(model);
    },
    render({ model, el: outer }) {
      const root = el("section", { class: `tvmlab tv-${name}`, "aria-label": name });
      const problem = el("div", { class: "tv-problem", role: "alert", hidden: true });
      const waiting = el("div", { class: "tv-held tv-dim", role: "status", hidden: true }, WAITING);
      outer.append(root);
      const drawn = draw(root, { ask: asking(model, waiting) });
      root.append(waiting, problem);
      return connect(model, drawn, problem, new Pressed(root));
    },
  };
}

const WAITING = "This kernel answers clicks when the running cell has ended.";
const GONE = "The kernel that this lab ran in is gone: run the cell again to go on from here.";
/** Milliseconds after which it is said that a request waits. */
const PATIENCE_MS = 1000;

/** Sends requests, and shows `note` while the kernel has not begun with one: some kernels run cells
 * and requests on one thread. Where no kernel was ever heard to begin, nobody can tell. Where the
 * kernel is gone, that is said at once. */
function asking(model: Pick<AnyModel, "send">, note: HTMLElement): (intent: Intent) => void {
  const heard = document.documentElement.dataset;
  let late = 0;
  return (intent) => {
    let isLate = false;
    let hasBegun = false;
    const timer = setTimeout(() => {
      if (!heard["tvmlabHeard"]) return;
      isLate = true;
      late += 1;
      note.hidden = false;
    }, PATIENCE_MS);
    const status = () => {
      if (hasBegun) return;
      hasBegun = true;
      heard["tvmlabHeard"] = "true";
      clearTimeout(timer);
      if (isLate) late -= 1;
      note.hidden = late === 0;
    };
    try {
      model.send(intent, { iopub: { status } });
    } catch {
      clearTimeout(timer); // ipywidgets throws where the kernel was restarted or shut down
      note.textContent = GONE;
      note.hidden = false;
    }
  };
}

function connect<State extends object>(
  model: AnyModel<PaneModel<State>>,
  drawn: Drawn<State>,
  problem: HTMLElement,
  pressed: Pressed,
): () => void {
  let known: Known<State> | null = null;
  const onNews = () => {
    const news = model.get("news");
    const message = typeof news === "string" ? (JSON.parse(news) as Message<State>) : news;
    if (!message || message.seq === known?.seq) return;
    const next = after(known, message);
    if (!next) return model.send({ intent: "whole" });
    known = next;
    pressed.settled(() => drawn.update(next.state));
    // Other views of the model, those made later and a page that is saved find all of it.
    if (typeof news === "string") model.set("news", whole(next));
  };
  const onProblem = () => {
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
  };
  const onMessage = (message: unknown) => pressed.settled(() => drawn.receive?.(message));
  model.on("change:news", onNews);
  model.on("change:problem", onProblem);
  model.on("msg:custom", onMessage);
  onNews();
  onProblem();
  return () => {
    model.off("change:news", onNews);
    model.off("change:problem", onProblem);
    model.off("msg:custom", onMessage);
    pressed.dispose();
    drawn.dispose?.();
  };
}

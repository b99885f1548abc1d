// Panes outside a notebook: the model that a widget would have, fed by whoever draws the pane.

import type { AnyModel, Render } from "@anywidget/types";
import type { PaneModel as Traits } from "../pane.js";
import type { Intent } from "../schema.js";
import { whole } from "../told.js";

type Listener = (...values: never[]) => void;

/** Stands in for the widget model of a pane: `show` and `tell` in, `ask` out. */
export class PaneModel<State extends object> {
  private readonly traits: Traits<State> = { news: null, problem: "" };
  private seq = 0;
  private readonly listeners = new Map<string, Set<Listener>>();

  constructor(private readonly ask: (intent: Intent) => void) {}

  /** Draws `state`. */
  show(state: State): void {
    this.traits.news = whole({ seq: this.seq++, state });
    this.fire("change:news");
  }

  /** Hands the pane a message, as the kernel's `send` does. */
  tell(message: unknown): void {
    this.fire("msg:custom", message, []);
  }

  /** Shows that something went wrong; nothing for an empty text. */
  complain(problem: string): void {
    this.traits.problem = problem;
    this.fire("change:problem");
  }

  get<K extends keyof Traits<State>>(name: K): Traits<State>[K] {
    return this.traits[name];
  }

  set<K extends keyof Traits<State>>(name: K, value: Traits<State>[K]): void {
    this.traits[name] = value;
  }

  send(intent: Intent, callbacks?: { iopub?: { status?: () => void } }): void {
    this.ask(intent);
    callbacks?.iopub?.status?.();
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event?: string | null, listener?: Listener | null): void {
    if (event && listener) this.listeners.get(event)?.delete(listener);
    else if (event) this.listeners.delete(event);
    else this.listeners.clear();
  }

  private fire(event: string, ...values: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) {
      (listener as (...values: unknown[]) => void)(...values);
    }
  }
}

/** A pane's module: what `pane(...)` of `../pane.ts` makes. */
export interface PaneModule<State extends object> {
  render: Render<Traits<State>>;
}

/** Draws a pane into `element`; call the result to take it away. */
export function drawPane<State extends object>(
  module: PaneModule<State>,
  model: PaneModel<State>,
  element: HTMLElement,
): () => void {
  // Panes use what is above and nothing else of a widget's model.
  const asWidget = model as unknown as AnyModel<Traits<State>>;
  const rendered = module.render({ model: asWidget, el: element } as Parameters<typeof module.render>[0]);
  return () => {
    if (typeof rendered === "function") rendered();
    element.replaceChildren();
  };
}

// A page that was busy as a pane came still hears its kernel. anywidget 0.11 hands a model its
// messages after a promise that is broken for good where the pane's module is not there 2 s after
// the model: such a pane is drawn, its clicks reach the kernel, and it hears of nothing any more.

import type { AnyModel } from "@anywidget/types";
import type { PaneModel } from "./pane.js";

/** What ipywidgets has behind the model that anywidget gives to a module. */
interface Widget {
  comm?: { on_msg(handle: (message: unknown) => void): void };
  _handle_comm_msg?: Handle;
}

type Handle = (this: Widget, message: unknown) => Promise<void>;

/** A message that changes nothing, and waits for what all wait for. */
const NOTHING = { content: { data: { method: "" } } };

/** Lets a model whose messages are lost have them from ipywidgets, and asks for all it missed. */
export function hearLate<State>(model: AnyModel<PaneModel<State>>): Promise<void> {
  const widget = widgetOf(model);
  const ours = Object.getPrototypeOf(widget ?? {}) as Widget;
  const handle = (Object.getPrototypeOf(ours) as Widget | null)?._handle_comm_msg;
  if (!widget?.comm || !Object.hasOwn(ours, "_handle_comm_msg") || !handle) return Promise.resolve();
  return widget._handle_comm_msg!(NOTHING).catch(() => {
    widget.comm!.on_msg((message) => void handle.call(widget, message));
    model.send({ intent: "whole" });
  });
}

/** The widget behind a model, as its own change names it; null where there is none. */
function widgetOf<State>(model: AnyModel<PaneModel<State>>): Widget | null {
  let found: Widget | null = null;
  const see = (widget: Widget) => (found = widget);
  const problem = model.get("problem");
  model.on("change:problem", see);
  model.set("problem", `${problem}.`);
  model.set("problem", problem);
  model.off("change:problem", see);
  return found;
}

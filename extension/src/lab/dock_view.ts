// The docked lab: the program above, and below it one of the other panes. The panes are those of
// the widgets; here they are only placed, and fed from a link.

import type { TranslationBundle } from "@jupyterlab/translation";
import type { Intent } from "../schema.js";
import { el } from "../dom.js";
import branches from "../panes/branches.js";
import code from "../panes/code.js";
import explain from "../panes/explain.js";
import gpu from "../panes/gpu.js";
import learn from "../panes/learn.js";
import locality from "../panes/locality.js";
import measure from "../panes/measure.js";
import moves from "../panes/moves.js";
import program from "../panes/program.js";
import trace from "../panes/trace.js";
import tuner from "../panes/tuner.js";
import type { DockLink, DockMessage } from "./dock_link.js";
import { drawPane, PaneModel, type PaneModule } from "./pane_model.js";

type AnyPane = PaneModule<Record<string, unknown>>;

const PANES = { program, moves, trace, code, explain, measure, locality, gpu, branches, tuner, learn } as unknown as Record<
  string,
  AnyPane
>;

export class DockView {
  readonly node = el("div", { class: "tvmlab-lab tvmlab-dock" });
  private readonly models = new Map<string, PaneModel<Record<string, unknown>>>();
  private readonly disposals: (() => void)[] = [];
  private readonly boxes = new Map<string, HTMLElement>();
  private readonly tabs = new Map<string, HTMLButtonElement>();
  private shown = "moves";

  constructor(
    private readonly link: DockLink,
    trans: TranslationBundle,
  ) {
    const titles: [string, string][] = [
      ["moves", trans.__("Moves")],
      ["trace", trans.__("Schedule")],
      ["code", trans.__("Code")],
      ["explain", trans.__("Explain")],
      ["measure", trans.__("Measure")],
      ["locality", trans.__("Locality")],
      ["gpu", trans.__("GPU")],
      ["branches", trans.__("Branches")],
      ["tuner", trans.__("Tune")],
      ["learn", trans.__("Learn")],
    ];
    const bar = el("div", { class: "lm-TabBar tv-dock-tabs", role: "tablist", "aria-label": trans.__("Panes of the lab") });
    const lower = el("div", { class: "tvmlab-lower tv-dock-lower" }, bar);
    const top = this.place("program");
    top.classList.add("tv-dock-program");
    this.node.append(top, lower);
    for (const [stem, title] of titles) {
      const tab = el("button", { type: "button", class: "lm-TabBar-tab tv-dock-tab", role: "tab", onclick: () => this.show(stem) }, title);
      this.tabs.set(stem, tab);
      bar.append(tab);
    }
    bar.addEventListener("keydown", (event) => this.onKey(event));
    for (const [stem] of titles) lower.append(this.place(stem));
    link.heard.connect(this.onHeard, this);
    this.show(this.shown);
  }

  /** Brings a pane to the front. */
  show(stem: string): void {
    this.shown = stem;
    for (const [name, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(name === stem));
      tab.classList.toggle("lm-mod-current", name === stem);
      tab.tabIndex = name === stem ? 0 : -1;
      this.boxes.get(name)!.hidden = name !== stem;
    }
    this.link.look(["program", stem]);
  }

  /** Says that nobody looks, so that nothing is sent. */
  rest(): void {
    this.link.look([]);
  }

  wake(): void {
    this.link.look(["program", this.shown]);
  }

  dispose(): void {
    this.link.heard.disconnect(this.onHeard, this);
    this.rest();
    for (const dispose of this.disposals) dispose();
    this.node.remove();
  }

  private place(stem: string): HTMLElement {
    const box = el("div", { class: `tv-dock-box tvmlab-${stem}`, role: stem === "program" ? undefined : "tabpanel" });
    const model = new PaneModel<Record<string, unknown>>((intent: Intent) => this.link.ask(intent));
    this.models.set(stem, model);
    this.boxes.set(stem, box);
    this.disposals.push(drawPane(PANES[stem]!, model, box));
    const known = this.link.state(stem);
    if (known) model.show(known as Record<string, unknown>);
    return box;
  }

  private onHeard(_: DockLink, message: DockMessage): void {
    if (message.kind === "part") {
      this.models.get(message.pane)?.complain("");
      this.models.get(message.pane)?.show(message.state as Record<string, unknown>);
    } else if (message.kind === "news") this.models.get("tuner")!.tell(message.message);
    else if (message.kind === "problem") this.models.get(this.shown)!.complain(message.problem);
  }

  private onKey(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const names = [...this.tabs.keys()];
    const next = names[(names.indexOf(this.shown) + by + names.length) % names.length]!;
    this.show(next);
    this.tabs.get(next)!.focus();
  }
}

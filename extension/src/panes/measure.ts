// How fast the program is here: the latest result, its place under the machine's ceilings, what each
// step is worth, and all measurements so far, behind four tabs.

import type { MeasureView } from "../schema.js";
import { button, el, setText } from "../dom.js";
import { History } from "../measuring/history.js";
import { Result } from "../measuring/result.js";
import { Roofline } from "../measuring/roofline.js";
import { Waterfall } from "../measuring/waterfall.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import "./measure.css";

const TABS = ["Result", "Roofline", "Waterfall", "History"] as const;
type TabName = (typeof TABS)[number];

export class Measure implements Drawn<MeasureView> {
  private readonly tabs: HTMLButtonElement[];
  private readonly stage = el("span", { class: "tv-dim tv-grow tv-ellipsis", role: "status" });
  private readonly quick: HTMLButtonElement;
  private readonly certify: HTMLButtonElement;
  private readonly cancel: HTMLButtonElement;
  private readonly failure = el("div", { class: "tv-refusal", role: "alert", hidden: true });
  private readonly refusal = refusalBox();
  private readonly sheets: { Result: Result; Roofline: Roofline; Waterfall: Waterfall; History: History };
  private tab: TabName = "Result";
  private state: MeasureView | null = null;

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    const action = (label: string, key: string, title: string, ask: () => void, kind = "") => {
      const made = button(label, ask, { title: `${title} (${key})`, class: kind });
      made.setAttribute("aria-keyshortcuts", key);
      return made;
    };
    this.quick = action("Measure", "M", "Compile, compare with numpy, and time for a tenth of a second", () => this.measure(false), "tv-primary");
    this.certify = action("Certify", "C", "Time until the median is known to 1 %, for at most 10 seconds", () => this.measure(true));
    this.cancel = action("Cancel", "Escape", "End what goes on", () => host.ask({ intent: "cancel_measuring" }));
    this.sheets = { Result: new Result(host), Roofline: new Roofline(host), Waterfall: new Waterfall(host), History: new History(host) };
    this.tabs = TABS.map((name) => this.makeTab(name));
    const list = el("div", { class: "tv-subtabs", role: "tablist", "aria-label": "Parts of the measurement" }, ...this.tabs);
    list.addEventListener("keydown", (event) => this.onArrow(event));
    root.append(
      el("header", { class: "tv-bar tv-measure-bar" }, list, this.stage, this.cancel, this.certify, this.quick),
      this.failure,
      this.refusal,
      ...TABS.map((name) => el("div", { class: "tv-panel", role: "tabpanel", "aria-label": name }, this.sheets[name].root)),
    );
    root.addEventListener("keydown", (event) => this.onKey(event));
    this.show("Result");
  }

  update(state: MeasureView): void {
    this.state = state;
    const isWorking = state.status === "working";
    // A button that is disabled loses the focus, and with it the way to cancel from the keyboard.
    const hadFocus = document.activeElement === this.quick || document.activeElement === this.certify;
    const wasCancel = document.activeElement === this.cancel;
    // What goes on and the way to end it stand where else the two ways to measure do.
    this.cancel.hidden = !isWorking;
    this.certify.hidden = isWorking && state.going !== "certified";
    this.quick.hidden = state.going === "certified";
    if (isWorking && hadFocus) this.cancel.focus();
    this.quick.disabled = this.certify.disabled = isWorking;
    if (!isWorking && wasCancel) this.quick.focus();
    setText(this.quick, state.going === "quick" ? "Measuring…" : "Measure");
    setText(this.certify, state.going === "certified" ? "Certifying…" : "Certify");
    const changed = state.last && !state.last.is_current ? "The program has changed since" : "";
    setText(this.stage, isWorking ? state.stage : changed);
    this.failure.hidden = state.reason === "";
    setText(this.failure, state.reason);
    showRefusal(this.refusal, state.refusal);
    for (const name of TABS) this.sheets[name].update(state);
    if (this.tab === "Roofline") this.wantPeaks();
  }

  dispose(): void {
    this.sheets.Roofline.dispose();
  }

  private makeTab(name: TabName): HTMLButtonElement {
    const tab = button(name, () => this.show(name), { class: "tv-tab" });
    tab.setAttribute("role", "tab");
    return tab;
  }

  private show(name: TabName): void {
    this.tab = name;
    TABS.forEach((other, index) => {
      const tab = this.tabs[index]!;
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      this.sheets[other].root.parentElement!.hidden = other !== name;
    });
    if (name === "Roofline") this.wantPeaks();
  }

  /** Asks once for what the machine can do, where no measurement has told it. */
  private wantPeaks(): void {
    if (this.state && this.state.roofline === null && this.state.status !== "working" && !this.state.reason) {
      this.host.ask({ intent: "peaks" });
    }
  }

  private measure(certified: boolean): void {
    this.host.ask({ intent: "measure", certified });
  }

  private onArrow(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = (TABS.indexOf(this.tab) + by + TABS.length) % TABS.length;
    this.show(TABS[next]!);
    this.tabs[next]!.focus();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isWorking = this.state?.status === "working";
    const actions: Record<string, () => void> = isWorking
      ? { Escape: () => this.cancel.click() }
      : {
          m: () => this.quick.click(),
          c: () => this.certify.click(),
          v: () => this.host.ask({ intent: "compare" }),
          p: () => this.host.ask({ intent: "price" }),
          t: () => this.tab === "Roofline" && this.sheets.Roofline.turn(),
        };
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}

export default pane<MeasureView>("measure", (root, host) => new Measure(root, host));

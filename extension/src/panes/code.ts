// Generated code, one tab a kind, made when it is looked at.

import type { CodeLoop, CodeView } from "../schema.js";
import { button, copyText, el, fill, setText } from "../dom.js";
import { Links, type Link } from "../links.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { Rows } from "../rows.js";
import { coloured, lex } from "../tokens.js";
import "./code.css";

export class Code implements Drawn<CodeView> {
  private readonly tabs = el("div", { class: "tv-tabs", role: "tablist", "aria-label": "Code" });
  private readonly facts = el("span", { class: "tv-dim tv-grow tv-ellipsis", role: "status" });
  private readonly make: HTMLButtonElement;
  private readonly empty = el("p", { class: "tv-empty" });
  private readonly loops = el("ul", { class: "tv-loops", "aria-label": "Innermost loops of the code" });
  private readonly rows: Rows;
  private readonly links: Links;
  private state: CodeView | null = null;
  private shown = "";
  private hasAsked = false;
  /** The program's line chosen last in another pane; what is drawn anew begins there. */
  private chosen = 0;

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    this.make = button("Generate", () => this.ask(this.state!.kind), { class: "tv-primary" });
    const copy = button("Copy", () => copyText(this.state?.text ?? "", copy), {
      title: "Copy the generated code",
    });
    const scroller = el("div", {
      class: "tv-listing",
      role: "document",
      tabindex: 0,
      "aria-label": "Generated code",
      onmouseover: (event) => this.links.point(this.originAt(event)),
      onmouseleave: () => this.links.point(0),
      onclick: (event) => this.links.point(this.originAt(event), true),
    });
    root.append(el("header", { class: "tv-bar" }, this.tabs, this.facts, this.make, copy), this.loops, this.empty, scroller);
    this.rows = new Rows(scroller);
    this.links = new Links(root, (link) => this.showLink(link));
  }

  update(state: CodeView): void {
    if (state.is_stale && !this.state?.is_stale) this.chosen = 0;
    this.state = state;
    fill(
      this.tabs,
      ...state.kinds.map(({ kind, title }) => {
        const tab = button(title, () => this.ask(kind), { class: "tv-tab" });
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-selected", String(kind === state.kind));
        return tab;
      }),
    );
    // Code is made when it is looked at: drawn for the first time, and once.
    if (state.status === "idle" && !this.hasAsked) this.ask(state.kind);
    const isWorking = state.status === "working";
    this.make.hidden = !(state.is_stale || state.status === "idle" || isWorking);
    this.make.disabled = isWorking;
    setText(this.make, isWorking ? "Generating…" : state.is_stale ? "Refresh" : "Generate");
    const earlier = state.follows ? "of an earlier state" : "of an earlier state; made when asked for, the program is long";
    setText(this.facts, state.is_stale && state.text ? earlier : state.facts);
    this.facts.title = this.facts.textContent ?? "";
    this.rows.scroller.classList.toggle("tv-stale", state.is_stale || isWorking);
    setText(this.empty, words(state));
    this.empty.hidden = state.text !== "" && state.status !== "failed";
    this.rows.scroller.hidden = !this.empty.hidden;
    this.showLoops(state);
    const stamp = `${state.kind}\n${state.text}`;
    if (stamp !== this.shown) this.draw(stamp);
  }

  dispose(): void {
    this.links.dispose();
    this.rows.dispose();
  }

  /** The program's line from which the row of an event comes; 0 where from none, or an old one. */
  private originAt(event: Event): number {
    return this.state?.is_stale ? 0 : (this.state?.origins[this.rows.indexAt(event)] ?? 0);
  }

  private showLink({ origin, isChosen }: Link): void {
    if (isChosen) this.chosen = origin;
    const origins = origin > 0 && !this.state?.is_stale ? (this.state?.origins ?? []) : [];
    this.rows.light((index) => origins[index] === origin);
    const first = origins.indexOf(origin);
    if (isChosen && first >= 0) this.rows.reveal(first, 2);
  }

  /** What the loops do that take the time; pointing at one lights its line in program and code. */
  private showLoops(state: CodeView): void {
    this.loops.hidden = state.loops.length === 0 || state.status === "failed";
    this.loops.classList.toggle("tv-stale", state.is_stale || state.status === "working");
    fill(this.loops, ...state.loops.map((loop) => this.loopItem(loop)));
  }

  private loopItem(loop: CodeLoop): HTMLElement {
    const said = `${loop.place}: ${loop.words}`;
    const point = (isChosen: boolean) => this.links.point(this.state?.is_stale ? 0 : loop.line, isChosen);
    const head = button("", () => point(true), { class: "tv-code-loop", title: said });
    head.append(el("span", { class: "tv-code-place" }, loop.place), el("span", { class: "tv-dim tv-ellipsis" }, loop.words));
    const remarks = loop.remarks.map((remark) => el("p", { class: "tv-remark", title: remark }, `Slow: ${remark}`));
    return el("li", { onmouseover: () => point(false), onmouseleave: () => this.links.point(0) }, head, ...remarks);
  }

  private ask(kind: string): void {
    this.hasAsked = true;
    this.host.ask({ intent: "code", kind });
  }

  private draw(stamp: string): void {
    const { text, kind } = this.state!;
    if (stamp.split("\n", 1)[0] !== this.shown.split("\n", 1)[0]) this.rows.scrollTo(0);
    this.shown = stamp;
    const lines = text ? text.trimEnd().replaceAll("\t", "    ").split("\n") : [];
    this.rows.set(
      lines.map((line, index) => ({
        key: `${kind} ${index} ${line}`,
        draw: () => {
          const node = el(
            "div",
            { class: "tv-row tv-source" },
            el("span", { class: "tv-number", "aria-hidden": "true" }, String(index + 1)),
          );
          node.append(coloured(line, lex(line, kind)));
          return node;
        },
      })),
      lines.reduce((widest, line) => Math.max(widest, line.length), 0),
    );
    if (this.chosen > 0) this.showLink({ origin: this.chosen, loops: [], step: 0, isChosen: true });
  }
}

function words(state: CodeView): string {
  if (state.status === "failed") return state.reason;
  if (state.status === "working") return "Generating code…";
  return "No code yet: press Generate to see what this program becomes.";
}

export default pane<CodeView>("code", (root, host) => new Code(root, host));

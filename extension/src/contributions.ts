// The features of a program's loops and what each adds to what a cost model thinks of it: the table
// beside painted loops. Pointing at a row lights its loops, and a loop that is pointed at its rows.

import type { ContributionsView, ContributionView, LoopRef } from "./schema.js";
import { button, el, fill, setText } from "./dom.js";
import { signed } from "./format.js";
import { isSame } from "./links.js";
import "./small_table.css";
import "./contributions.css";

/** Rows of the whole program; those of one loop are all shown. */
const MOST = 40;

export interface ContributionActions {
  /** The loops of the row that is pointed at. */
  point(loops: LoopRef[]): void;
  select(loop: LoopRef): void;
}

export class Contributions {
  readonly root: HTMLElement;
  private readonly model = el("p", { class: "tv-model-words" });
  private readonly total = el("p", { class: "tv-model-words tv-dim" });
  private readonly caption = el("caption");
  private readonly head = el("thead");
  private readonly body = el("tbody");
  private view: ContributionsView | null = null;
  private loop: LoopRef | null = null;

  constructor(private readonly actions: ContributionActions) {
    const table = el("table", { class: "tv-small-table tv-contribution-table" }, this.caption, this.head, this.body);
    for (const end of ["mouseleave", "focusout"]) table.addEventListener(end, () => actions.point([]));
    this.root = el("div", { class: "tv-contributions", tabindex: 0, role: "group", "aria-label": "Features of the loops" }, this.model, this.total, table);
  }

  update(view: ContributionsView): void {
    this.view = view;
    this.root.classList.toggle("tv-stale", view.is_stale || (view.status === "working" && view.parts.length > 0));
    setText(this.model, words(view));
    setText(this.total, view.total);
    this.total.hidden = !view.total;
    this.draw();
  }

  /** Shows the features of one loop; of all for null. */
  focus(loop: LoopRef | null): void {
    if (loop === this.loop || isSame(loop, this.loop)) return;
    this.loop = loop;
    this.draw();
  }

  /** Marks the rows that speak of any of `loops`. */
  light(loops: LoopRef[]): void {
    this.rows().forEach((part, n) => {
      const isLit = loops.some((loop) => part.loops.some((other) => isSame(loop, other)));
      this.body.children[n]?.classList.toggle("tv-lit-row", isLit);
    });
  }

  private rows(): ContributionView[] {
    const { loop, view } = this;
    const parts = view?.parts ?? [];
    if (loop) return parts.filter((part) => part.loops.some((other) => isSame(loop, other)));
    const saying = parts.filter((part) => part.weight !== 0);
    return saying.slice(0, MOST);
  }

  private draw(): void {
    const { view, loop } = this;
    if (!view) return;
    const rows = this.rows();
    const hasWeights = view.parts.some((part) => part.weight !== null);
    const of = loop ? `loop ${loop.loop} of ${loop.block}` : "the whole program";
    // A feature of several loops counts at each in equal parts.
    const sum = rows.reduce((total, part) => total + (part.weight ?? 0) / (loop ? part.loops.length : 1), 0);
    const more = loop ? 0 : view.parts.filter((part) => part.weight !== 0).length - rows.length;
    const said = hasWeights && loop && rows.length > 0 ? `: ${signed(sum)} in all` : "";
    setText(this.caption, rows.length === 0 && view.status === "ready" ? `No feature of ${of}.` : `Features of ${of}${said}${more > 0 ? `, the first ${rows.length} of ${rows.length + more}` : ""}`);
    this.caption.hidden = view.parts.length === 0;
    const heads = ["Feature", "Value", ...(hasWeights ? ["Adds"] : []), "Loops"];
    fill(this.head, rows.length > 0 && el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head))));
    const most = Math.max(...view.parts.map((part) => Math.abs(part.weight ?? 0)), 1e-9);
    fill(this.body, ...rows.map((part) => this.row(part, hasWeights, most)));
  }

  private row(part: ContributionView, hasWeights: boolean, most: number): HTMLElement {
    const unit = part.unit ? ` ${part.unit}` : "";
    return el(
      "tr",
      { onmouseenter: () => this.actions.point(part.loops), onfocusin: () => this.actions.point(part.loops) },
      el("th", { scope: "row", title: part.name }, part.words),
      el("td", { class: "tv-num", title: `${part.value}${unit}` }, part.value, el("span", { class: "tv-dim" }, unit)),
      hasWeights && el("td", { class: "tv-num" }, part.weight === null ? "–" : signedBar(part.weight, most)),
      el("td", { class: "tv-loops-cell" }, ...this.place(part)),
    );
  }

  /** The loops as buttons, and the steps that decide what is no loop's alone. */
  private place({ loops, steps }: ContributionView): (HTMLElement | string)[] {
    const by = steps.length > 0 ? `step ${steps.join(", ")}` : loops.length > 0 ? "" : "no loop";
    const links = loops.map((loop) =>
      button(loop.loop, () => this.actions.select(loop), { class: "tv-loop-link tv-mono", title: `Select loop ${loop.loop} of block ${loop.block}` }),
    );
    return [...links, el("span", { class: "tv-dim" }, by)];
  }
}

function words(view: ContributionsView): string {
  if (view.status === "failed") return view.reason;
  if (view.status === "working") return "Asking the cost model…";
  return view.model;
}

/** A bar to the right for what raises a prediction, to the left for what lowers it, with its sign. */
export function signedBar(weight: number, most: number): HTMLElement {
  return el("span", { class: "tv-signed" }, signedFill(weight / most), el("span", {}, signed(weight)));
}

/** The bar alone: `share` from −1 to 1 of half the box, from its middle. What is against is hatched. */
export function signedFill(share: number): HTMLElement {
  const side = share < 0 ? "right:50%" : "left:50%";
  const width = (50 * Math.min(1, Math.abs(share))).toFixed(1);
  const fill = el("span", { class: share < 0 ? "tv-takes" : "tv-adds", style: `${side};width:${width}%` });
  return el("span", { class: "tv-signed-box", "aria-hidden": "true" }, fill);
}

// The roofline with its words beside it, and the same as tables.

import type { MeasureView, RooflineView } from "../schema.js";
import { button, el, fill } from "../dom.js";
import { digits, percent } from "../format.js";
import type { Host } from "../pane.js";
import { plot } from "./plot.js";
import "./roofline.css";

const ROLES = { "": "", roof: "the roof of this workload", binding: "binds this program" };

export class Roofline {
  readonly root: HTMLElement;
  private readonly empty = el("p", { class: "tv-empty" }, "What this machine can do is not known yet.");
  private readonly picture = el("div", { class: "tv-picture" });
  private readonly tables = el("div", { class: "tv-scroll", tabindex: 0, role: "group", "aria-label": "Roofline as tables", hidden: true });
  private readonly words = el("div", { class: "tv-roofline-words" });
  private readonly toggle: HTMLButtonElement;
  private readonly sizes: ResizeObserver | null;
  private view: RooflineView | null = null;
  private drawn = "";

  constructor(private readonly host: Host) {
    this.toggle = button("Table", () => this.turn(), { class: "tv-toggle", title: "Show the figures as tables (T)" });
    this.toggle.setAttribute("aria-keyshortcuts", "t");
    this.toggle.setAttribute("aria-pressed", "false");
    this.sizes = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => this.draw());
    this.sizes?.observe(this.picture);
    this.root = el(
      "div",
      { class: "tv-sheet tv-roofline" },
      this.empty,
      this.picture,
      this.tables,
      el("aside", { class: "tv-aside" }, this.words, this.toggle),
    );
  }

  /** Shows the tables instead of the picture, or the picture again. */
  turn(): void {
    this.tables.hidden = !this.tables.hidden;
    this.picture.hidden = !this.tables.hidden;
    this.toggle.setAttribute("aria-pressed", String(!this.tables.hidden));
    this.draw();
  }

  update({ roofline }: MeasureView): void {
    this.view = roofline;
    this.empty.hidden = roofline !== null;
    this.root.classList.toggle("tv-without", roofline === null);
    if (!roofline) return;
    fill(this.words, ...roofline.words.map((sentence) => el("p", {}, sentence)));
    fill(this.tables, ceilingTable(roofline), trailTable(roofline));
    this.draw();
  }

  dispose(): void {
    this.sizes?.disconnect();
  }

  /** Draws anew where the data or the room for them changed. */
  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.picture;
    if (!this.view || width === 0) return;
    const key = JSON.stringify([this.view, width, height]);
    if (key === this.drawn) return;
    this.drawn = key;
    const places = [...this.picture.querySelectorAll(".tv-point")];
    const focused = places.findIndex((place) => place === document.activeElement);
    fill(this.picture, plot(this.view, width, height, (number) => this.host.ask({ intent: "open_result", number })));
    if (focused >= 0) this.picture.querySelectorAll<SVGElement>(".tv-point")[focused]?.focus();
  }
}

function table(caption: string, heads: string[], rows: (string | number)[][], marked: boolean[]): HTMLElement {
  const cell = (value: string | number, index: number) => el("td", { class: index ? "tv-num" : "", title: String(value) }, String(value));
  return el(
    "table",
    { class: "tv-table" },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...heads.map((head, index) => el("th", { scope: "col", class: index ? "tv-num" : "" }, head)))),
    el("tbody", {}, ...rows.map((row, at) => el("tr", { class: marked[at] ? "tv-current" : "" }, ...row.map(cell)))),
  );
}

function ceilingTable({ ceilings, unit }: RooflineView): HTMLElement {
  const rows = ceilings.map((c) => [
    c.name,
    c.threads,
    `${digits(c.rate)} ${c.kind === "memory" ? "GB/s" : "GFLOP/s"}`,
    `${digits(c.allows)} ${unit}`,
    ROLES[c.role],
  ]);
  return table("Ceilings measured on this machine", ["Ceiling", "Threads", "Rate", "Allows", ""], rows, ceilings.map((c) => c.role === "binding"));
}

function trailTable({ points, unit }: RooflineView): HTMLElement {
  const rows = points.map((p) => [
    `${p.steps}: ${p.label}`,
    `${digits(p.rate)} ${unit}`,
    `${digits(p.low)} – ${digits(p.high)}`,
    percent(p.share),
  ]);
  return table("Measured states of the schedule", ["After step", "Rate", "Interval", "Of the roof"], rows, points.map((p) => p.is_current));
}

// What each step is worth: how many times as long the program takes without it. The bars stand in
// a table, which is their table twin as well.

import type { MeasureView, PriceView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { digits } from "../format.js";
import type { Host } from "../pane.js";
import { Scale, strip } from "./strip.js";
import "./waterfall.css";

const HEADS = [
  ["", "Number of the step"],
  ["Step", "What was compared to price it"],
  ["", "The price on a logarithmic scale, equal speed at the line"],
  ["Without", "How many times as long the program takes without the step"],
  ["Verdict", "Whether the step paid"],
  ["Interval", "What encloses the true price with 95 % certainty"],
] as const;
const SIGNS = { paid: "▲", cost: "▼", "can't tell": "≈", "": "" };

export class Waterfall {
  readonly root: HTMLElement;
  private readonly start: HTMLButtonElement;
  private readonly words = el("span", { class: "tv-grow tv-ellipsis", role: "status" });
  private readonly body = el("tbody");
  private readonly table: HTMLTableElement;
  private readonly empty = el(
    "p",
    { class: "tv-empty" },
    "Which step paid? Each step is left out in turn, where the others allow it, and the rest measured.",
  );

  constructor(host: Host) {
    this.start = button("Price the steps", () => host.ask({ intent: "price" }), {
      title: "Measure the schedule without each of its steps (P)",
    });
    this.start.setAttribute("aria-keyshortcuts", "p");
    this.table = el(
      "table",
      { class: "tv-table tv-waterfall" },
      el("caption", { class: "tv-hidden" }, "What each step is worth"),
      el("thead", {}, el("tr", {}, ...HEADS.map(([head, title]) => el("th", { scope: "col", title, class: head === "Interval" ? "tv-wide" : "" }, head)))),
      this.body,
    );
    this.root = el(
      "div",
      { class: "tv-sheet" },
      el("div", { class: "tv-line-of-words" }, this.words, this.start),
      this.empty,
      el("div", { class: "tv-scroll", tabindex: 0, role: "group", "aria-label": "Prices of the steps" }, this.table),
    );
  }

  update({ waterfall, status }: MeasureView): void {
    const rows = waterfall?.rows ?? [];
    this.start.disabled = status === "working";
    this.empty.hidden = rows.length > 0;
    this.table.hidden = rows.length === 0;
    const stale = waterfall?.is_stale ? "Of the schedule before the last change: " : "";
    setText(this.words, stale + (waterfall?.words ?? ""));
    this.words.title = this.words.textContent ?? "";
    const known = rows.filter(({ ratio }) => ratio > 0);
    const scale = new Scale([1 / 1.05, 1.05, ...known.flatMap(({ low, high }) => [low, high])]);
    fill(this.body, ...rows.map((price) => row(price, scale)));
  }
}

function row(price: PriceView, scale: Scale): HTMLElement {
  const how = price.way === "without" ? "" : `Compared before and after it: ${price.reason}`;
  return el(
    "tr",
    { class: `tv-${price.status}` },
    el("td", { class: "tv-num tv-dim" }, String(price.index + 1)),
    el(
      "td",
      { class: "tv-name" },
      el("div", { class: "tv-mono tv-ellipsis", title: price.text }, price.text),
      how && el("div", { class: "tv-dim tv-how" }, how),
    ),
    ...(price.ratio > 0 ? figures(price, scale) : [el("td", { colspan: 3, title: price.words }, said(price)), el("td", { class: "tv-wide" })]),
  );
}

/** What stands in place of a price. */
function said({ status, words }: PriceView): string {
  return status === "working" ? "measuring…" : status === "failed" ? `✕ ${words}` : "";
}

function figures({ ratio, low, high, verdict, words }: PriceView, scale: Scale): HTMLElement[] {
  const label = `${digits(ratio)} times, from ${digits(low)} to ${digits(high)}`;
  return [
    el("td", {}, strip(scale, { low, best: ratio, high, from: 1, label })),
    el("td", { class: "tv-num" }, `${digits(ratio)}×`),
    el("td", { title: words }, `${SIGNS[verdict]} ${words}`),
    el("td", { class: "tv-num tv-dim tv-wide" }, `${digits(low)} – ${digits(high)}`),
  ];
}

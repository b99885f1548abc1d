// The legal moves as a table: the line that each would append, how long the program is told to take
// after it, and how long it was measured to. What is not legal stands below, grey, with its reason.

import type { MovesView, MoveView, PredictionView, StepView, TimedView } from "./schema.js";
import { button, el, fill } from "./dom.js";
import { digits, percent, time } from "./format.js";

/** What a choice in the table leads to. */
export interface Chosen {
  choose(step: string, move: MoveView): void;
  apply(): void;
  form(step: string): void;
}

export type Order = "listed" | "told" | "timed";

interface Entry {
  step: StepView;
  move: MoveView;
}

const HEADS: [Order, string, string][] = [
  ["listed", "Move", "By kind of step"],
  ["told", "Predicted", "Fastest first, as told from the program: how many times as long as now"],
  ["timed", "Measured", "Fastest first, as measured"],
];

/** Half the width of a bar stands for this factor, to either side. */
const MOST_FACTOR = 8;

export class MoveTable {
  readonly root: HTMLElement;
  private readonly body = el("tbody");
  private readonly heads = new Map<Order, HTMLElement>();
  private order: Order = "told";
  private entries: Entry[] = [];
  private last: [MovesView, string | null, string] | null = null;

  constructor(private readonly chosen: Chosen) {
    const cells = HEADS.map(([order, title, hint]) => {
      const cell = el("th", { scope: "col" }, button(title, () => this.sort(order), { class: "tv-sort", title: hint }));
      if (order === "told") cell.firstElementChild!.append(el("span", { class: "tv-range" }, " time"));
      this.heads.set(order, cell);
      return cell;
    });
    const table = el(
      "table",
      { class: "tv-moves-table", "aria-label": "Legal moves here" },
      el("colgroup", {}, el("col"), el("col", { class: "tv-told" }), el("col", { class: "tv-timed" })),
      el("thead", {}, el("tr", {}, ...cells)),
      this.body,
    );
    table.addEventListener("keydown", (event) => this.onKey(event));
    this.root = el("div", { class: "tv-offers" }, table);
  }

  /** The lines as they stand, the first first. */
  get lines(): string[] {
    return this.entries.map(({ move }) => move.line);
  }

  /** Draws the moves of `only` a step, or of all; `line` is the one chosen. */
  update(state: MovesView, only: string | null, line: string): void {
    this.last = [state, only, line];
    const steps = state.steps.filter(({ step }) => only === null || step === only);
    // A step without fields has one instance, which its form shows already.
    const listed = steps.filter(({ fields }) => only === null || fields.length > 0);
    this.entries = this.sorted(listed.flatMap((step) => step.moves.map((move) => ({ step, move }))), state);
    const met = new Set<string>();
    const rows = this.entries.map((entry) => this.row(entry, state, only === null && !met.has(entry.step.step) && !!met.add(entry.step.step), entry.move.line === line));
    const refused = only === null ? steps.filter(({ moves, refusal }) => moves.length === 0 && refusal !== null) : [];
    this.root.hidden = rows.length + refused.length === 0;
    const focused = this.body.contains(document.activeElement) ? document.activeElement!.getAttribute("data-focus") : null;
    this.root.classList.toggle("tv-any-timed", Object.keys(state.column.timed).length > 0);
    fill(this.body, ...rows, ...refused.map((step) => this.refusedRow(step)));
    const stops = [...this.body.querySelectorAll<HTMLElement>("[data-focus]")];
    const stop = stops.find((node) => node.dataset["focus"] === focused) ?? stops.find((node) => node.dataset["focus"] === line) ?? stops[0];
    if (stop) stop.tabIndex = 0;
    // The fastest stay in sight where the row in focus moves down as the moves are sorted.
    if (focused !== null) stop?.focus({ preventScroll: true });
    for (const [order, cell] of this.heads) cell.setAttribute("aria-sort", order === this.order ? "ascending" : "none");
  }

  private sort(order: Order): void {
    this.order = order;
    if (this.last) this.update(...this.last);
  }

  private sorted(entries: Entry[], { column }: MovesView): Entry[] {
    const told = ({ move }: Entry) => column.predictions[move.line]?.time_s ?? Infinity;
    const timed = ({ move }: Entry) => column.timed[move.line]?.median_s || Infinity;
    const by = { listed: () => 0, told, timed }[this.order];
    // Array.sort keeps the order of equals; two infinities are equal and not NaN.
    return [...entries].sort((a, b) => (by(a) === by(b) ? 0 : by(a) - by(b)));
  }

  private row({ step, move }: Entry, state: MovesView, isFirst: boolean, isChosen: boolean): HTMLElement {
    const take = button("", () => this.chosen.choose(step.step, move), {
      class: "tv-offer tv-mono",
      title: `${move.line}\n${step.summary}\nClick to choose, double-click or Enter again to apply`,
    });
    // A line too long loses its beginning, the names of new loops, and not what tells it from others.
    take.append(el("bdi", { dir: "ltr" }, ...lineParts(move.line)));
    take.addEventListener("dblclick", () => this.chosen.apply());
    take.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !isChosen) return;
      event.preventDefault();
      this.chosen.apply();
    });
    take.tabIndex = -1;
    take.dataset["focus"] = move.line;
    const form = isFirst && this.toForm(step, "…");
    return el(
      "tr",
      { class: isChosen ? "tv-chosen" : "", "aria-selected": isChosen ? "true" : undefined },
      el("td", {}, el("div", { class: "tv-move" }, take, form)),
      told(state.column.predictions[move.line], state.column.told),
      timed(state.column.timed[move.line]),
    );
  }

  private refusedRow(step: StepView): HTMLElement {
    const { why, instead } = step.refusal!;
    const form = this.toForm(step, step.step);
    form.classList.add("tv-mono", "tv-refused");
    form.dataset["focus"] = `refused ${step.step}`;
    return el(
      "tr",
      { class: "tv-not-legal" },
      el("td", {}, form),
      el("td", { colspan: 2, class: "tv-dim tv-ellipsis", title: `${why}. Instead: ${instead}` }, `not legal: ${why}`),
    );
  }

  private toForm(step: StepView, label: string): HTMLButtonElement {
    const form = button(label, () => this.chosen.form(step.step), {
      class: "tv-to-form",
      title: step.moves.length ? `${step.step} with other values` : `Why ${step.step} is not legal here, and what would do`,
    });
    form.setAttribute("aria-label", form.title);
    form.dataset["step"] = step.step;
    form.tabIndex = -1;
    return form;
  }

  private onKey(event: KeyboardEvent): void {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [...this.body.querySelectorAll<HTMLElement>("[data-focus]")];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    if (!by || at < 0) return;
    event.preventDefault();
    const next = stops[Math.min(stops.length - 1, Math.max(0, at + by))]!;
    stops[at]!.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

/** What a line assigns and of which block, then the step itself: a narrow table shows that alone. */
function lineParts(line: string): (HTMLElement | string)[] {
  const found = /^((?:[\w, ]+ = )?s\[[^\]]+\]\.)(.+)$/.exec(line);
  return found ? [el("span", { class: "tv-before" }, found[1]!), found[2]!] : [line];
}

/** What is told of a move: a bar to the left where faster, to the right where slower, and figures. */
function told(prediction: PredictionView | null | undefined, status: string): HTMLElement {
  if (!prediction) {
    const words = prediction === null ? "cannot be told" : status === "all" ? "" : "…";
    return el("td", { class: "tv-told tv-dim" }, words);
  }
  const { time_s, ratio, low, high } = prediction;
  if (!ratio) return el("td", { class: "tv-told", title: `predicted to take ${time(time_s)}` }, `≈ ${time(time_s)}`);
  const spoken = `predicted ${digits(ratio)} times as long, between ${digits(low)} and ${digits(high)}`;
  return el(
    "td",
    { class: "tv-told", title: `${spoken}: ≈ ${time(time_s)}` },
    el(
      "div",
      { class: "tv-figures" },
      bar(ratio, low, high),
      el("span", { class: "tv-num" }, factor(ratio)),
      el("span", { class: "tv-dim tv-range" }, `${digits(low)}–${digits(high)}`),
      el("span", { class: "tv-hidden" }, spoken),
    ),
  );
}

function timed(view: TimedView | undefined): HTMLElement {
  if (!view) return el("td", { class: "tv-timed" });
  if (view.reason) return el("td", { class: "tv-timed tv-dim tv-ellipsis", title: view.reason }, view.reason);
  const sign = { faster: "▼ ", slower: "▲ ", "can't tell": "≈ ", "": "" }[view.verdict];
  const between = view.ratio ? `, ${factor(view.ratio)} (${digits(view.low)}–${digits(view.high)})` : "";
  const title = `${time(view.median_s)}, spread ${percent(view.spread)}${between} ${view.verdict}`;
  return el(
    "td",
    { class: "tv-timed", title },
    el(
      "div",
      { class: "tv-figures" },
      el("span", { class: "tv-num" }, time(view.median_s)),
      el("span", { class: `tv-verdict tv-${view.verdict.split(" ")[0] || "none"}` }, sign + view.verdict),
      el("span", { class: "tv-dim" }, `±${percent(view.spread)}`),
    ),
  );
}

function factor(ratio: number): string {
  return `×${digits(ratio)}`;
}

/** A small bar on a scale of factors, from ×1 in the middle; the thin line is the interval. */
function bar(ratio: number, low: number, high: number): HTMLElement {
  const place = (factor: number) => 50 + 50 * Math.max(-1, Math.min(1, Math.log(factor) / Math.log(MOST_FACTOR)));
  const span = (from: number, to: number) => `left:${Math.min(from, to)}%;width:${Math.abs(to - from)}%`;
  return el(
    "span",
    { class: "tv-factor", "aria-hidden": "true" },
    el("i", { class: ratio < 1 ? "tv-less" : "tv-more", style: span(50, place(ratio)) }),
    el("i", { class: "tv-between", style: span(place(low), place(high)) }),
  );
}

// The tables of the locality pane: misses by buffer, and what the maps show in numbers.

import type { HeatMap, LocalityView, MissRow } from "./schema.js";
import { el } from "./dom.js";
import { digits, percent } from "./format.js";

/** What maps can show: the measure, its name, and what colour means. */
export const MEASURES = [
  ["last", "Last touched", "Deeper: more recently"],
  ["times", "Times touched", "Deeper: more often"],
  ["distance", "Reuse distance", "Deeper: more other elements between the last two uses"],
] as const;

/** A size with its unit: 2 KB. */
export function bytes(count: number): string {
  if (count >= 1 << 20 && count % (1 << 16) === 0) return `${count / (1 << 20)} MB`;
  return count >= 1024 && count % 64 === 0 ? `${count / 1024} KB` : `${count} B`;
}

/** Accesses and misses of each buffer, and against those of the state compared. */
export function missTable(state: LocalityView): HTMLTableElement {
  const heads = ["", "Accesses", "L1 misses", "Hit", "L2 misses", "Hit", state.before ? "L1 change" : ""];
  return el(
    "table",
    { class: "tv-figures-table tv-misses" },
    el("caption", { class: "tv-hidden" }, "Misses by buffer"),
    el("thead", {}, el("tr", {}, ...heads.filter((head, n) => n === 0 || head).map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...state.misses.map((row) => missLine(row, state.before))),
  );
}

function missLine(row: MissRow, before: string): HTMLElement {
  const number = (value: string, title?: string) => el("td", { class: "tv-num", title: title ?? "" }, value);
  const count = (value: number) => number(value.toLocaleString("en"));
  const hit = (misses: number, asked: number) => (asked ? percent(1 - misses / asked) : "–");
  return el(
    "tr",
    { class: row.buffer === "all" ? "tv-total" : "" },
    el("th", { scope: "row", class: "tv-mono tv-ellipsis", title: row.buffer }, row.buffer),
    count(row.accesses),
    count(row.l1_misses),
    number(hit(row.l1_misses, row.accesses), "of the accesses"),
    count(row.l2_misses),
    number(hit(row.l2_misses, row.l1_misses), "of what misses in L1"),
    before !== "" && number(ratio(row.l1_misses, row.before_l1), row.before_l1 < 0 ? "not touched there" : `${row.before_l1.toLocaleString("en")} in ${before}`),
  );
}

/** How misses compare with those before: ÷3 is a third of them. */
export function ratio(now: number, before: number): string {
  if (before < 0) return "new";
  if (now === before) return "=";
  if (now === 0 || before === 0) return `${now > 0 ? "+" : "−"}${Math.abs(now - before).toLocaleString("en")}`;
  return now < before ? `÷${digits(before / now)}` : `×${digits(now / before)}`;
}

/** What the maps show, as a table. */
export function mapTable({ maps, measure, moment }: LocalityView): HTMLTableElement {
  const heads = ["Buffer", "Cells", "Touched", "Least", "Median", "Most", "Touched now"];
  const unit = MEASURES.find(([name]) => name === measure)![1];
  return el(
    "table",
    { class: "tv-figures-table" },
    el("caption", {}, measure === "last" ? `${unit}, in statements ago` : unit),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...maps.map((map) => mapLine(map, measure === "last" ? moment : null))),
  );
}

function mapLine(map: HeatMap, from: number | null): HTMLElement {
  const met = map.values.filter((value) => value >= 0).map((value) => (from === null ? value : from - value));
  met.sort((a, b) => a - b);
  const shown = [met[0], met[Math.floor(met.length / 2)], met.at(-1)].map((value) => value?.toLocaleString("en") ?? "–");
  const place = (cell: number) => `[${Math.floor(cell / map.columns)}, ${cell % map.columns}]`;
  const cells = [map.values.length.toLocaleString("en"), met.length.toLocaleString("en"), ...shown, map.now.map(place).join(" ") || "–"];
  return el(
    "tr",
    {},
    el("th", { scope: "row", class: "tv-mono", title: map.facts }, map.buffer),
    ...cells.map((text) => el("td", { class: "tv-num" }, text)),
  );
}

// The tables of the GPU pane: accesses with what they cost, and what fits a multiprocessor.

import type { AccessView, KernelView, OccupancyRow } from "./schema.js";
import { button, el } from "./dom.js";
import { digits, percent } from "./format.js";

const LEAST_GOOD = 0.995;

/** An access's figure with its unit: 4 sectors, 2 ways. */
export function figureWords({ memory, figure, least }: AccessView): string {
  if (memory === "registers") return "–";
  if (!figure) return "not known";
  if (memory === "shared") return figure === 1 ? "no conflict" : `${digits0(figure)}-way`;
  return figure === least ? digits0(figure) : `${digits0(figure)} of ${digits0(least)}`;
}

function digits0(value: number): string {
  return Number.isInteger(value) ? String(value) : digits(value);
}

/** Accesses one a line; a click shows one in the picture, and its line leads to the program. */
export function accessTable(
  accesses: AccessView[],
  chosen: number,
  choose: (number: number) => void,
  point: (line: number, isChosen: boolean) => void,
): HTMLTableElement {
  const heads = ["Access", "Line", "Memory", "Sectors, ways", "Used", "Next thread", "Width"];
  return el(
    "table",
    { class: "tv-figures-table tv-accesses" },
    el("caption", { class: "tv-hidden" }, "Loads and stores of the kernels"),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col", title: TITLES[head] ?? head }, head)))),
    el("tbody", {}, ...accesses.map((access) => accessLine(access, access.number === chosen, choose, point))),
  );
}

const TITLES: Record<string, string> = {
  "Sectors, ways": "Of global memory: 32-byte sectors a warp's request touches, of the least there can be. Of shared memory: turns at one bank",
  Used: "Share of what memory hands out that is used",
  "Next thread": "Elements from one thread's place to the next thread's",
  Width: "Elements a thread handles with one instruction",
};

function accessLine(
  access: AccessView,
  isChosen: boolean,
  choose: (number: number) => void,
  point: (line: number, isChosen: boolean) => void,
): HTMLElement {
  const show = button(access.name, () => choose(access.number), { class: "tv-access tv-mono", title: `${access.words}\nClick to see its threads` });
  show.setAttribute("aria-pressed", String(isChosen));
  show.dataset["focus"] = `access ${access.number}`;
  const line = button(String(access.line || "–"), () => point(access.line, true), { class: "tv-link tv-num", title: `Line ${access.line} of the program, block ${access.block}`, disabled: !access.line });
  line.dataset["focus"] = `line ${access.number}`;
  const isSlow = access.memory !== "registers" && access.figure > 0 && access.share < LEAST_GOOD;
  const cell = (text: string, title = "") => el("td", { class: "tv-num", title }, text);
  const used = access.memory === "registers" || !access.figure ? "–" : `${isSlow ? "▼ " : ""}${percent(access.share)}`;
  return el(
    "tr",
    {
      class: `${isChosen ? "tv-shown" : ""} ${isSlow ? "tv-slow" : ""}`.trim(),
      onmouseenter: () => point(access.line, false),
      onmouseleave: () => point(0, false),
    },
    el("th", { scope: "row" }, show),
    el("td", { class: "tv-num" }, line),
    cell(access.memory),
    cell(figureWords(access), access.words),
    cell(used, access.words),
    cell(access.step || "–"),
    cell(access.memory === "registers" ? "–" : String(access.width)),
  );
}

/** What fits a multiprocessor for other numbers of threads. */
export function occupancyTable({ occupancy }: KernelView): HTMLTableElement {
  const heads = ["Threads", "Blocks", "Warps", "Of all", "Limited by"];
  return el(
    "table",
    { class: "tv-figures-table tv-occupancy" },
    el("caption", { class: "tv-hidden" }, "Blocks on a multiprocessor by threads of a block"),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...occupancy.map(occupancyLine)),
  );
}

function occupancyLine(row: OccupancyRow): HTMLElement {
  const bar = el("span", { class: "tv-bar-fill", "aria-hidden": "true" });
  bar.style.width = `calc((100% - 16px) * ${row.share})`;
  return el(
    "tr",
    { class: row.is_own ? "tv-total" : "" },
    el("th", { scope: "row", class: "tv-num" }, `${row.is_own ? "▸ " : ""}${row.threads}`),
    el("td", { class: "tv-num" }, String(row.blocks)),
    el("td", { class: "tv-num" }, String(row.warps)),
    el("td", { class: "tv-num tv-share" }, bar, el("span", {}, percent(row.share))),
    el("td", { title: row.limiting }, row.limiting),
  );
}

/** Three extents, those of 1 at the end left out: 32 × 8. */
export function extents(values: number[]): string {
  const last = values.reduce((found, value, n) => (value > 1 ? n : found), 0);
  return values.slice(0, last + 1).join(" × ");
}

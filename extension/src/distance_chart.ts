// How many accesses find again what they touched, after how much else: bars by powers of two, for
// elements (filled) and cache lines (outlined), with what each level of cache holds as a mark.

import type { DistanceBin, LocalityView } from "./schema.js";
import { el } from "./dom.js";
import { percent } from "./format.js";
import { svg } from "./svg.js";

const WIDTH = 360;
const HEIGHT = 112;
const LEFT = 34;
const TOP = 14;
const BOTTOM = 28;
const PLOT = HEIGHT - TOP - BOTTOM;

/** A bin in words: 4–7. */
export function binWords({ low, high }: DistanceBin): string {
  return low === high ? String(low) : `${compact(low)}–${compact(high)}`;
}

/** 2048 -> 2k: short enough to stand below a bar. */
export function compact(value: number): string {
  if (value >= 1 << 20) return `${Math.round(value / (1 << 20))}M`;
  return value >= 1024 ? `${Math.round(value / 1024)}k` : String(value);
}

export function distanceChart(state: LocalityView): SVGSVGElement {
  const { bins, accesses } = state;
  const most = bins.reduce((n, bin) => Math.max(n, bin.elements, bin.lines), 1);
  const step = (WIDTH - LEFT - 4) / Math.max(1, bins.length);
  const bar = (at: number, count: number, kind: string, name: string, bin: DistanceBin) => {
    const height = (PLOT * count) / most;
    const width = Math.max(2, step / 2 - 2);
    const words = `${name}: ${count.toLocaleString("en")} accesses (${percent(count / accesses)}) at distance ${binWords(bin)}`;
    return svg(
      "rect",
      { class: kind, x: at, y: TOP + PLOT - height, width, height },
      svg("title", {}, words),
    );
  };
  const parts: Node[] = [];
  bins.forEach((bin, n) => {
    const x = LEFT + n * step;
    parts.push(bar(x + 1, bin.elements, "tv-bar-elements", "elements", bin));
    parts.push(bar(x + step / 2, bin.lines, "tv-bar-lines", "lines", bin));
    if (n % 2 === 0 || bins.length < 10) {
      parts.push(svg("text", { x: x + step / 2, y: HEIGHT - BOTTOM + 11, "text-anchor": "middle" }, compact(bin.low)));
    }
  });
  for (const [name, size] of [["L1", state.l1_bytes], ["L2", state.l2_bytes]] as const) {
    const at = LEFT + step * Math.min(bins.length, 1 + Math.log2(Math.max(1, size / state.line_bytes)));
    const words = `${name} holds ${Math.floor(size / state.line_bytes)} lines`;
    parts.push(
      svg("line", { class: "tv-capacity", x1: at, x2: at, y1: TOP - 4, y2: TOP + PLOT }, svg("title", {}, words)),
      svg("text", { class: "tv-capacity-name", x: at, y: TOP - 5, "text-anchor": "middle" }, name),
    );
  }
  return svg(
    "svg",
    {
      class: "tv-distances",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": "Accesses by reuse distance; the button Table shows the numbers",
    },
    svg("line", { class: "tv-axis", x1: LEFT, x2: WIDTH, y1: TOP + PLOT, y2: TOP + PLOT }),
    svg("text", { x: LEFT - 4, y: TOP + 8, "text-anchor": "end" }, percent(most / Math.max(1, accesses))),
    svg("text", { x: LEFT - 4, y: TOP + PLOT, "text-anchor": "end" }, "0"),
    ...parts,
    svg("text", { x: (LEFT + WIDTH) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "others used in between (■ elements, □ lines)"),
  );
}

/** The same numbers as a table. */
export function distanceTable(state: LocalityView): HTMLTableElement {
  const row = (name: string, elements: number, lines: number) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      el("td", { class: "tv-num" }, elements.toLocaleString("en")),
      el("td", { class: "tv-num" }, lines.toLocaleString("en")),
    );
  return el(
    "table",
    { class: "tv-figures-table" },
    el("caption", {}, "Accesses by reuse distance"),
    el("thead", {}, el("tr", {}, ...["Distance", "Elements", "Lines"].map((head) => el("th", { scope: "col" }, head)))),
    el(
      "tbody",
      {},
      row("first use", state.first_elements, state.first_lines),
      ...state.bins.map((bin) => row(binWords(bin), bin.elements, bin.lines)),
    ),
  );
}

// The roofline as a picture: both axes logarithmic, ceilings as lines, the trail as joined points.

import type { CeilingView, RooflineView, TrailPoint } from "../schema.js";
import { digits } from "../format.js";
import { tickLabel } from "../chart/scale.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 48, right: 12, top: 10, bottom: 30 };
/** Pixels between the base lines of two labels. */
const LINE = 12;
/** Good guesses at the width of a letter in a label, plain and bold. */
const LETTER = 6.2;
const BOLD = 7.1;

type Attributes = Record<string, string | number>;

interface Axes {
  x(value: number): number;
  y(value: number): number;
  first: [number, number];
  last: [number, number];
}

function svg(tag: string, attributes: Attributes = {}, ...children: (Node | string)[]): SVGElement {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

const rounded = (value: number) => Math.round(value * 10) / 10;

/** The picture, `width` by `height` pixels; `open` is called with the number of a chosen result. */
export function plot(view: RooflineView, width: number, height: number, open: (number: number) => void): SVGElement {
  const axes = scaled(view, width, height);
  const label = `Roofline: ${view.words.join(" ")}`;
  const root = svg("svg", { width, height, role: "group", "aria-label": label, class: "tv-plot" });
  root.append(...grid(axes, view));
  const taken: Box[] = [];
  const order = [...view.ceilings].sort((a, b) => rank(a) - rank(b));
  for (const ceiling of order) root.append(...line(ceiling, view, axes));
  root.append(...trail(view, axes, open, taken, width));
  const most = Math.max(...view.ceilings.map(({ threads }) => threads));
  for (const ceiling of [...order].reverse()) {
    const isNamed = ceiling.threads === most || ceiling.kind === "arithmetic" || ceiling.role !== "";
    const text = isNamed && name(ceiling, view, axes, taken);
    if (text) root.append(text);
  }
  return root;
}

/** The most telling are drawn last, and named first. */
function rank({ role, threads }: CeilingView): number {
  return (role === "binding" ? 100 : role === "roof" ? 50 : 0) + threads;
}

/** What a ceiling allows at `intensity`, in the unit of the roofline. */
function height({ kind, rate }: CeilingView, view: RooflineView, intensity: number): number {
  return kind === "memory" && view.intensity ? rate * intensity : rate;
}

function scaled(view: RooflineView, width: number, tall: number): Axes {
  const arithmetic = view.ceilings.filter(({ kind }) => kind === "arithmetic").map(({ rate }) => rate);
  const memory = view.ceilings.filter(({ kind }) => kind === "memory").map(({ rate }) => rate);
  const ridges = view.intensity ? arithmetic.flatMap((most) => memory.map((rate) => most / rate)) : [];
  // Without sums there is no intensity: the states then stand side by side, evenly on this scale.
  const xs = view.intensity ? [view.intensity, ...ridges] : [1, 2 ** Math.max(1, view.points.length - 1)];
  const reach = view.intensity ? 4 : 1.3;
  const first: [number, number] = [Math.min(...xs) / reach, 0];
  const last: [number, number] = [Math.max(...xs) * reach, 0];
  const tops = view.intensity ? arithmetic : memory;
  const lows = [...view.points.map(({ low }) => low), ...tops, ...(view.intensity ? [] : memory)];
  first[1] = Math.min(Math.min(...lows) / 1.6, Math.max(...tops) / 20);
  last[1] = Math.max(...tops, ...view.points.map(({ high }) => high)) * 1.8;
  const along = (value: number, axis: 0 | 1) =>
    (Math.log(value) - Math.log(first[axis])) / (Math.log(last[axis]) - Math.log(first[axis]));
  return {
    first,
    last,
    x: (value) => rounded(MARGIN.left + along(value, 0) * (width - MARGIN.left - MARGIN.right)),
    y: (value) => rounded(tall - MARGIN.bottom - along(value, 1) * (tall - MARGIN.top - MARGIN.bottom)),
  };
}

function grid(axes: Axes, view: RooflineView): SVGElement[] {
  const [left, right] = [axes.x(axes.first[0]), axes.x(axes.last[0])];
  const [floor, top] = [axes.y(axes.first[1]), axes.y(axes.last[1])];
  const nodes: SVGElement[] = [];
  for (const value of decades(axes.first[1], axes.last[1])) {
    const y = axes.y(value);
    nodes.push(svg("line", { x1: left, x2: right, y1: y, y2: y, class: "tv-grid" }));
    nodes.push(svg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, tickLabel(value)));
  }
  if (view.intensity) {
    for (const value of decades(axes.first[0], axes.last[0])) {
      const x = axes.x(value);
      nodes.push(svg("line", { x1: x, x2: x, y1: floor, y2: top, class: "tv-grid" }));
      nodes.push(svg("text", { x, y: floor + 13, "text-anchor": "middle" }, tickLabel(value)));
    }
    const x = axes.x(view.intensity);
    nodes.push(svg("line", { x1: x, x2: x, y1: floor, y2: top, class: "tv-here" }));
  }
  const caption = view.intensity ? "operations a byte" : "states in the order of their steps";
  nodes.push(svg("text", { x: (left + right) / 2, y: floor + 26, "text-anchor": "middle" }, caption));
  const middle = (floor + top) / 2;
  nodes.push(svg("text", { x: 10, y: middle, transform: `rotate(-90 10 ${middle})`, "text-anchor": "middle" }, view.unit));
  return nodes;
}

/** The powers of ten from `first` to `last`, or ones of 1, 2, 5 where those are few. */
function decades(first: number, last: number): number[] {
  const found: number[] = [];
  const steps = Math.log10(last / first) < 1.5 ? [1, 2, 5] : [1];
  for (let power = Math.floor(Math.log10(first)); power <= Math.log10(last); power++) {
    for (const step of steps) {
      const value = step * 10 ** power;
      if (value >= first && value <= last) found.push(value);
    }
  }
  return found;
}


function line(ceiling: CeilingView, view: RooflineView, axes: Axes): SVGElement[] {
  const [from, to] = ends(ceiling, view, axes);
  const rate = `${digits(ceiling.rate)} ${ceiling.kind === "memory" ? "GB/s" : "GFLOP/s"}`;
  const title = `${ceiling.name}, ${threads(ceiling)}: ${rate}, allows ${digits(ceiling.allows)} ${view.unit}`;
  const kind = `tv-ceiling${ceiling.threads === 1 ? " tv-one" : ""}${ceiling.role ? ` tv-is-${ceiling.role}` : ""}`;
  return [
    svg(
      "line",
      { x1: axes.x(from), y1: axes.y(height(ceiling, view, from)), x2: axes.x(to), y2: axes.y(height(ceiling, view, to)), class: kind },
      svg("title", {}, title),
    ),
  ];
}

/** Where on the x axis a ceiling begins and ends: where another of as many threads is lower. */
function ends(ceiling: CeilingView, view: RooflineView, axes: Axes): [number, number] {
  const [first, last] = [axes.first[0], axes.last[0]];
  if (!view.intensity) return [first, last];
  const peers = view.ceilings.filter((other) => other.threads === ceiling.threads && other.kind !== ceiling.kind);
  const most = Math.max(...peers.map(({ rate }) => rate));
  if (ceiling.kind === "arithmetic") return [Math.max(first, ceiling.rate / most), last];
  return [Math.max(first, axes.first[1] / ceiling.rate), Math.min(last, most / ceiling.rate)];
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const meets = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** A ceiling's name on its line, at the first place that is free; nothing where none is. */
function name(ceiling: CeilingView, view: RooflineView, axes: Axes, taken: Box[]): SVGElement | null {
  const unit = ceiling.kind === "memory" ? "GB/s" : "GFLOP/s";
  const words = `${ceiling.name} ${digits(ceiling.rate)} ${unit}${ceiling.threads === 1 ? ", 1 thread" : ""}`;
  const [from, to] = ends(ceiling, view, axes);
  const wide = words.length * (ceiling.role ? BOLD : LETTER);
  const isFlat = ceiling.kind === "arithmetic" || !view.intensity;
  const [begin, end] = [axes.x(from) + 4, axes.x(to) - 4];
  for (let step = 0; step < 60; step++) {
    const x = isFlat ? end - wide - step * 12 : begin + step * 8;
    if (x < begin - 1 || x + (isFlat ? wide : 0) > end + 1) break;
    const share = (x - axes.x(from)) / (axes.x(to) - axes.x(from));
    const [y1, y2] = [axes.y(height(ceiling, view, from)), axes.y(height(ceiling, view, to))];
    // Right of and below a rising line nothing of its own is in the way; above a flat one.
    const y = isFlat ? y1 - 4 : y1 + (y2 - y1) * share + LINE;
    const left = isFlat ? x : x + 4;
    const box = { left, right: left + wide, top: y - 9, bottom: y + 2 };
    if (box.bottom > axes.y(axes.first[1]) || box.top < 0 || taken.some((other) => meets(box, other))) continue;
    taken.push(box);
    return svg("text", { x: rounded(left), y: rounded(y), class: ceiling.role ? `tv-name-${ceiling.role}` : "" }, words);
  }
  return null;
}

function trail(view: RooflineView, axes: Axes, open: (number: number) => void, taken: Box[], width: number): SVGElement[] {
  const at = (_: TrailPoint, index: number) => axes.x(view.intensity || 2 ** index);
  const places = view.points.map((point, index) => ({ point, x: at(point, index), y: axes.y(point.rate) }));
  const nodes: SVGElement[] = [];
  if (places.length > 1) {
    const points = places.map(({ x, y }) => `${x},${y}`).join(" ");
    nodes.push(svg("polyline", { points, class: "tv-trail" }));
  }
  const flat = view.ceilings.filter(({ kind }) => kind === "arithmetic" || !view.intensity);
  const lines = flat.map(({ rate }) => axes.y(rate));
  const free = labelled(places.map(({ y }) => y), lines, axes.y(axes.first[1]) - 2);
  places.forEach(({ point, x, y }, index) => {
    const words = `${point.steps}: ${digits(point.rate)} ${view.unit}`;
    const wide = words.length * (point.is_current ? BOLD : LETTER) + 16;
    const isLeft = x + wide > width - MARGIN.right;
    const textX = isLeft ? x - 14 : x + 14;
    const textY = free[index]!;
    taken.push({ left: isLeft ? x - wide : x - 6, right: isLeft ? x + 6 : x + wide, top: Math.min(textY - 6, y - 6), bottom: Math.max(textY + 6, y + 6) });
    const title = `After step ${point.steps}, ${point.label}: ${digits(point.rate)} ${view.unit}, from ${digits(point.low)} to ${digits(point.high)}`;
    const group = svg(
      "g",
      { class: `tv-point${point.is_current ? " tv-current" : ""}`, tabindex: 0, role: "button", "aria-label": `${title}; open`, "data-lm-suppress-shortcuts": "true" },
      svg("title", {}, title),
      svg("line", { x1: x, x2: x, y1: axes.y(point.low), y2: axes.y(point.high), class: "tv-range" }),
      svg("line", { x1: x, y1: y, x2: isLeft ? textX + 2 : textX - 2, y2: textY, class: "tv-leader" }),
      svg("circle", { cx: x, cy: y, r: point.is_current ? 5 : 4 }),
      svg("text", { x: textX, y: textY + 4, "text-anchor": isLeft ? "end" : "start" }, words),
    );
    group.addEventListener("click", () => open(point.number));
    group.addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key === "Enter") open(point.number);
    });
    nodes.push(group);
  });
  return nodes;
}

/** Heights for labels that would stand at `wanted`: no two nearer than a line, none on one of the
 * `lines` as long as there is room above `bottom`. */
function labelled(wanted: number[], lines: number[], bottom: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]!);
  const placed = [...wanted];
  let floor = 0;
  for (const index of order) {
    let y = Math.max(wanted[index]!, floor);
    for (const line of [...lines].sort((a, b) => a - b)) if (Math.abs(y - line) < LINE / 2 + 2) y = line + LINE / 2 + 2;
    placed[index] = y;
    floor = y + LINE;
  }
  let roof = bottom;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index]!, roof);
    roof = placed[index]! - LINE;
  }
  return placed;
}

function threads(ceiling: CeilingView): string {
  return ceiling.threads === 1 ? "one thread" : `${ceiling.threads} threads`;
}

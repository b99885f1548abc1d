// The search's path through the space: every decision an axis, every trial a line across them,
// coloured by its rate. A stretch of an axis can be chosen, by mouse or by keyboard: only the trials
// that took one of its options stay.

import type { Point } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { digits, percent } from "../format.js";
import { palette, rateColour } from "../chart/colours.js";
import { REDRAW_MS } from "../chart/chart.js";
import { Table, type TableData } from "../chart/table.js";
import { decode, type Trials } from "../trials.js";
import { range } from "./frontier.js";
import type { Settings } from "./settings.js";

const TOP = 36;
const BOTTOM = 22;
const SIDE = 40;
const SHADES = 12;

/** A decision with more than one option met: their numbers in the order of the axis. */
export interface Axis {
  position: number;
  name: string;
  /** Number of an option -> its place on the axis, from 0 at the bottom. */
  place: number[];
  labels: string[];
}

/** The axes that tell trials apart, their options in order: numbers by size, the rest by name. */
export function axesOf(trials: Trials): Axis[] {
  return trials.names.flatMap((name, position) => {
    const options = trials.options[position] ?? [];
    if (options.length < 2) return [];
    const order = options.map((_, n) => n).sort((a, b) => compare(options[a]!, options[b]!));
    const place: number[] = [];
    order.forEach((number, at) => (place[number] = at));
    return [{ position, name, place, labels: order.map((number) => options[number]!) }];
  });
}

function compare(a: string, b: string): number {
  const [x, y] = [numbers(a), numbers(b)];
  for (let n = 0; n < Math.min(x.length, y.length); n++) if (x[n] !== y[n]) return x[n]! - y[n]!;
  return x.length - y.length || a.localeCompare(b);
}

const numbers = (text: string): number[] => (/^[-\d., ]+$/.test(text) ? text.split(",").map(Number) : []);

interface Line {
  point: Point;
  /** The place on each axis; -1 where the decision was not taken. */
  places: number[];
}

/** The fastest `share` of the trials that took an option of every brushed stretch, slowest first. */
export function linesOf(trials: Trials, axes: Axis[], share: number, brushes: Map<number, [number, number]>): Line[] {
  const ran = trials.measured.sort((a, b) => a[1]! - b[1]!);
  const count = Math.max(1, Math.ceil(ran.length * share));
  return ran.slice(-count).flatMap((point) => {
    const codes = decode(point[7]);
    const places = axes.map(({ position, place }) => place[codes[position] ?? -1] ?? -1);
    const isIn = [...brushes].every(([axis, [low, high]]) => {
      const n = axes.findIndex(({ position }) => position === axis);
      return n < 0 || (places[n]! >= low && places[n]! <= high);
    });
    return isIn ? [{ point, places }] : [];
  });
}

export class SpaceChart {
  readonly root: HTMLElement;
  private readonly canvas = el("canvas", { "aria-hidden": "true" });
  private readonly plot: HTMLElement;
  private readonly empty = el("div", { class: "tv-chart-empty tv-dim" });
  private readonly slider: HTMLInputElement;
  private readonly shareWords = el("span", { class: "tv-dim tv-num tv-share-words" });
  private readonly words = el("span", { class: "tv-dim tv-ellipsis tv-grow tv-space-words", "aria-live": "polite" });
  private readonly scale = el("span", { class: "tv-scale tv-dim" });
  private readonly clear: HTMLButtonElement;
  private readonly toggle: HTMLButtonElement;
  private readonly table = new Table("The search's path through the space");
  private readonly sizes = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => this.schedule(0));
  private readonly themes = new MutationObserver(() => this.schedule());
  private readonly brushes = new Map<number, [number, number]>();
  private axes: Axis[] = [];
  private lines: Line[] = [];
  private share = 0.1;
  private at = 0;
  private dragged: { axis: Axis; from: number } | null = null;
  private timer = 0;
  private wait = REDRAW_MS;
  private isDisposed = false;

  constructor(
    private readonly trials: () => Trials,
    private readonly settings: Settings,
    private readonly selected: () => number,
    private readonly choose: (number: number) => void,
  ) {
    this.slider = el("input", {
      type: "range",
      min: 1,
      max: 100,
      value: 10,
      class: "tv-share-slider",
      "aria-label": "Share of the fastest trials shown",
      oninput: () => {
        this.share = Number(this.slider.value) / 100;
        this.schedule(0);
      },
    });
    this.clear = button("Clear", () => this.clearBrushes(), { class: "tv-small", title: "Show the trials of every option again" });
    this.toggle = button("Table", () => this.showTable(), { class: "tv-toggle tv-small", title: "The search's path as a table" });
    this.toggle.setAttribute("aria-pressed", "false");
    this.plot = el(
      "div",
      {
        class: "tv-chart tv-space",
        tabindex: 0,
        role: "application",
        "aria-label": "Decisions of the fastest trials; left and right move between decisions, up and down choose an option, with Shift several, Escape clears, Enter looks at the fastest of those chosen",
        onkeydown: (event) => this.onKey(event as KeyboardEvent),
        onmousedown: (event) => this.onPress(event as MouseEvent),
        onmousemove: (event) => this.onDrag(event as MouseEvent),
        onmouseup: () => (this.dragged = null),
        onmouseleave: () => (this.dragged = null),
      },
      this.canvas,
      this.empty,
    );
    const label = el("label", { class: "tv-dim tv-share-label" }, "Fastest ", this.slider, this.shareWords);
    const head = el("figcaption", {}, el("span", {}, "Path through the space"), this.words, this.scale, label, this.clear, this.toggle);
    this.root = el("figure", {}, head, this.plot, this.table.root);
    this.sizes?.observe(this.plot);
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"] });
  }

  schedule(wait = this.wait): void {
    if (this.timer || this.isDisposed) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      const began = performance.now();
      this.draw();
      const took = performance.now() - began;
      this.plot.dataset["drawnMs"] = took.toFixed(1);
      this.wait = Math.max(REDRAW_MS, 3 * took);
    }, wait);
  }

  dispose(): void {
    this.isDisposed = true;
    window.clearTimeout(this.timer);
    this.sizes?.disconnect();
    this.themes.disconnect();
  }

  draw(): void {
    const trials = this.trials();
    this.axes = axesOf(trials);
    this.lines = linesOf(trials, this.axes, this.share, this.brushes);
    this.at = Math.min(this.at, Math.max(0, this.axes.length - 1));
    setText(this.shareWords, percent(this.share));
    setText(this.empty, this.axes.length === 0 ? "Decisions show once two trials decided differently." : "");
    setText(this.words, this.said());
    this.clear.hidden = this.brushes.size === 0;
    this.drawScale();
    if (this.isTable) this.table.draw(this.tableData());
    else this.paint();
  }

  private get isTable(): boolean {
    return this.toggle.getAttribute("aria-pressed") === "true";
  }

  private showTable(): void {
    this.toggle.setAttribute("aria-pressed", String(!this.isTable));
    this.plot.hidden = this.isTable;
    this.table.root.hidden = !this.isTable;
    this.draw();
  }

  /** What the colours mean: the rates of the slowest and the fastest line. */
  private drawScale(): void {
    const { isDark } = palette(this.plot);
    const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => rateColour(share, isDark)).join(",");
    const [slow, fast] = [this.lines[0], this.lines.at(-1)];
    this.scale.hidden = !slow || !fast;
    if (slow && fast) fill(this.scale, digits(slow.point[1]!), el("i", { style: `background:linear-gradient(90deg,${stops})` }), digits(fast.point[1]!));
  }

  /** The decision in focus and what is chosen of it, and the best of the trials shown. */
  private said(): string {
    const axis = this.axes[this.at];
    if (!axis) return "";
    const brush = this.brushes.get(axis.position);
    const chosen = brush ? `${axis.labels[brush[0]]}${brush[1] > brush[0] ? ` to ${axis.labels[brush[1]]}` : ""}` : "any";
    const best = this.lines.at(-1);
    return `${axis.name}: ${chosen} · ${this.lines.length} trials${best ? `, in ${this.settings.unit}` : ""}`;
  }

  private paint(): void {
    const { clientWidth: width, clientHeight: height } = this.plot;
    const context = width > 0 ? this.canvas.getContext("2d") : null;
    if (!context) return;
    const density = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(height * density);
    context.scale(density, density);
    const colours = palette(this.plot);
    this.paintLines(context, colours.isDark, height);
    context.font = "10px system-ui, sans-serif";
    this.axes.forEach((axis, n) => {
      const x = this.x(n, width);
      context.strokeStyle = n === this.at && document.activeElement === this.plot ? colours.accent : colours.dim;
      context.lineWidth = 1;
      context.strokeRect(x, TOP, 0.01, height - TOP - BOTTOM);
      const brush = this.brushes.get(axis.position);
      if (brush) this.paintBrush(context, colours.accent, x, axis, brush, height);
      const room = (width - 2 * SIDE) / Math.max(1, this.axes.length - 1) - 6;
      context.textAlign = "center";
      context.fillStyle = colours.ink;
      // Neighbours' names take turns in two rows, so that each has twice the room.
      const edge = 2 * Math.min(x, width - x);
      context.fillText(fitted(context, axis.name, Math.min(2 * room, edge)), x, n % 2 ? 18 : 8);
      context.fillStyle = colours.dim;
      context.fillText(fitted(context, axis.labels.at(-1)!, Math.min(room, edge)), x, TOP - 3);
      context.fillText(fitted(context, axis.labels[0]!, Math.min(room, edge)), x, height - BOTTOM + 12);
    });
  }

  private paintLines(context: CanvasRenderingContext2D, isDark: boolean, height: number): void {
    const width = this.plot.clientWidth;
    const [least, most] = this.lines.length > 0 ? range(this.lines.map(({ point }) => point[1]!)) : [0, 1];
    const share = ({ point }: Line) => (most > least ? (point[1]! - least) / (most - least) : 1);
    // Lines of a shade are one stroke: ten thousand trials are a dozen strokes.
    const shades: Line[][] = Array.from({ length: SHADES }, () => []);
    for (const line of this.lines) shades[Math.min(SHADES - 1, Math.floor(share(line) * SHADES))]!.push(line);
    context.globalAlpha = this.lines.length > 300 ? 0.45 : 0.8;
    shades.forEach((lines, n) => {
      context.strokeStyle = rateColour(n / (SHADES - 1), isDark);
      context.lineWidth = n === SHADES - 1 ? 1.8 : 1;
      context.beginPath();
      for (const line of lines) this.trace(context, line, width, height);
      context.stroke();
    });
    context.globalAlpha = 1;
    const chosen = this.lines.find(({ point }) => point[0] === this.selected());
    if (!chosen) return;
    context.strokeStyle = palette(this.plot).ink;
    context.lineWidth = 2.5;
    context.beginPath();
    this.trace(context, chosen, width, height);
    context.stroke();
  }

  private trace(context: CanvasRenderingContext2D, { places }: Line, width: number, height: number): void {
    let isDown = false;
    places.forEach((place, n) => {
      if (place < 0) return;
      const [x, y] = [this.x(n, width), this.y(place, this.axes[n]!, height)];
      if (isDown) context.lineTo(x, y);
      else context.moveTo(x, y);
      isDown = true;
    });
  }

  private paintBrush(context: CanvasRenderingContext2D, colour: string, x: number, axis: Axis, [low, high]: [number, number], height: number): void {
    const [bottom, top] = [this.y(low, axis, height) + 4, this.y(high, axis, height) - 4];
    context.fillStyle = context.strokeStyle = colour;
    context.globalAlpha = 0.25;
    context.fillRect(x - 6, top, 12, bottom - top);
    context.globalAlpha = 1;
    context.strokeRect(x - 6, top, 12, bottom - top);
  }

  private x(n: number, width: number): number {
    return this.axes.length < 2 ? width / 2 : SIDE + (n * (width - 2 * SIDE)) / (this.axes.length - 1);
  }

  private y(place: number, axis: Axis, height: number): number {
    return height - BOTTOM - (place / Math.max(1, axis.labels.length - 1)) * (height - TOP - BOTTOM);
  }

  // ---- brushing

  private brush(axis: Axis, from: number, to: number): void {
    const clip = (place: number) => Math.min(axis.labels.length - 1, Math.max(0, place));
    const [a, b] = [clip(from), clip(to)];
    this.brushes.set(axis.position, [Math.min(a, b), Math.max(a, b)]);
    this.schedule(0);
  }

  private clearBrushes(): void {
    this.brushes.clear();
    this.schedule(0);
  }

  private placeAt(event: MouseEvent, axis: Axis): number {
    const box = this.plot.getBoundingClientRect();
    const share = (box.bottom - BOTTOM - event.clientY) / (box.height - TOP - BOTTOM);
    return Math.round(share * (axis.labels.length - 1));
  }

  private onPress(event: MouseEvent): void {
    const box = this.plot.getBoundingClientRect();
    const n = this.axes.findIndex((_, n) => Math.abs(this.x(n, box.width) - (event.clientX - box.left)) < 12);
    if (n < 0) return;
    this.at = n;
    this.dragged = { axis: this.axes[n]!, from: this.placeAt(event, this.axes[n]!) };
    this.brush(this.dragged.axis, this.dragged.from, this.dragged.from);
  }

  private onDrag(event: MouseEvent): void {
    if (this.dragged) this.brush(this.dragged.axis, this.dragged.from, this.placeAt(event, this.dragged.axis));
  }

  private onKey(event: KeyboardEvent): void {
    const axis = this.axes[this.at];
    if (!axis) return;
    const brush = this.brushes.get(axis.position);
    const step = event.key === "ArrowUp" ? 1 : -1;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const move = event.key === "ArrowRight" ? 1 : -1;
      this.at = Math.min(this.axes.length - 1, Math.max(0, this.at + move));
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const start = step > 0 ? 0 : axis.labels.length - 1;
      if (!brush) this.brush(axis, start, start);
      else if (event.shiftKey && step > 0) this.brush(axis, brush[0], brush[1] + 1);
      else if (event.shiftKey) this.brush(axis, brush[0] - 1, brush[1]);
      else this.brush(axis, brush[0] + step, brush[1] + step);
    } else if (event.key === "Escape") this.clearBrushes();
    else if (event.key === "Enter" && this.lines.length > 0) this.choose(this.lines.at(-1)!.point[0]);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.schedule(0);
  }

  private tableData(): TableData {
    const rows = [...this.lines].reverse();
    return {
      caption: "Decisions of the trials shown, fastest first",
      heads: ["Trial", this.settings.unit, ...this.axes.map(({ name }) => name)],
      total: rows.length,
      row: (n) => {
        const { point, places } = rows[n]!;
        return [String(point[0]), digits(point[1]!), ...this.axes.map(({ labels }, k) => labels[places[k]!] ?? "–")];
      },
    };
  }
}

/** `text`, cut with an ellipsis where it is wider than `room`. */
function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return `${text.slice(0, length)}…`;
}

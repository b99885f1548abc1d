// A chart on a canvas with its table twin: axes, marks that can be pointed at, chosen by mouse and by
// keyboard, and a redraw that takes at most a quarter of the page's time, ten thousand points or ten.

import { button, el, setText } from "../dom.js";
import { palette, type Palette } from "./colours.js";
import { tickLabel, type Scale } from "./scale.js";
import { Table, type TableData } from "./table.js";

export const REDRAW_MS = 250;
const REACH = 14;
const MARGIN = { left: 44, right: 12, top: 8, bottom: 32 };

/** Something to point at: where it stands, in values, and what `choose` is given. */
export interface Marks {
  count: number;
  x(n: number): number;
  y(n: number): number;
  id(n: number): number;
}

export const NO_MARKS: Marks = { count: 0, x: () => 0, y: () => 0, id: () => 0 };

/** The area of a drawing: pixels of values, and the box in which they are drawn. */
export interface Frame {
  context: CanvasRenderingContext2D;
  colours: Palette;
  left: number;
  right: number;
  top: number;
  bottom: number;
  px(x: number): number;
  py(y: number): number;
}

export interface Scene {
  x: Scale;
  y: Scale;
  xTitle: string;
  yTitle: string;
  marks: Marks;
  /** What is said of mark `n` when it is pointed at. */
  words(n: number): string;
  draw(frame: Frame): void;
}

export interface ChartOptions {
  title: string;
  /** What there is to draw; null while there is nothing, as `empty` says. */
  scene(): Scene | null;
  empty(): string;
  table(): TableData;
  choose?(id: number): void;
  /** Controls beside the title. */
  controls?: HTMLElement[];
}

export class Chart {
  readonly root: HTMLElement;
  private readonly canvas = el("canvas", { "aria-hidden": "true" });
  private readonly plot: HTMLElement;
  private readonly ring = el("span", { class: "tv-ring", hidden: true, "aria-hidden": "true" });
  private readonly tip = el("div", { class: "tv-tip", "aria-live": "polite", hidden: true });
  private readonly empty = el("div", { class: "tv-chart-empty tv-dim" });
  private readonly toggle: HTMLButtonElement;
  private readonly table: Table;
  private readonly themes = new MutationObserver(() => this.schedule());
  private readonly sizes = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => this.schedule(0));
  private timer = 0;
  private wait = REDRAW_MS;
  private isDisposed = false;
  private isTable = false;
  private scene: Scene | null = null;
  private frame: Frame | null = null;
  private pointed = -1;

  constructor(private readonly options: ChartOptions) {
    this.table = new Table(options.title);
    this.toggle = button("Table", () => this.showTable(!this.isTable), { class: "tv-toggle tv-small", title: `${options.title} as a table` });
    this.toggle.setAttribute("aria-pressed", "false");
    this.plot = el(
      "div",
      {
        class: "tv-chart",
        tabindex: 0,
        role: "application",
        "aria-label": `${options.title}; arrow keys move from mark to mark, Enter chooses`,
        onmousemove: (event) => this.onPoint(event as MouseEvent),
        onmouseleave: () => this.pointAt(-1),
        onclick: () => this.choose(),
        onkeydown: (event) => this.onKey(event as KeyboardEvent),
        onblur: () => this.pointAt(-1),
      },
      this.canvas,
      this.ring,
      this.tip,
      this.empty,
    );
    const head = el("figcaption", {}, el("span", { class: "tv-grow tv-ellipsis", title: options.title }, options.title), ...(options.controls ?? []), this.toggle);
    this.root = el("figure", {}, head, this.plot, this.table.root);
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"] });
    this.sizes?.observe(this.plot);
  }

  /** Redraws soon; many calls make one drawing. */
  schedule(wait = this.wait): void {
    if (this.timer || this.isDisposed) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.draw();
    }, wait);
  }

  draw(): void {
    const began = performance.now();
    this.scene = this.options.scene();
    setText(this.empty, this.scene ? "" : this.options.empty());
    if (this.isTable) this.table.draw(this.options.table());
    else this.paint();
    const took = performance.now() - began;
    this.plot.dataset["drawnMs"] = took.toFixed(1);
    this.wait = Math.max(REDRAW_MS, 3 * took);
  }

  dispose(): void {
    this.isDisposed = true;
    window.clearTimeout(this.timer);
    this.themes.disconnect();
    this.sizes?.disconnect();
  }

  private showTable(isTable: boolean): void {
    this.isTable = isTable;
    this.toggle.setAttribute("aria-pressed", String(isTable));
    this.plot.hidden = isTable;
    this.table.root.hidden = !isTable;
    this.draw();
  }

  private paint(): void {
    const { clientWidth: width, clientHeight: height } = this.plot;
    const context = width > 0 ? this.canvas.getContext("2d") : null;
    if (!context) return; // in a hidden tab; the size observer calls again
    const density = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(height * density);
    context.scale(density, density);
    this.frame = null;
    if (!this.scene) return this.pointAt(-1);
    const { x, y } = this.scene;
    const [left, right] = [MARGIN.left, width - MARGIN.right];
    const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
    this.frame = {
      context,
      colours: palette(this.plot),
      left,
      right,
      top,
      bottom,
      px: (value) => left + x.at(value) * (right - left),
      py: (value) => bottom - y.at(value) * (bottom - top),
    };
    drawAxes(this.frame, this.scene);
    context.save();
    this.scene.draw(this.frame);
    context.restore();
    if (this.pointed >= 0) this.pointAt(Math.min(this.pointed, this.scene.marks.count - 1));
  }

  private onPoint(event: MouseEvent): void {
    const box = this.plot.getBoundingClientRect();
    this.pointAt(this.nearest(event.clientX - box.left, event.clientY - box.top));
  }

  private nearest(x: number, y: number): number {
    if (!this.scene || !this.frame) return -1;
    const { marks } = this.scene;
    let best = REACH * REACH;
    let found = -1;
    for (let n = 0; n < marks.count; n++) {
      const dx = this.frame.px(marks.x(n)) - x;
      const dy = this.frame.py(marks.y(n)) - y;
      const distance = dx * dx + dy * dy;
      if (distance < best) [best, found] = [distance, n];
    }
    return found;
  }

  private onKey(event: KeyboardEvent): void {
    if (!this.scene) this.draw(); // a key may come before the first drawing
    const count = this.scene?.marks.count ?? 0;
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, PageDown: 20, PageUp: -20, Home: -count, End: count };
    const step = steps[event.key];
    if (step !== undefined && count > 0) {
      const from = this.pointed < 0 ? (step > 0 ? -1 : count) : this.pointed;
      this.pointAt(Math.min(count - 1, Math.max(0, from + step)));
    } else if (event.key === "Enter" || event.key === " ") this.choose();
    else if (event.key === "Escape") this.pointAt(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private choose(): void {
    if (this.pointed >= 0 && this.scene) this.options.choose?.(this.scene.marks.id(this.pointed));
  }

  private pointAt(n: number): void {
    this.pointed = n;
    const isOn = n >= 0 && this.scene !== null && this.frame !== null;
    this.ring.hidden = this.tip.hidden = !isOn;
    if (!isOn) return;
    const { marks, words } = this.scene!;
    const [x, y] = [this.frame!.px(marks.x(n)), this.frame!.py(marks.y(n))];
    this.ring.style.translate = `${x}px ${y}px`;
    setText(this.tip, words(n));
    this.tip.style.left = `${Math.max(4, Math.min(x + 10, this.plot.clientWidth - this.tip.offsetWidth - 4))}px`;
    this.tip.style.top = `${y > this.plot.clientHeight / 2 ? y - this.tip.offsetHeight - 8 : y + 10}px`;
  }
}

function drawAxes(frame: Frame, scene: Scene): void {
  const { context, colours, left, right, top, bottom } = frame;
  context.font = "10px system-ui, sans-serif";
  context.strokeStyle = colours.line;
  context.fillStyle = colours.dim;
  context.lineWidth = 1;
  context.beginPath();
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of scene.y.ticks((bottom - top) / 22)) {
    const y = Math.round(frame.py(tick)) + 0.5;
    context.moveTo(left, y);
    context.lineTo(right, y);
    context.fillText(tickLabel(tick), left - 6, y);
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const tick of scene.x.ticks((right - left) / 64)) {
    const x = Math.round(frame.px(tick)) + 0.5;
    context.moveTo(x, bottom);
    context.lineTo(x, bottom + 4);
    context.fillText(tickLabel(tick), x, bottom + 6);
  }
  context.stroke();
  context.fillText(scene.xTitle, (left + right) / 2, bottom + 20);
  context.translate(10, (top + bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "middle";
  context.fillText(scene.yTitle, 0, 0);
  context.setTransform(window.devicePixelRatio || 1, 0, 0, window.devicePixelRatio || 1, 0, 0);
}

/** So many dots are drawn smaller, as squares, and one for each spot. */
const MANY = 3000;

/** Draws many equal dots fast: few are a stamp each, many a small square for each spot that has any. */
export function drawDots(frame: Frame, marks: Marks, colour: string, alpha: number): void {
  frame.context.globalAlpha = alpha;
  if (marks.count > MANY) drawSpots(frame, marks, colour);
  else drawStamps(frame, marks, colour);
  frame.context.globalAlpha = 1;
}

function drawStamps({ context, px, py }: Frame, marks: Marks, colour: string): void {
  const density = window.devicePixelRatio || 1;
  const size = 8;
  const stamp = document.createElement("canvas");
  stamp.width = stamp.height = size * density;
  const dot = stamp.getContext("2d");
  if (!dot) return;
  dot.fillStyle = colour;
  dot.beginPath();
  dot.arc((size * density) / 2, (size * density) / 2, 2.8 * density, 0, 2 * Math.PI);
  dot.fill();
  for (let n = 0; n < marks.count; n++) context.drawImage(stamp, px(marks.x(n)) - size / 2, py(marks.y(n)) - size / 2, size, size);
}

function drawSpots({ context, px, py, left, right, top, bottom }: Frame, marks: Marks, colour: string): void {
  const spot = 2;
  const columns = Math.ceil((right - left) / spot) + 1;
  const taken = new Uint8Array(columns * (Math.ceil((bottom - top) / spot) + 1));
  context.fillStyle = colour;
  for (let n = 0; n < marks.count; n++) {
    const [column, row] = [Math.round((px(marks.x(n)) - left) / spot), Math.round((py(marks.y(n)) - top) / spot)];
    if (taken[row * columns + column]) continue;
    taken[row * columns + column] = 1;
    context.fillRect(left + column * spot - 1, top + row * spot - 1, spot + 1, spot + 1);
  }
}

// A buffer as a grid of cells on a canvas: the deeper the colour, the more recent, frequent or
// distant; the cells of the statement shown are framed, those that it writes crossed as well.

import type { HeatMap, LocalityView } from "./schema.js";
import { CellCursor } from "./cell_cursor.js";
import { el, setText } from "./dom.js";

type Measure = LocalityView["measure"];

const LEAST_CELL = 2;
const MOST_CELL = 16;

/** What a value means, from 0 (barely) to 1 (most). */
export function depth(value: number, measure: Measure, moment: number, most: number): number {
  if (value < 0) return 0;
  if (measure === "last") return 1 - Math.log2(1 + moment - value) / Math.log2(2 + moment);
  return most > 0 ? Math.log2(1 + value) / Math.log2(1 + most) : 1;
}

/** A cell in words: where it is and what the measure says of it. */
export function cellWords(map: HeatMap, cell: number, measure: Measure, moment: number): string {
  const range = (at: number, size: number) => (size === 1 ? String(at) : `${at * size}…${(at + 1) * size - 1}`);
  const row = range(Math.floor(cell / map.columns), map.cell_rows);
  const place = `${map.buffer}, row ${row}, column ${range(cell % map.columns, map.cell_columns)}`;
  const value = map.values[cell] ?? -1;
  if (value < 0) return `${place}: not touched yet`;
  const count = value.toLocaleString("en");
  if (measure === "times") return `${place}: touched ${count} ${value === 1 ? "time" : "times"}`;
  if (measure === "distance") return `${place}: ${count} other elements between its last two uses`;
  const ago = moment - value;
  return `${place}: ${ago === 0 ? "touched now" : `last touched ${ago.toLocaleString("en")} statements ago`}`;
}

export class HeatCanvas {
  readonly node: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly name = el("b");
  private readonly facts = el("span", { class: "tv-dim" });
  private readonly cells = el("span", { class: "tv-dim" });
  private map: HeatMap | null = null;
  private measure: Measure = "last";
  private moment = 0;
  private size = LEAST_CELL;
  private readonly cursor: CellCursor;

  /** `say` gets the words of the cell that is pointed at, and "" when none is. */
  constructor(private readonly say: (words: string) => void) {
    this.canvas = el("canvas", {
      class: "tv-heat",
      tabindex: 0,
      role: "img",
    });
    const grid = ({ columns, rows, now }: HeatMap) => ({ columns, rows, first: now[0] ?? 0 });
    this.cursor = new CellCursor(this.canvas, () => this.map && grid(this.map), (cell) => {
      this.say(cell < 0 ? "" : cellWords(this.map!, cell, this.measure, this.moment));
      this.draw();
    });
    this.node = el("figure", { class: "tv-map" }, this.canvas, el("figcaption", {}, this.name, " ", this.facts, " ", this.cells));
  }

  /** Draws `map` into a box of `width` x `height` pixels. */
  update(map: HeatMap, measure: Measure, moment: number, width: number, height: number): void {
    this.map = map;
    this.measure = measure;
    this.moment = moment;
    setText(this.name, map.buffer);
    setText(this.facts, map.facts);
    const isCoarse = map.cell_rows > 1 || map.cell_columns > 1;
    setText(this.cells, isCoarse ? `cells of ${map.cell_rows} × ${map.cell_columns}` : "");
    const touched = map.values.filter((value) => value >= 0).length;
    this.canvas.setAttribute(
      "aria-label",
      `${map.buffer} ${map.facts}: ${touched} of ${map.values.length} cells touched; arrow keys read single cells`,
    );
    const fit = Math.floor(Math.min(width / map.columns, height / map.rows));
    this.size = Math.min(MOST_CELL, Math.max(LEAST_CELL, fit));
    this.draw();
  }

  draw(): void {
    const map = this.map;
    if (!map) return;
    const { size } = this;
    this.canvas.width = map.columns * size;
    this.canvas.height = map.rows * size;
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const style = getComputedStyle(this.canvas);
    const colour = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
    const most = map.values.reduce((a, b) => Math.max(a, b), 0);
    context.fillStyle = colour("--tv-accent", "#1565c0");
    map.values.forEach((value, cell) => {
      if (value < 0) return;
      context.globalAlpha = 0.1 + 0.8 * depth(value, this.measure, this.moment, most);
      this.rectangle(context, cell);
    });
    context.globalAlpha = 1;
    context.fillStyle = context.strokeStyle = colour("--tv-gone", "#a04a00");
    for (const cell of map.now) this.mark(context, cell, map.written.includes(cell));
    if (this.cursor.cell >= 0) {
      context.strokeStyle = colour("--tv-ink", "#222");
      this.frame(context, this.cursor.cell, 1);
    }
  }

  private corner(cell: number): [number, number] {
    const { columns } = this.map!;
    return [(cell % columns) * this.size, Math.floor(cell / columns) * this.size];
  }

  private rectangle(context: CanvasRenderingContext2D, cell: number): void {
    const [x, y] = this.corner(cell);
    const gap = this.size >= 6 ? 1 : 0;
    context.fillRect(x, y, this.size - gap, this.size - gap);
  }

  private frame(context: CanvasRenderingContext2D, cell: number, out: number): void {
    const [x, y] = this.corner(cell);
    context.lineWidth = 2;
    context.strokeRect(x - out, y - out, this.size + 2 * out, this.size + 2 * out);
  }

  /** A frame around a cell of the statement shown; filled where it is written. */
  private mark(context: CanvasRenderingContext2D, cell: number, isWritten: boolean): void {
    this.frame(context, cell, 1);
    if (isWritten) this.rectangle(context, cell);
  }
}

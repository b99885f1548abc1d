// The threads of a block on the elements of a buffer: a colour for each warp, the thread's number
// where it can be read, a dot where several threads meet; cells are read by pointer and by keys.

import type { MappingView } from "./schema.js";
import { CellCursor } from "./cell_cursor.js";
import { warpColour } from "./chart/colours.js";
import { el, setText } from "./dom.js";

const WARP = 32;
const LEAST_CELL = 4;
const MOST_CELL = 28;
/** From this size a cell has room for its thread's number. */
const READABLE = 20;

/** Where a thread stands: 37 of blocks of 16 x 8 is (5, 2, 0). */
export function position(thread: number, [x = 1, y = 1]: number[]): number[] {
  return [thread % x, Math.floor(thread / x) % y, Math.floor(thread / (x * y))];
}

/** A cell in words: its element, and who touches it. */
export function threadWords(map: MappingView, cell: number, threads: number[]): string {
  const width = map.columns.length;
  const place = `${map.buffer}, row ${map.rows[Math.floor(cell / width)]}, column ${map.columns[cell % width]}`;
  const thread = map.threads[cell] ?? -1;
  if (thread < 0) return `${place}: no thread`;
  const others = map.counts[cell]! - 1;
  const more = others > 0 ? `, and ${others} other${others > 1 ? "s" : ""}` : "";
  return `${place}: thread ${thread} (${position(thread, threads).join(", ")}), warp ${Math.floor(thread / WARP)}${more}`;
}

export class ThreadCanvas {
  readonly node: HTMLCanvasElement;
  private map: MappingView | null = null;
  private threads: number[] = [];
  private size = LEAST_CELL;
  private readonly cursor: CellCursor;

  /** `say` gets the words of the cell that is pointed at, and "" when none is. */
  constructor(private readonly say: (words: string) => void) {
    this.node = el("canvas", {
      class: "tv-threads",
      tabindex: 0,
      role: "img",
    });
    const grid = ({ columns, rows }: MappingView) => ({ columns: columns.length, rows: rows.length, first: 0 });
    this.cursor = new CellCursor(this.node, () => this.map && grid(this.map), (cell) => {
      this.say(cell < 0 ? "" : threadWords(this.map!, cell, this.threads));
      this.draw();
    });
  }

  /** Draws `map` into a box of `width` x `height` pixels; blocks have `threads` along x, y, z. */
  update(map: MappingView, threads: number[], width: number, height: number): void {
    this.map = map;
    this.threads = threads;
    const touched = map.threads.filter((thread) => thread >= 0).length;
    const label = `${map.buffer} ${map.facts}: ${touched} elements touched. ${map.words} Arrow keys read single cells`;
    this.node.setAttribute("aria-label", label);
    const fit = Math.floor(Math.min(width / Math.max(1, map.columns.length), height / Math.max(1, map.rows.length)));
    this.size = Math.min(MOST_CELL, Math.max(LEAST_CELL, fit));
    if (this.cursor.cell >= map.threads.length) this.cursor.cell = -1;
    this.draw();
  }

  draw(): void {
    const { map, size } = this;
    if (!map) return;
    const ratio = window.devicePixelRatio || 1;
    this.node.width = map.columns.length * size * ratio;
    this.node.height = map.rows.length * size * ratio;
    this.node.style.width = `${map.columns.length * size}px`;
    this.node.style.height = `${map.rows.length * size}px`;
    const context = this.node.getContext("2d");
    if (!context) return;
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.node);
    const ink = style.getPropertyValue("--tv-ink").trim() || "#222";
    const isDark = this.node.closest('[data-jp-theme-light="false"]') !== null;
    const gap = size >= 6 ? 1 : 0;
    context.font = `${Math.min(11, size * 0.42)}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    map.threads.forEach((thread, cell) => {
      if (thread < 0) return;
      const [x, y] = this.corner(cell);
      context.fillStyle = warpColour(Math.floor(thread / WARP), isDark);
      context.fillRect(x, y, size - gap, size - gap);
      context.fillStyle = "#111";
      if (size >= READABLE) context.fillText(String(thread), x + size / 2, y + size / 2);
      if (map.counts[cell]! > 1) context.fillRect(x + size - gap - 4, y + 1, 3, 3);
    });
    if (this.cursor.cell >= 0) {
      const [x, y] = this.corner(this.cursor.cell);
      context.strokeStyle = ink;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, size - 2, size - 2);
    }
  }

  private corner(cell: number): [number, number] {
    const width = this.map!.columns.length;
    return [(cell % width) * this.size, Math.floor(cell / width) * this.size];
  }
}

const MOST_LINES = 256;

/** The cells that threads touch, as a table. */
export function threadTable(map: MappingView, threads: number[]): HTMLTableElement {
  const width = map.columns.length;
  const touched = map.threads.flatMap((thread, cell) => (thread < 0 ? [] : [cell]));
  const shown = touched.slice(0, MOST_LINES);
  const cut = shown.length < touched.length ? `; the first ${MOST_LINES} of ${touched.length} elements` : "";
  const heads = ["Row", "Column", "Thread", "x, y, z", "Warp", "Threads there"];
  const lines = shown.map((cell) => {
    const thread = map.threads[cell]!;
    const cells = [map.rows[Math.floor(cell / width)], map.columns[cell % width], thread, position(thread, threads).join(", "), Math.floor(thread / WARP), map.counts[cell]];
    return el("tr", {}, ...cells.map((text, n) => el(n ? "td" : "th", n ? { class: "tv-num" } : { scope: "row" }, String(text))));
  });
  return el(
    "table",
    { class: "tv-figures-table tv-thread-table" },
    el("caption", {}, `Elements of ${map.buffer} that threads touch${cut}`),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...lines),
  );
}

/** Sets what a canvas says beside it, or what is said of the whole when nothing is pointed at. */
export function sayTo(node: Element, whole: () => string): (words: string) => void {
  return (words) => setText(node, words || whole());
}

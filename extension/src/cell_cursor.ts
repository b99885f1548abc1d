// One cell of a grid on a canvas, chosen by pointer or by keys; whoever draws the grid draws it too.

export interface Grid {
  columns: number;
  rows: number;
  /** The cell where the keys begin. */
  first: number;
}

export class CellCursor {
  /** The cell chosen, row by row from 0; -1: none. */
  cell = -1;

  /** `grid` is what the canvas shows, null for nothing yet; `moved` is called after each change. */
  constructor(
    canvas: HTMLCanvasElement,
    private readonly grid: () => Grid | null,
    private readonly moved: (cell: number) => void,
  ) {
    canvas.addEventListener("keydown", (event) => this.onKey(event));
    canvas.addEventListener("mousemove", (event) => this.onPoint(event, canvas.getBoundingClientRect()));
    canvas.addEventListener("mouseleave", () => this.point(-1));
    canvas.addEventListener("blur", () => this.point(-1));
  }

  private point(cell: number): void {
    if (cell === this.cell || !this.grid()) return;
    this.cell = cell;
    this.moved(cell);
  }

  private onPoint(event: MouseEvent, box: DOMRect): void {
    const grid = this.grid();
    if (!grid) return;
    const column = Math.floor(((event.clientX - box.left) / box.width) * grid.columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * grid.rows);
    const isInside = column >= 0 && row >= 0 && column < grid.columns && row < grid.rows;
    this.point(isInside ? row * grid.columns + column : -1);
  }

  private onKey(event: KeyboardEvent): void {
    const grid = this.grid();
    if (!grid) return;
    const { columns, rows, first } = grid;
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const step = steps[event.key];
    if (step === undefined && event.key !== "Home" && event.key !== "End") return;
    const last = rows * columns - 1;
    let next = this.cell < 0 ? first : this.cell + (step ?? 0);
    if (event.key === "Home") next = 0;
    if (event.key === "End") next = last;
    this.point(Math.min(last, Math.max(0, next)));
    event.preventDefault();
    event.stopPropagation();
  }
}

// A windowed list of lines: only what is on screen is in the document, so ten thousand lines
// scroll like ten. Rows have one height; a row whose key is unchanged keeps its node.

export const ROW_HEIGHT = 20;
const OVERSCAN = 12;
/** Rows drawn before the first layout, when the height on screen is not known yet. */
const FIRST_ROWS = 60;

export interface Row {
  /** Same key, same looks: the node is reused. */
  key: string;
  draw(): HTMLElement;
}

/** Rows by position; one is asked for when it comes into sight. */
export interface Listing {
  readonly length: number;
  at(index: number): Row | undefined;
}

export class Rows {
  readonly scroller: HTMLElement;
  private readonly sizer: HTMLElement;
  private rows: Listing = [];
  private drawn = new Map<string, HTMLElement>();
  /** The nodes in sight, from row `first` on. */
  private nodes: HTMLElement[] = [];
  private first = 0;
  // Kept by events: asking the document makes it lay itself out, which takes milliseconds each time.
  private height = 0;
  private top = 0;
  private lit: (index: number) => boolean = () => false;
  private readonly observer: ResizeObserver | null;
  private frame = 0;

  /** `scroller` gets the rows; its role and label are the caller's. */
  constructor(scroller: HTMLElement) {
    this.scroller = scroller;
    this.scroller.classList.add("tv-rows");
    this.sizer = document.createElement("div");
    this.sizer.className = "tv-rows-sizer";
    this.sizer.setAttribute("role", "presentation");
    this.scroller.append(this.sizer);
    this.scroller.addEventListener("scroll", this.onScroll, { passive: true });
    this.observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(this.onSize);
    this.observer?.observe(this.scroller);
  }

  /** Shows `rows`, of which the widest has so many characters. */
  set(rows: Listing, widest: number): void {
    this.rows = rows;
    this.sizer.style.height = `${rows.length * ROW_HEIGHT}px`;
    this.sizer.style.minWidth = `calc(${widest}ch + 72px)`;
    this.draw();
  }

  /** Looks again at the rows in sight. */
  refresh(): void {
    this.draw();
  }

  /** Lights the rows for which `lit` holds, those not drawn yet included. */
  light(lit: (index: number) => boolean): void {
    this.lit = lit;
    this.draw();
  }

  /** The index of the row that an event happened in; -1 where in none. */
  indexAt(event: Event): number {
    const node = (event.target as Element).closest<HTMLElement>(".tv-row");
    const place = node ? this.nodes.indexOf(node) : -1;
    return place < 0 ? -1 : this.first + place;
  }

  /** Scrolls so that the pixel `top` of the whole list is the first in sight. */
  scrollTo(top: number): void {
    this.scroller.scrollTop = top;
    this.top = this.scroller.scrollTop;
  }

  /** Scrolls as little as needed to show row `index`. */
  reveal(index: number, around = 0): void {
    const top = (index - around) * ROW_HEIGHT;
    const bottom = (index + around + 1) * ROW_HEIGHT;
    if (top < this.top) this.scrollTo(Math.max(0, top));
    else if (this.height > 0 && bottom > this.top + this.height) this.scrollTo(bottom - this.height);
    this.draw();
  }

  /** The node of row `index` if it is drawn. */
  node(index: number): HTMLElement | undefined {
    return this.nodes[index - this.first];
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer?.disconnect();
    this.scroller.removeEventListener("scroll", this.onScroll);
  }

  private readonly onSize = () => {
    this.height = this.scroller.clientHeight;
    this.onScroll();
  };

  private readonly onScroll = () => {
    this.top = this.scroller.scrollTop;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  };

  private draw(): void {
    const height = this.height || FIRST_ROWS * ROW_HEIGHT;
    const first = Math.max(0, Math.floor(this.top / ROW_HEIGHT) - OVERSCAN);
    const last = Math.min(
      this.rows.length,
      Math.ceil((this.top + height) / ROW_HEIGHT) + OVERSCAN,
    );
    const next = new Map<string, HTMLElement>();
    const nodes: HTMLElement[] = [];
    for (let index = first; index < last; index++) {
      const row = this.rows.at(index)!;
      const node = this.drawn.get(row.key) ?? row.draw();
      node.style.top = `${index * ROW_HEIGHT}px`;
      node.classList.toggle("tv-lit", this.lit(index));
      next.set(row.key, node);
      nodes.push(node);
    }
    for (const [key, node] of this.drawn) if (!next.has(key)) node.remove();
    // Document order is reading order, for selection and for screen readers.
    nodes.forEach((node, at) => {
      if (this.sizer.children[at] !== node) this.sizer.insertBefore(node, this.sizer.children[at] ?? null);
    });
    this.drawn = next;
    this.nodes = nodes;
    this.first = first;
  }
}

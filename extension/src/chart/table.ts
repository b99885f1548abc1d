// A table that says what a chart shows, for those who do not see it and those who want the numbers.

import { button, el, fill } from "../dom.js";

export interface TableData {
  /** What the rows are, for the caption. */
  caption: string;
  heads: string[];
  /** How many rows there are in all. */
  total: number;
  /** Row `n`; the first cell names the row. */
  row(n: number): (string | Node)[];
}

const FIRST = 100;

export class Table {
  readonly root = el("div", { class: "tv-rows-scroll", tabindex: 0, role: "group", hidden: true });
  private shown = FIRST;

  constructor(label: string) {
    this.root.setAttribute("aria-label", `Table: ${label}`);
  }

  draw(data: TableData): void {
    const count = Math.min(this.shown, data.total);
    const rows = Array.from({ length: count }, (_, n) => {
      const [name, ...cells] = data.row(n);
      return el("tr", {}, el("th", { scope: "row" }, name!), ...cells.map((cell) => el("td", {}, cell)));
    });
    const left = data.total - count;
    const more = button(`${Math.min(left, FIRST)} more rows`, () => {
      this.shown += FIRST;
      this.draw(data);
    });
    fill(
      this.root,
      el(
        "table",
        { class: "tv-small-table tv-trial-table" },
        el("caption", {}, left > 0 ? `${data.caption}: ${count} of ${data.total}` : data.caption),
        el("thead", {}, el("tr", {}, ...data.heads.map((head) => el("th", { scope: "col" }, head)))),
        el("tbody", {}, ...rows),
      ),
      left > 0 && more,
    );
  }
}

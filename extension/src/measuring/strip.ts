// An interval as a small bar: where it lies on a common scale, and the best guess in it.

import { el } from "../dom.js";

/** A scale that many strips share: logarithmic, with a little room at both ends. */
export class Scale {
  private readonly first: number;
  private readonly last: number;

  constructor(values: number[]) {
    const positive = values.filter((value) => value > 0 && Number.isFinite(value));
    const low = Math.log(Math.min(...positive, Infinity));
    const high = Math.log(Math.max(...positive, 0));
    const room = Number.isFinite(high - low) ? Math.max(0.05 * (high - low), 0.02) : 1;
    this.first = (Number.isFinite(low) ? low : 0) - room;
    this.last = (Number.isFinite(high) ? high : 0) + room;
  }

  /** Where `value` lies, in percent of the width. */
  at(value: number): number {
    const share = (Math.log(value) - this.first) / (this.last - this.first);
    return 100 * Math.min(1, Math.max(0, share));
  }
}

interface Marks {
  low: number;
  best: number;
  high: number;
  /** A value from which a bar is drawn to the best guess. */
  from?: number;
  /** Where the interval is less sure than 95 %: it is drawn broken. */
  isUnsure?: boolean;
  label: string;
}

/** The strip; `label` says in words what it shows. */
export function strip(scale: Scale, marks: Marks): HTMLElement {
  const [low, best, high] = [scale.at(marks.low), scale.at(marks.best), scale.at(marks.high)];
  const from = marks.from === undefined ? undefined : scale.at(marks.from);
  const bar = (name: string, left: number, right: number) =>
    el("span", { class: name, style: `left:${Math.min(left, right)}%;width:${Math.abs(right - left)}%` });
  return el(
    "span",
    { class: `tv-strip${marks.isUnsure ? " tv-unsure" : ""}`, role: "img", "aria-label": marks.label, title: marks.label },
    from !== undefined && bar("tv-strip-bar", from, best),
    from !== undefined && bar("tv-strip-zero", from, from),
    bar("tv-strip-range", low, high),
    bar("tv-strip-best", best, best),
  );
}

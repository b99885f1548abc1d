// The trials of a tuning run as columns for the two charts: every trial, the best so far, and the
// prediction beside the measurement. Plain data, so that it can be tested without a chart.

import type { Point } from "./schema.js";

/** A step line that only rises: the best rate up to each trial that raised it. */
export interface Frontier {
  x: number[];
  y: number[];
  numbers: number[];
}

export class Trials {
  private points: Point[] = [];

  /** Adds `points`, whose first has position `from`; a gap means that some were missed. */
  add(from: number, points: Point[]): "added" | "missed" {
    if (from > this.points.length) return "missed";
    this.points = this.points.slice(0, from).concat(points);
    return "added";
  }

  get length(): number {
    return this.points.length;
  }

  clear(): void {
    this.points = [];
  }

  get measured(): Point[] {
    return this.points.filter(([, rate]) => rate !== null);
  }

  get failed(): Point[] {
    return this.points.filter(([, rate]) => rate === null);
  }

  get predicted(): Point[] {
    return this.points.filter(([, rate, prediction]) => rate !== null && prediction !== null);
  }

  frontier(): Frontier {
    const frontier: Frontier = { x: [], y: [], numbers: [] };
    let best = -Infinity;
    // Trials end out of order; the frontier is drawn in the order they were proposed.
    for (const [number, rate] of this.measured.sort((a, b) => a[0] - b[0])) {
      if (rate! <= best) continue;
      best = rate!;
      frontier.x.push(number);
      frontier.y.push(best);
      frontier.numbers.push(number);
    }
    if (frontier.x.length > 0) {
      frontier.x.push(Math.max(...this.points.map(([number]) => number)));
      frontier.y.push(best);
      frontier.numbers.push(frontier.numbers.at(-1)!);
    }
    return frontier;
  }

  /** The fastest trials, fastest first. */
  leaders(count: number): Point[] {
    return this.measured.sort((a, b) => b[1]! - a[1]!).slice(0, count);
  }
}

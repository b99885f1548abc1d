// The trials of a tuning run: every point once, the best so far, and what each decided. Plain data, so
// that it can be tested without a chart.

import type { BatchPoint, ExplanationView, Point } from "./schema.js";

/** A delta of points; see tvmlab/view/tuning_news.py. */
export interface PointsMessage {
  kind: "points";
  run: number;
  from: number;
  points: Point[];
  named?: number;
  names?: string[];
  labelled?: number;
  labels?: [position: number, option: string][];
}

/** A delta of batches. */
export interface ModelMessage {
  kind: "model";
  run: number;
  from: number;
  batches: BatchPoint[];
}

/** Why nobody can say what a run's model goes by. */
export interface UnexplainedMessage {
  kind: "unexplained";
  run: number;
  reason: string;
}

/** A model is asked anew once there are so many times as many trials: fitting it takes a second. */
const GROWTH = 1.25;

/** A line that only rises: each trial that raised the best rate, in the order asked for. */
export type Frontier = Point[];

export class Trials {
  points: Point[] = [];
  batches: BatchPoint[] = [];
  explanation: ExplanationView | null = null;
  whyUnexplained = "";
  /** The decisions, and the options of each in order of their numbers. */
  names: string[] = [];
  readonly options: string[][] = [];
  private labelled = 0;
  /** How many there were when it was last asked what a model goes by that learnt from them. */
  explainedAt = 0;
  private byNumber = new Map<number, Point>();

  /** Adds what a message tells; "missed" where something before it is lacking. */
  add(message: PointsMessage): "added" | "missed" {
    const { from, points, named = 0, names = [], labelled = 0, labels = [] } = message;
    if (from > this.points.length || named > this.names.length || labelled > this.labelled) return "missed";
    if (from === this.points.length) this.points.push(...points);
    else this.points = this.points.slice(0, from).concat(points);
    for (const point of points) this.byNumber.set(point[0], point);
    this.names = this.names.slice(0, named || this.names.length).concat(names);
    for (const [position, option] of labels.slice(this.labelled - labelled)) {
      (this.options[position] ??= []).push(option);
    }
    this.labelled = Math.max(this.labelled, labelled + labels.length);
    return "added";
  }

  addBatches({ from, batches }: ModelMessage): void {
    if (from <= this.batches.length) this.batches = this.batches.slice(0, from).concat(batches);
  }

  get length(): number {
    return this.points.length;
  }

  /** Whether it is time to ask what a model goes by that learns from them; then that counts as done. */
  isToBeExplained(): boolean {
    const isDue = this.length > 0 && this.length >= GROWTH * this.explainedAt;
    if (isDue) this.explainedAt = this.length;
    return isDue;
  }

  find(number: number): Point | undefined {
    return this.byNumber.get(number);
  }

  get measured(): Point[] {
    return this.points.filter(([, rate]) => rate !== null);
  }

  get failed(): Point[] {
    return this.points.filter(([, rate]) => rate === null);
  }

  get predicted(): Point[] {
    return this.points.filter((point) => point[1] !== null && point[4] !== null);
  }

  /** The trials that raised the best rate, by their number or by when they were known. */
  frontier(by: "trial" | "time" = "trial"): Frontier {
    const key = by === "trial" ? 0 : 6;
    const frontier: Frontier = [];
    let best = -Infinity;
    // Trials end out of order; a frontier by number is drawn in the order they were proposed.
    for (const point of this.measured.sort((a, b) => a[key] - b[key])) {
      if (point[1]! <= best) continue;
      best = point[1]!;
      frontier.push(point);
    }
    return frontier;
  }

  /** The fastest trials, fastest first. */
  leaders(count: number): Point[] {
    return this.measured.sort((a, b) => b[1]! - a[1]!).slice(0, count);
  }

  /** How often trials failed in each way, the commonest first. */
  failures(): [status: string, count: number][] {
    const counts = new Map<string, number>();
    for (const [, , , , , status] of this.failed) counts.set(status, (counts.get(status) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
  }
}

/** The numbers of the options that a point's letters stand for; -1 for a decision not taken. */
export function decode(letters: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  for (let n = 0; n < letters.length; n++) {
    const code = letters.charCodeAt(n);
    if (code === 45) numbers.push(-1);
    else if (code < 97) value = (value + code - 65) * 26;
    else {
      numbers.push(value + code - 97);
      value = 0;
    }
  }
  return numbers;
}

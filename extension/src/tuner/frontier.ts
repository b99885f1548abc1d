// Every trial with the best so far: its interval as a band, failures by kind along the axis.

import type { Point } from "../schema.js";
import { Chart, drawDots, NO_MARKS, type Frame, type Marks, type Scene } from "../chart/chart.js";
import type { TableData } from "../chart/table.js";
import { linear } from "../chart/scale.js";
import { digits, time } from "../format.js";
import type { Frontier, Trials } from "../trials.js";
import { choice, failureShape, trialWords, type Settings } from "./settings.js";

const STRIP = 14;

export class FrontierChart {
  readonly chart: Chart;
  private failed: Point[] = [];

  constructor(
    private readonly trials: () => Trials,
    private readonly settings: Settings,
    private readonly selected: () => number,
    choose: (number: number) => void,
    changed: () => void,
  ) {
    const over = choice("Over", { trial: "trial", time: "time" }, settings.by, (by) => {
      settings.by = by;
      changed();
    });
    const as = choice("As", { rate: "rate", ms: "ms" }, settings.as, (unit) => {
      settings.as = unit;
      changed();
    });
    this.chart = new Chart({
      title: "Trials and best so far",
      scene: () => this.scene(),
      empty: () => "The first trial is on its way.",
      table: () => this.table(),
      choose,
      controls: [over, as],
    });
  }

  private scene(): Scene | null {
    const { settings } = this;
    const trials = this.trials();
    if (trials.length === 0) return null;
    const key = settings.by === "trial" ? 0 : 6;
    const points = [...trials.points].sort((a, b) => a[key] - b[key]);
    const rates = points.flatMap(([, rate]) => (rate === null ? [] : [rate]));
    this.failed = points.filter(([, rate]) => rate === null);
    const [least, most] = rates.length > 0 ? range(rates) : [1, 2];
    const y = settings.yScale(least, most);
    const last = points.at(-1)!;
    const x = linear(0, Math.max(settings.x(last), 1));
    const frontier = trials.frontier(settings.by);
    return {
      x,
      y,
      xTitle: settings.xTitle,
      yTitle: settings.yTitle,
      marks: marksOf(points, settings, y.min),
      words: (n) => trialWords(points[n]!, settings),
      draw: (frame) => this.draw(frame, points, frontier, settings.x(last)),
    };
  }

  private draw(frame: Frame, points: Point[], frontier: Frontier, end: number): void {
    const { settings } = this;
    const ran = points.filter(([, rate]) => rate !== null);
    const { context, colours } = frame;
    drawBand(frame, frontier, settings, end);
    drawDots(frame, marksOf(ran, settings, 0), colours.dot, 0.8);
    drawSteps(frame, frontier, settings, end, colours.accent, []);
    context.fillStyle = colours.fail;
    context.font = `${STRIP - 4}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const point of this.failed) context.fillText(failureShape(point[5]), frame.px(settings.x(point)), frame.bottom - 5);
    const chosen = points.find(([number]) => number === this.selected());
    if (chosen) ring(frame, frame.px(settings.x(chosen)), chosen[1] === null ? frame.bottom - 5 : frame.py(settings.y(chosen[1])));
  }

  private table(): TableData {
    const points = [...this.trials().points].sort((a, b) => (b[1] ?? -1) - (a[1] ?? -1));
    const { unit, scale } = this.settings;
    return {
      caption: "Trials, fastest first",
      heads: ["Trial", unit, "Interval", "Time", "Predicted", "Outcome", "After, s"],
      total: points.length,
      row: (n) => {
        const [number, rate, low, high, predicted, status, at] = points[n]!;
        const interval = low !== null && high !== null ? `${digits(low)} to ${digits(high)}` : "–";
        const figures = rate === null ? ["–", "–", "–"] : [digits(rate), interval, time(scale / rate)];
        return [String(number), ...figures, predicted === null ? "–" : digits(predicted), status.replaceAll("_", " "), at.toFixed(1)];
      },
    };
  }
}

/** The least and the most of many numbers. */
export function range(values: number[]): [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

function marksOf(points: Point[], settings: Settings, floor: number): Marks {
  if (points.length === 0) return NO_MARKS;
  return {
    count: points.length,
    x: (n) => settings.x(points[n]!),
    y: (n) => (points[n]![1] === null ? floor : settings.y(points[n]![1]!)),
    id: (n) => points[n]![0],
  };
}

/** The step line of a frontier, which goes on to `end`. */
export function drawSteps(frame: Frame, frontier: Frontier, settings: Settings, end: number, colour: string, dash: number[]): void {
  const { context } = frame;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.setLineDash(dash);
  context.beginPath();
  frontier.forEach((point, n) => {
    const [x, y] = [frame.px(settings.x(point)), frame.py(settings.y(point[1]!))];
    if (n > 0) context.lineTo(x, frame.py(settings.y(frontier[n - 1]![1]!)));
    if (n > 0) context.lineTo(x, y);
    else context.moveTo(x, y);
  });
  const best = frontier.at(-1);
  if (best) context.lineTo(frame.px(end), frame.py(settings.y(best[1]!)));
  context.stroke();
  context.setLineDash([]);
}

/** The interval of the best so far: between which rates it truly lies. */
function drawBand(frame: Frame, frontier: Frontier, settings: Settings, end: number): void {
  const { context, colours } = frame;
  context.fillStyle = colours.accent;
  context.globalAlpha = 0.18;
  frontier.forEach((point, n) => {
    const [low, high] = [point[2] ?? point[1]!, point[3] ?? point[1]!];
    const until = n + 1 < frontier.length ? settings.x(frontier[n + 1]!) : end;
    const [left, right] = [frame.px(settings.x(point)), frame.px(until)];
    const [a, b] = [frame.py(settings.y(low)), frame.py(settings.y(high))];
    context.fillRect(left, Math.min(a, b), Math.max(1, right - left), Math.max(1, Math.abs(a - b)));
  });
  context.globalAlpha = 1;
}

/** A ring around the trial that is looked at. */
export function ring({ context, colours }: Frame, x: number, y: number): void {
  context.strokeStyle = colours.ink;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(x, y, 6, 0, 2 * Math.PI);
  context.stroke();
}

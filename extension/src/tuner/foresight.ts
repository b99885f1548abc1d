// How well the cost model foresaw: each prediction beside its measurement, and batch by batch the
// rank correlations, the recall of the fast ones and the regret.

import type { BatchPoint } from "../schema.js";
import { Chart, drawDots, type Frame, type Marks, type Scene } from "../chart/chart.js";
import { lineStyle } from "../chart/colours.js";
import { linear } from "../chart/scale.js";
import type { TableData } from "../chart/table.js";
import { digits, percent } from "../format.js";
import type { Trials } from "../trials.js";
import { range, ring } from "./frontier.js";
import { trialWords, type Settings } from "./settings.js";

/** So few different predictions are said: the chart then shows columns. */
const FEW = 0.5;

/** Batches of which each has a mark of its own; more are a line alone. */
const MANY = 60;

export class PredictionChart {
  readonly chart: Chart;

  constructor(
    private readonly trials: () => Trials,
    private readonly settings: Settings,
    private readonly selected: () => number,
    choose: (number: number) => void,
    private readonly hasModel: () => boolean,
  ) {
    this.chart = new Chart({
      title: "Predicted, measured",
      scene: () => this.scene(),
      empty: () => (this.hasModel() ? "Predictions begin when the cost model has its first batch." : "This run has no cost model."),
      table: () => this.table(),
      choose,
    });
  }

  /** How many different predictions there are, where they are few. */
  get remark(): string {
    const points = this.trials().predicted;
    const distinct = new Set(points.map((point) => point[4])).size;
    if (points.length < 4 || distinct >= FEW * points.length) return "";
    return `${points.length} predictions, but ${distinct} different ${distinct === 1 ? "value" : "values"}: hence the columns.`;
  }

  private scene(): Scene | null {
    const points = this.trials().predicted.sort((a, b) => a[4]! - b[4]!);
    if (points.length === 0) return null;
    const { settings } = this;
    const [, most] = range(points.flatMap(([, rate, , , predicted]) => [rate!, predicted!]));
    const axis = linear(0, most * 1.05);
    const marks: Marks = { count: points.length, x: (n) => points[n]![4]!, y: (n) => points[n]![1]!, id: (n) => points[n]![0] };
    return {
      x: axis,
      y: axis,
      xTitle: `predicted ${settings.unit}`,
      yTitle: `measured ${settings.unit}`,
      marks,
      words: (n) => trialWords(points[n]!, settings),
      draw: (frame) => {
        const { context, colours } = frame;
        context.strokeStyle = colours.dim;
        context.setLineDash([2, 3]);
        context.beginPath();
        context.moveTo(frame.px(0), frame.py(0));
        context.lineTo(frame.px(axis.max), frame.py(axis.max));
        context.stroke();
        context.setLineDash([]);
        drawDots(frame, marks, colours.accent, 0.6);
        const chosen = points.find(([number]) => number === this.selected());
        if (chosen) ring(frame, frame.px(chosen[4]!), frame.py(chosen[1]!));
      },
    };
  }

  private table(): TableData {
    const points = this.trials().predicted.sort((a, b) => b[1]! - a[1]!);
    return {
      caption: "Predicted and measured rates, fastest first",
      heads: ["Trial", `Predicted ${this.settings.unit}`, `Measured ${this.settings.unit}`, "Measured / predicted"],
      total: points.length,
      row: (n) => {
        const [number, rate, , , predicted] = points[n]!;
        return [String(number), digits(predicted!), digits(rate!), digits(rate! / predicted!)];
      },
    };
  }
}

/** The lines of the quality chart: a letter that marks it, its name, and its value in a batch. */
const MEASURES: [letter: string, name: string, value: (batch: BatchPoint) => number | null][] = [
  ["A", "Spearman", (batch) => batch[3]],
  ["B", "Kendall", (batch) => batch[4]],
  ["C", "recall", (batch) => batch[6]],
  ["D", "regret", (batch) => batch[7]],
];

export class QualityChart {
  readonly chart: Chart;

  constructor(private readonly trials: () => Trials) {
    this.chart = new Chart({
      title: "Foresight by batch",
      scene: () => this.scene(),
      empty: () => "A batch counts once all of it is measured and was predicted before.",
      table: () => this.table(),
    });
  }

  /** What the last batch says, in words. */
  get words(): string {
    const last = this.trials().batches.filter(([, compared]) => compared > 0).at(-1);
    if (!last) return "";
    const [batch, compared, , spearman, , top, recall, regret] = last;
    const parts = [
      spearman !== null && `Spearman ${spearman.toFixed(2)}`,
      recall !== null && `recall@${top} ${percent(recall)}`,
      regret !== null && `regret ${percent(regret)}`,
    ];
    return `Batch ${batch}, ${compared} predicted: ${parts.filter(Boolean).join(", ")}`;
  }

  private scene(): Scene | null {
    const batches = this.trials().batches.filter(([, compared]) => compared > 0);
    if (batches.length === 0) return null;
    const points = batches.flatMap((batch) =>
      MEASURES.flatMap(([, name, value]) => {
        const y = value(batch);
        return y === null ? [] : [{ batch: batch[0], name, y: Math.min(1.5, y), said: y }];
      }),
    );
    const [least, most] = range(points.map(({ y }) => y));
    const [first, last] = [batches[0]![0], batches.at(-1)![0]];
    return {
      // Room for the names of the lines at their ends.
      x: linear(first, first + Math.max(last - first, 1) * 1.45),
      y: linear(Math.min(0, least), Math.max(1, most)),
      xTitle: "batch",
      yTitle: "",
      marks: { count: points.length, x: (n) => points[n]!.batch, y: (n) => points[n]!.y, id: (n) => n },
      words: (n) => `batch ${points[n]!.batch}: ${points[n]!.name} ${points[n]!.said.toFixed(2)}`,
      draw: (frame) => {
        const taken: number[] = [];
        for (const [letter, name, value] of MEASURES) drawMeasure(frame, batches, letter, name, value, taken);
      },
    };
  }

  private table(): TableData {
    const { batches } = this.trials();
    const said = (value: number | null) => (value === null ? "–" : value.toFixed(2));
    return {
      caption: "Foresight of each batch, predicted before it was measured",
      heads: ["Batch", "Predicted", "Different", "Spearman", "Kendall", "Recall of the fast", "Regret of the favourite"],
      total: batches.length,
      row: (n) => {
        const [batch, compared, distinct, spearman, kendall, top, recall, regret] = batches[n]!;
        return [String(batch), String(compared), String(distinct), said(spearman), said(kendall), `${said(recall)} of ${top}`, said(regret)];
      },
    };
  }
}

function drawMeasure(frame: Frame, batches: BatchPoint[], letter: string, name: string, value: (batch: BatchPoint) => number | null, taken: number[]): void {
  const { context, colours } = frame;
  const { colour, dash } = lineStyle(letter);
  const known = batches.filter((batch) => value(batch) !== null);
  if (known.length === 0) return;
  const place = (batch: BatchPoint): [number, number] => [frame.px(batch[0]), frame.py(Math.min(1.5, value(batch)!))];
  context.strokeStyle = context.fillStyle = colour;
  const isDense = known.length > MANY;
  context.lineWidth = isDense ? 1 : 2;
  context.setLineDash(isDense ? [] : dash);
  context.beginPath();
  known.forEach((batch) => context.lineTo(...place(batch)));
  context.stroke();
  context.setLineDash([]);
  for (const batch of isDense ? [] : known) {
    const [x, y] = place(batch);
    context.fillRect(x - 2.5, y - 2.5, 5, 5);
  }
  const [x, y] = place(known.at(-1)!);
  context.fillStyle = colours.ink;
  context.textAlign = "left";
  context.textBaseline = "middle";
  // Names of lines that end close to each other move apart.
  let row = y;
  while (taken.some((other) => Math.abs(other - row) < 11)) row += 11;
  taken.push(row);
  context.fillText(name, x + 6, row);
}

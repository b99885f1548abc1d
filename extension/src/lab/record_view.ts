// A file of tuning records as the tuner's pane, fed by the server in place of a kernel: no run is begun
// or held here, everything else works as in a lab.

import type { TranslationBundle } from "@jupyterlab/translation";
import type { ExplanationView, Intent, TrialView, TunerView } from "../schema.js";
import { el, fill } from "../dom.js";
import tuner from "../panes/tuner.js";
import type { ModelMessage, PointsMessage } from "../trials.js";
import { DocumentFrame, type DocumentView } from "./document_frame.js";
import { drawPane, PaneModel } from "./pane_model.js";
import type { Ask, Query } from "./server.js";

/** tvmlab.view.record_file.RecordsView */
export interface RecordsAnswer {
  edition: string;
  state: TunerView;
  messages: (PointsMessage | ModelMessage)[];
  notes: string[];
  is_whole: boolean;
}

/** How many points, names, labels and batches there are of a run. */
type Had = [points: number, names: number, labels: number, batches: number];

const SOON_MS = 2000;
const LATER_MS = 6000;

export class RecordView implements DocumentView {
  private readonly frame: DocumentFrame;
  private readonly choice: HTMLSelectElement;
  private readonly place = el("div", { style: "height:100%" });
  private readonly beside = new Set<number>();
  private readonly had = new Map<number, Had>();
  private model = new PaneModel<TunerView>((intent) => this.take(intent));
  private erase: (() => void) | null = null;
  private front: number | null = null;
  private edition = "";
  private isDrawing = false;
  private asked: Promise<number> | null = null;
  private isAskedAgain = false;
  private isDisposed = false;

  constructor(
    root: HTMLElement,
    private readonly ask: Ask,
    private readonly trans: TranslationBundle,
  ) {
    this.frame = new DocumentFrame(root, trans.__("Tuning records"), trans.__("Reading the records…"));
    this.choice = el("select", { class: "tv-input", "aria-label": trans.__("Run in front"), onchange: () => this.choose(Number(this.choice.value)) });
    this.frame.bar.append(el("label", { class: "tv-document-run" }, trans.__("Run"), this.choice));
    this.frame.body.append(this.place);
  }

  /** One request at a time; what is asked meanwhile is asked afterwards. */
  async refresh(): Promise<number> {
    if (this.asked) {
      this.isAskedAgain = true;
      return this.asked;
    }
    this.asked = this.read();
    try {
      return await this.asked;
    } finally {
      this.asked = null;
    }
  }

  dispose(): void {
    this.isDisposed = true;
    this.erase?.();
  }

  private async read(): Promise<number> {
    let answer: RecordsAnswer;
    do {
      this.isAskedAgain = false;
      try {
        answer = await this.ask<RecordsAnswer>("records", this.query());
      } catch (error) {
        this.frame.fail(error);
        return LATER_MS;
      }
      if (this.isDisposed) return LATER_MS;
      this.draw(answer);
    } while (!answer.is_whole || this.isAskedAgain);
    return answer.state.status === "running" ? SOON_MS : LATER_MS;
  }

  private query(): Query {
    return {
      ...(this.front === null ? {} : { front: this.front }),
      beside: [...this.beside].join(","),
      edition: this.edition,
      had: JSON.stringify(Object.fromEntries(this.had)),
    };
  }

  private draw({ edition, state, messages, notes }: RecordsAnswer): void {
    if (edition !== this.edition) this.begin(edition);
    this.front ??= state.live;
    this.frame.show(notes);
    this.drawChoice(state);
    this.model.show(state);
    for (const message of messages) {
      this.model.tell(message);
      this.count(message);
    }
  }

  /** Draws the pane anew: the file is another one, or another run is in front. */
  private begin(edition: string): void {
    this.edition = edition;
    this.had.clear();
    this.erase?.();
    this.isDrawing = true;
    this.model = new PaneModel<TunerView>((intent) => this.take(intent));
    this.erase = drawPane(tuner, this.model, this.place);
    this.isDrawing = false;
  }

  private count(message: PointsMessage | ModelMessage): void {
    const had = this.had.get(message.run) ?? [0, 0, 0, 0];
    if (message.kind === "points") {
      had[0] = message.from + message.points.length;
      had[1] = Math.max(had[1], (message.named ?? 0) + (message.names?.length ?? 0));
      had[2] = Math.max(had[2], (message.labelled ?? 0) + (message.labels?.length ?? 0));
    } else had[3] = message.from + message.batches.length;
    this.had.set(message.run, had);
  }

  private drawChoice(state: TunerView): void {
    const words = state.runs.map((run) => {
      const best = run.best ? ` · ${run.best}` : "";
      return [run.id, `${run.title} · ${this.trans.__("%1 trials", run.trials)}${best}`] as const;
    });
    if (this.choice.dataset["drawn"] !== JSON.stringify(words)) {
      this.choice.dataset["drawn"] = JSON.stringify(words);
      fill(this.choice, ...words.map(([id, title]) => el("option", { value: id }, title)));
    }
    this.choice.value = String(state.live);
  }

  choose(run: number): void {
    this.front = run;
    this.beside.delete(run);
    void this.refresh();
  }

  /** What the pane asks for; nothing is begun or changed here. */
  private take(intent: Intent): void {
    const run = Number(intent["run"]);
    switch (intent.intent) {
      case "tune_points":
        if (this.isDrawing) return;
        this.had.clear();
        return void this.refresh();
      case "tune_show":
        this.beside.add(run);
        return void this.refresh();
      case "tune_hide":
        this.beside.delete(run);
        this.had.delete(run);
        return void this.refresh();
      case "tune_inspect":
        return void this.inspect(run, Number(intent["number"]));
      case "tune_code":
        return void this.inspect(run, Number(intent["number"]), { code: 1 });
      case "tune_contributions":
        return void this.inspect(run, Number(intent["number"]), { features: 1 });
      case "tune_explain":
        return void this.explain(run);
    }
  }

  private async explain(run: number): Promise<void> {
    const { model } = this;
    try {
      model.tell({ kind: "explained", ...(await this.ask<ExplanationView>("explanation", { run })) });
    } catch (error) {
      model.tell({ kind: "unexplained", run, reason: (error as Error).message });
    }
  }

  private async inspect(run: number, number: number, more: Query = {}): Promise<void> {
    const { model } = this;
    const empty = { run, number, steps: [], program: [], loops: [], diff: [], code: "", contributions: null, marks: [], facts: [], raw: "" };
    try {
      const trial = await this.ask<TrialView>("trial", { run, number, ...more });
      model.tell({ kind: "inspected", ...trial });
    } catch (error) {
      model.tell({ kind: "inspected", ...empty, status: "failed", reason: (error as Error).message });
    }
  }
}

// Tuning runs, live: controls and clock, every trial with the best so far, what the cost model foresaw
// and goes by, the path through the space, and runs beside each other. Points come as deltas, never
// whole figures.

import type { ExplanationView, LoopRef, TrialView, TunerView } from "../schema.js";
import { button, el, setText } from "../dom.js";
import { clock, percent } from "../format.js";
import { Links } from "../links.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import { Explanation } from "../tuner/explanation.js";
import { PredictionChart, QualityChart } from "../tuner/foresight.js";
import { FrontierChart } from "../tuner/frontier.js";
import { Runs } from "../tuner/runs.js";
import { failureShape, Settings, trialWords } from "../tuner/settings.js";
import { SpaceChart } from "../tuner/space.js";
import { TrialPanel } from "../tuner/trial_panel.js";
import { Trials, type ModelMessage, type PointsMessage, type UnexplainedMessage } from "../trials.js";
import "../small_table.css";
import "./tuner.css";
import "../tuner/tables.css";
import "../tuner/trial_panel.css";
import "../tuner/narrow.css";

type Message = PointsMessage | ModelMessage | ({ kind: "explained" } & ExplanationView) | UnexplainedMessage | ({ kind: "inspected" } & TrialView);
const TABS = { frontier: "Frontier", model: "Model", space: "Space", runs: "Runs" };
type Tab = keyof typeof TABS;

export class Tuner implements Drawn<TunerView> {
  private readonly count: HTMLInputElement;
  private readonly counted: HTMLElement;
  private readonly start: HTMLButtonElement;
  private readonly more: HTMLButtonElement;
  private readonly hold: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private readonly status = el("span", { class: "tv-grow tv-ellipsis", role: "status" });
  private readonly bar = el("div", { class: "tv-meter-fill" });
  private readonly meter: HTMLElement;
  private readonly empty = el("p", { class: "tv-empty" });
  private readonly refusal = refusalBox();
  private readonly legend = el("p", { class: "tv-legend tv-dim" });
  private readonly remark = el("p", { class: "tv-legend tv-dim" });
  private readonly quality = el("p", { class: "tv-legend tv-dim" });
  private readonly tabs = el("div", { class: "tv-tabs", role: "tablist", "aria-label": "Tuner" });
  private readonly sheets: Record<Tab, HTMLElement>;
  private readonly body: HTMLElement;
  private readonly frontier: FrontierChart;
  private readonly predictions: PredictionChart;
  private readonly foresight: QualityChart;
  private readonly explanation: Explanation;
  private readonly space: SpaceChart;
  private readonly runs: Runs;
  private readonly panel: TrialPanel;
  private readonly links: Links;
  private readonly settings = new Settings();
  private readonly all = new Map<number, Trials>();
  private readonly nothing = new Trials();
  private state: TunerView | null = null;
  private inspected: TrialView | null = null;
  private painted = "";
  private tab: Tab = "frontier";
  private timer = 0;

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    this.count = el("input", {
      class: "tv-input tv-mono tv-count",
      type: "number",
      min: 1,
      max: 100000,
      value: 64,
      "aria-label": "Number of trials",
      onkeydown: (event) => (event as KeyboardEvent).key === "Enter" && this.begin(),
    });
    this.start = button("Tune", () => this.begin(), { class: "tv-primary", title: "Search for a faster schedule" });
    this.counted = el("label", { class: "tv-count-label" }, this.count, " trials");
    this.more = button("Continue", () => host.ask({ intent: "tune_continue", trials: this.count.value }), {
      title: "Go on with the run that is over, for so many trials more",
    });
    this.hold = button("Pause", () => host.ask({ intent: this.state?.status === "paused" ? "tune_resume" : "tune_pause" }));
    this.stop = button("Stop", () => host.ask({ intent: "tune_stop" }), { title: "Stop the run; every trial is kept" });
    this.meter = el("div", { class: "tv-meter tv-thin", role: "progressbar", "aria-label": "Trials done" }, this.bar);

    const trials = () => this.trials;
    const selected = () => (this.inspected?.run === this.state?.live ? (this.inspected?.number ?? -1) : -1);
    const inspect = (number: number) => this.inspect(this.state?.live ?? 0, number);
    const redraw = () => this.redraw();
    this.frontier = new FrontierChart(trials, this.settings, selected, inspect, redraw);
    this.predictions = new PredictionChart(trials, this.settings, selected, inspect, () => this.hasModel);
    this.foresight = new QualityChart(trials);
    const point = (loops: LoopRef[]) => this.links.point(0, false, { loops });
    this.explanation = new Explanation((intent) => host.ask(intent), inspect, point);
    this.space = new SpaceChart(trials, this.settings, selected, inspect);
    this.runs = new Runs(host, (run) => this.of(run), this.settings, (run, number) => this.inspect(run, number), redraw);
    this.panel = new TrialPanel(
      {
        inspect,
        open: (run, number) => host.ask({ intent: "open_candidate", run, number }),
        code: (run, number) => host.ask({ intent: "tune_code", run, number }),
        contributions: (run, number) => host.ask({ intent: "tune_contributions", run, number }),
        select: (loop) => host.ask({ intent: "select", ...loop, place: "tuner" }),
        point,
        close: () => this.show(null),
      },
      this.settings,
    );
    this.sheets = {
      frontier: el("div", { class: "tv-tuner-sheet" }, this.frontier.chart.root),
      model: el("div", { class: "tv-tuner-sheet tv-model" }, this.predictions.chart.root, this.foresight.chart.root, this.explanation.root),
      space: el("div", { class: "tv-tuner-sheet" }, this.space.root),
      runs: el("div", { class: "tv-tuner-sheet tv-compare" }, this.runs.chart.root, this.runs.list),
    };
    this.frontier.chart.root.append(this.legend);
    this.predictions.chart.root.append(this.remark);
    this.foresight.chart.root.append(this.quality);
    this.body = el("div", { class: "tv-tuner-body" }, ...Object.values(this.sheets), this.panel.root);
    for (const [tab, name] of Object.entries(TABS) as [Tab, string][]) {
      const one = button(name, () => this.turn(tab), { class: "tv-tab" });
      one.setAttribute("role", "tab");
      one.dataset["tab"] = tab;
      this.tabs.append(one);
    }
    this.tabs.addEventListener("keydown", (event) => this.onTabKey(event));
    root.append(
      el(
        "header",
        { class: "tv-bar" },
        this.start,
        this.counted,
        this.more,
        this.hold,
        this.stop,
        this.status,
        this.tabs,
      ),
      this.meter,
      this.refusal,
      this.empty,
      this.body,
    );
    this.links = new Links(root, ({ loops }) => {
      this.explanation.light(loops);
      this.panel.light(loops);
    });
    this.turn("frontier");
    host.ask({ intent: "tune_points" });
  }

  update(state: TunerView): void {
    const before = this.state;
    this.state = state;
    this.settings.unit = state.unit;
    this.settings.scale = state.scale;
    const { status } = state;
    const isOn = ["starting", "running", "paused", "stopping"].includes(status);
    this.start.disabled = isOn || !state.is_available;
    this.count.disabled = isOn;
    this.start.hidden = this.counted.hidden = this.panel.isReadOnly = state.is_read_only;
    this.more.hidden = isOn || !state.can_continue;
    this.hold.hidden = this.stop.hidden = !isOn || state.is_read_only;
    this.hold.disabled = status !== "running" && status !== "paused";
    setText(this.hold, status === "paused" ? "Resume" : "Pause");
    this.stop.disabled = status === "stopping";
    setText(this.status, statusWords(state));
    this.status.title = state.database ? `${statusWords(state)}\n${state.failures}\nkept in ${state.database}` : "";
    const share = state.trials > 0 ? state.done / state.trials : 0;
    this.bar.style.width = `${100 * share}%`;
    this.meter.hidden = state.done === 0 && !isOn;
    this.meter.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    showRefusal(this.refusal, state.refusal);
    this.runs.update(state);
    const shown = new Set(state.runs.filter((run) => run.is_shown).map((run) => run.id));
    for (const run of this.all.keys()) if (!shown.has(run)) this.all.delete(run);
    if (before && before.live !== state.live && this.inspected && !shown.has(this.inspected.run)) this.show(null);
    this.drawEmpty();
    const drawn = (view: TunerView | null) => JSON.stringify([view?.live, view?.unit, view?.runs.map((run) => [run.id, run.letter])]);
    if (drawn(before) !== drawn(state)) this.redraw();
  }

  receive(message: unknown): void {
    const told = message as Message;
    if (told.kind === "points") {
      if (this.of(told.run, true).add(told) === "missed") this.host.ask({ intent: "tune_points" });
    } else if (told.kind === "model") this.of(told.run, true).addBatches(told);
    else if (told.kind === "explained") this.of(told.run, true).explanation = told;
    else if (told.kind === "unexplained") this.of(told.run, true).whyUnexplained = told.reason;
    else if (told.kind === "inspected") return this.show(told);
    else return;
    this.drawEmpty();
    this.redraw();
  }

  dispose(): void {
    window.clearTimeout(this.timer);
    this.links.dispose();
    for (const chart of [this.frontier.chart, this.predictions.chart, this.foresight.chart, this.runs.chart, this.space]) chart.dispose();
  }

  /** The trials of a run; those of one that is not known are kept where `isNew`. */
  private of(run: number, isNew = false): Trials {
    const known = this.all.get(run) ?? (isNew ? new Trials() : this.nothing);
    if (isNew) this.all.set(run, known);
    return known;
  }

  private get trials(): Trials {
    return this.of(this.state?.live ?? 0);
  }

  private get hasModel(): boolean {
    return this.state?.runs.find((run) => run.is_live)?.model !== "";
  }

  private get whyUnexplained(): string {
    if (this.state?.is_read_only) return this.trials.whyUnexplained || "Fitting a model to the trials of this run…";
    return this.hasModel ? "It has not learnt yet." : "There is no model that can say.";
  }

  private begin(): void {
    if (!this.start.disabled) this.host.ask({ intent: "tune_start", trials: this.count.value });
  }

  private inspect(run: number, number: number): void {
    this.host.ask({ intent: "tune_inspect", run, number });
  }

  private show(view: TrialView | null): void {
    this.inspected = view;
    const point = view && this.of(view.run).find(view.number);
    const letter = this.state?.runs.find((run) => run.id === view?.run && !run.is_live)?.letter;
    this.panel.show(view, point ? `${letter ? `${letter}: ` : ""}${trialWords(point, this.settings).replace(/^trial \d+: /, "")}` : "");
    this.redraw();
  }

  private turn(tab: Tab): void {
    this.tab = tab;
    for (const one of this.tabs.children as Iterable<Element> & HTMLCollection) {
      const isChosen = (one as HTMLElement).dataset["tab"] === tab;
      one.setAttribute("aria-selected", String(isChosen));
      (one as HTMLElement).tabIndex = isChosen ? 0 : -1;
    }
    for (const [name, sheet] of Object.entries(this.sheets)) sheet.hidden = name !== tab;
    if (!this.trials.explanation) this.trials.explainedAt = 0; // what failed once is asked again
    if (tab === "runs") this.host.ask({ intent: "tune_list" });
    this.drawEmpty();
    this.redraw();
  }

  private onTabKey(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = Object.keys(TABS) as Tab[];
    const next = names[(names.indexOf(this.tab) + step + names.length) % names.length]!;
    this.turn(next);
    this.tabs.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    event.preventDefault();
  }

  /** What is said in place of charts, before the first run. */
  private drawEmpty(): void {
    const { state } = this;
    if (!state) return;
    const isOn = ["starting", "running", "paused", "stopping"].includes(state.status);
    const idle = state.is_read_only
      ? "This run has no trials yet."
      : "No run yet: press Tune to search for faster schedules in the background.";
    setText(this.empty, state.is_available && state.status !== "failed" ? idle : state.reason);
    this.empty.hidden = this.trials.length > 0 || isOn || this.tab === "runs";
    this.body.hidden = !this.empty.hidden;
  }

  /** Draws what is in front, soon; many calls make one drawing. */
  private redraw(): void {
    if (this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.drawWords();
    }, 60);
    if (this.tab === "frontier") this.frontier.chart.schedule();
    if (this.tab === "model") [this.predictions.chart, this.foresight.chart].forEach((chart) => chart.schedule());
    if (this.tab === "space") this.space.schedule();
    if (this.tab === "runs") this.runs.chart.schedule();
  }

  private drawWords(): void {
    const { trials } = this;
    this.panel.drawLeaders(trials);
    const failures = trials.failures().map(([status, count]) => `${failureShape(status)} ${count} ${status.replaceAll("_", " ")}`);
    const band = trials.leaders(1).length > 0 ? "Band: interval of the best" : "";
    setText(this.legend, [...failures, band].filter(Boolean).join("  ·  "));
    setText(this.remark, this.predictions.remark);
    setText(this.quality, this.foresight.words);
    this.remark.title = this.predictions.remark;
    this.quality.title = this.foresight.words;
    const isReadOnly = this.state?.is_read_only ?? false;
    if (isReadOnly && this.tab === "model" && trials.isToBeExplained()) this.host.ask({ intent: "tune_explain", run: this.state!.live });
    this.explanation.update(trials.explanation, this.whyUnexplained, isReadOnly);
    const said = trials.explanation;
    const wanted = said ? `${said.run} ${said.trial} ${said.learnt_from}` : "";
    if (this.tab === "model" && said && !isReadOnly && wanted !== this.painted) {
      this.painted = wanted;
      this.host.ask({ intent: "tune_paint" });
    }
  }
}

function statusWords(state: TunerView): string {
  const done = `${state.done} of ${state.trials}`;
  const best = state.best ? ` · best ${state.best}` : "";
  const failed = state.failed > 0 ? ` · ${state.failed} failed` : "";
  const eta = state.eta_s !== null ? ` · ${clock(state.eta_s)} left` : "";
  const device = state.device_share !== null ? ` · measuring ${percent(state.device_share)} of the time` : "";
  switch (state.status) {
    case "idle":
      return "";
    case "starting":
      return "Starting…";
    case "running":
      return `${done}${eta}${best}${failed}${device}`;
    case "paused":
      return `Paused at ${done}${best}${failed}`;
    case "stopping":
      return `Stopping at ${done}${best}`;
    case "failed":
      return state.reason;
    case "done":
      return `Done: ${done} in ${clock(state.elapsed_s)}${best}${failed}${device}`;
  }
}

export default pane<TunerView>("tuner", (root, host) => new Tuner(root, host));

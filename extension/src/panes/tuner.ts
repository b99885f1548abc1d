// A tuning run, live: its controls and clock, every trial with the best so far, the cost model's
// prediction beside the measurement, and the leaders. Points come as deltas, never whole figures.

import type { Point, TunerView } from "../schema.js";
import { Charts } from "../charts.js";
import { button, el, fill, setText } from "../dom.js";
import { clock, digits } from "../format.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import { Trials } from "../trials.js";
import "./tuner.css";

const LEADERS = 5;

/** A delta: `points` begin at position `from`; `run` tells one run's points from the next's. */
interface PointsMessage {
  kind: "points";
  run: number;
  from: number;
  points: Point[];
}

const isPoints = (message: unknown): message is PointsMessage =>
  typeof message === "object" && message !== null && (message as PointsMessage).kind === "points";

export class Tuner implements Drawn<TunerView> {
  private readonly count: HTMLInputElement;
  private readonly start: HTMLButtonElement;
  private readonly hold: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private readonly status = el("span", { class: "tv-grow tv-ellipsis", role: "status" });
  private readonly bar = el("div", { class: "tv-meter-fill" });
  private readonly meter: HTMLElement;
  private readonly empty = el("p", { class: "tv-empty" });
  private readonly refusal = refusalBox();
  private readonly charts: Charts;
  private readonly plots: HTMLElement;
  private readonly waiting = el("div", { class: "tv-chart-empty tv-dim" }, "Predictions begin when the cost model has its first batch.");
  private readonly leaders = el("ol", { class: "tv-leaders", "aria-label": "Fastest trials" });
  private readonly trials = new Trials();
  private run = -1;
  private state: TunerView | null = null;

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
    this.hold = button("Pause", () => host.ask({ intent: this.state?.status === "paused" ? "tune_resume" : "tune_pause" }));
    this.stop = button("Stop", () => host.ask({ intent: "tune_stop" }), { title: "Stop the run; every trial is kept" });
    this.meter = el("div", { class: "tv-meter tv-thin", role: "progressbar", "aria-label": "Trials done" }, this.bar);
    const progress = el("div", { class: "tv-chart", role: "img", "aria-label": "Every trial and the best so far" });
    const accuracy = el("div", { class: "tv-chart", role: "img", "aria-label": "Measured rate against predicted rate" });
    this.plots = el(
      "div",
      { class: "tv-charts" },
      figure("Trials and best so far", progress),
      figure("Predicted against measured", accuracy, this.waiting),
      el("figure", {}, el("figcaption", {}, "Fastest trials"), this.leaders),
    );
    root.append(
      el("header", { class: "tv-bar" }, this.start, el("label", { class: "tv-count-label" }, this.count, " trials"), this.hold, this.stop, this.status),
      this.meter,
      this.refusal,
      this.empty,
      this.plots,
    );
    this.charts = new Charts(progress, accuracy, this.trials, (number) => this.open(number));
    host.ask({ intent: "tune_points", from: 0 });
  }

  update(state: TunerView): void {
    this.state = state;
    this.charts.unit = state.unit;
    const { status } = state;
    const isOn = ["starting", "running", "paused", "stopping"].includes(status);
    this.start.disabled = isOn || !state.is_available;
    this.count.disabled = isOn;
    this.hold.hidden = this.stop.hidden = !isOn;
    this.hold.disabled = status !== "running" && status !== "paused";
    setText(this.hold, status === "paused" ? "Resume" : "Pause");
    this.stop.disabled = status === "stopping";
    if (isOn) this.count.value = String(state.trials);
    setText(this.status, statusWords(state));
    this.status.title = state.database ? `${statusWords(state)}\n${state.failures}\nkept in ${state.database}` : "";
    const share = state.trials > 0 ? state.done / state.trials : 0;
    this.bar.style.width = `${100 * share}%`;
    this.meter.hidden = state.done === 0 && !isOn;
    this.meter.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    showRefusal(this.refusal, state.refusal);
    setText(this.empty, state.is_available ? "No run yet: press Tune to search for faster schedules in the background." : state.reason);
    this.empty.hidden = this.trials.length > 0 || isOn;
    this.plots.hidden = !this.empty.hidden;
  }

  receive(message: unknown): void {
    if (!isPoints(message)) return;
    if (message.run !== this.run) {
      this.run = message.run;
      this.trials.clear();
    }
    if (this.trials.add(message.from, message.points) === "missed") {
      this.host.ask({ intent: "tune_points", from: this.trials.length });
      return;
    }
    this.waiting.hidden = this.trials.predicted.length > 0;
    this.drawLeaders();
    if (this.state) this.update(this.state);
    this.charts.schedule();
  }

  dispose(): void {
    this.charts.dispose();
  }

  private begin(): void {
    if (!this.start.disabled) this.host.ask({ intent: "tune_start", trials: this.count.value });
  }

  private open(number: number): void {
    this.host.ask({ intent: "open_candidate", number });
  }

  private drawLeaders(): void {
    const leaders = this.trials.leaders(LEADERS);
    const best = leaders[0]?.[1] ?? 1;
    fill(
      this.leaders,
      ...leaders.map(([number, rate]) => {
        const open = button(`Open trial ${number}`, () => this.open(number), {
          class: "tv-leader",
          title: `Open trial ${number} as the schedule of this lab`,
        });
        fill(
          open,
          el("span", { class: "tv-bar-fill", style: `width:${(100 * rate!) / best}%` }),
          el("span", { class: "tv-num" }, digits(rate!)),
          el("span", { class: "tv-dim" }, `trial ${number}`),
          el("span", { class: "tv-open" }, "open"),
        );
        return el("li", {}, open);
      }),
    );
  }
}

function figure(title: string, ...content: HTMLElement[]): HTMLElement {
  return el("figure", {}, el("figcaption", {}, title), ...content);
}

function statusWords(state: TunerView): string {
  const done = `${state.done} of ${state.trials}`;
  const best = state.best ? ` · best ${state.best}` : "";
  const failed = state.failed > 0 ? ` · ${state.failed} failed` : "";
  const eta = state.eta_s !== null ? ` · ${clock(state.eta_s)} left` : "";
  switch (state.status) {
    case "idle":
      return "";
    case "starting":
      return "Starting…";
    case "running":
      return `${done}${eta}${best}${failed}`;
    case "paused":
      return `Paused at ${done}${best}${failed}`;
    case "stopping":
      return `Stopping at ${done}${best}`;
    case "failed":
      return state.reason;
    case "done":
      return `Done: ${done} in ${clock(state.elapsed_s)}${best}${failed}`;
  }
}

export default pane<TunerView>("tuner", (root, host) => new Tuner(root, host));

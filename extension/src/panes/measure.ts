// How fast the program is here: one button, one result in words and figures, and the history of
// earlier measurements with the state each belongs to.

import type { MeasureView, ResultView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { digits, percent, time } from "../format.js";
import { pane, type Drawn, type Host } from "../pane.js";
import "./measure.css";

export class Measure implements Drawn<MeasureView> {
  private readonly start: HTMLButtonElement;
  private readonly stage = el("span", { class: "tv-dim tv-grow tv-ellipsis", role: "status" });
  private readonly result = el("div", { class: "tv-result" });
  private readonly failure = el("div", { class: "tv-refusal", role: "alert", hidden: true });
  private readonly empty = el("p", { class: "tv-empty" }, "No measurement yet: press Measure.");
  private readonly body = el("tbody");
  private readonly table: HTMLTableElement;

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    this.start = button("Measure", () => host.ask({ intent: "measure" }), {
      class: "tv-primary",
      title: "Compile, compare with numpy, and time this program",
    });
    const heads = ["", "Schedule", "Median", "Spread", "GFLOP/s", "GB/s", "Of peak"];
    this.table = el(
      "table",
      { class: "tv-history" },
      el("caption", { class: "tv-hidden" }, "Measurements so far"),
      el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
      this.body,
    );
    root.append(
      el("header", { class: "tv-bar" }, this.start, this.stage),
      this.failure,
      this.empty,
      this.result,
      el("div", { class: "tv-history-scroll", tabindex: 0, role: "group", "aria-label": "History" }, this.table),
    );
  }

  update(state: MeasureView): void {
    const isWorking = state.status === "working";
    this.start.disabled = isWorking;
    setText(this.start, isWorking ? "Measuring…" : "Measure");
    setText(this.stage, isWorking ? state.stage : state.last && !state.last.is_current ? "The program has changed since" : "");
    this.failure.hidden = state.status !== "failed";
    setText(this.failure, state.reason);
    this.empty.hidden = state.last !== null || state.status !== "idle";
    this.result.hidden = state.last === null;
    if (state.last) this.drawResult(state.last);
    this.table.hidden = state.history.length === 0;
    const fastest = Math.max(...state.history.map((entry) => entry.gflop_per_s || 1 / entry.median_s), 0);
    fill(this.body, ...[...state.history].reverse().map((entry) => this.row(entry, fastest)));
  }

  private drawResult(result: ResultView): void {
    this.result.classList.toggle("tv-stale", !result.is_current);
    const share = Math.min(1, Math.max(0, result.share_of_peak));
    const figures: [string, string, string][] = [
      [time(result.median_s), `spread ${percent(result.spread)}`, `median of ${result.repeats}, fastest ${time(result.min_s)}`],
      [digits(result.gflop_per_s), "GFLOP/s", "arithmetic rate"],
      [digits(result.gb_per_s), "GB/s", "inputs read and outputs written once"],
      [percent(result.share_of_peak), "of peak", result.peak_words],
    ];
    fill(
      this.result,
      ...figures.map(([value, unit, title]) =>
        el("div", { class: "tv-figure", title }, el("b", {}, value), " ", el("span", {}, unit), el("small", {}, title)),
      ),
      meter(share, `${percent(result.share_of_peak)} of this machine's measured peak`),
      el("div", { class: "tv-agreement" }, result.agreement),
    );
  }

  private row(entry: ResultView, fastest: number): HTMLElement {
    const rate = entry.gflop_per_s || 1 / entry.median_s;
    const go = button(entry.label, () => this.host.ask({ intent: "open_result", number: entry.number }), {
      class: "tv-go tv-mono",
      title: `${entry.label}\n${entry.steps} steps; click to open this state`,
    });
    const number = (text: string) => el("td", { class: "tv-num" }, text);
    const isOk = entry.status === "ok";
    return el(
      "tr",
      { class: entry.is_current ? "tv-current" : "" },
      number(String(entry.number)),
      el("td", { class: "tv-history-name" }, go),
      isOk ? number(time(entry.median_s)) : el("td", { colspan: 4, class: "tv-dim", title: entry.reason }, entry.reason),
      isOk && number(percent(entry.spread)),
      isOk && el("td", { class: "tv-num tv-rate" }, el("span", { class: "tv-bar-fill", style: `width:${(100 * rate) / fastest}%` }), el("span", {}, digits(entry.gflop_per_s))),
      isOk && number(digits(entry.gb_per_s)),
      number(isOk ? percent(entry.share_of_peak) : ""),
    );
  }
}

function meter(share: number, label: string): HTMLElement {
  const fillBar = el("div", { class: "tv-meter-fill", style: `width:${share * 100}%` });
  return el(
    "div",
    { class: "tv-meter", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(share * 100), title: label },
    fillBar,
  );
}

export default pane<MeasureView>("measure", (root, host) => new Measure(root, host));

// The latest measurement in figures, and the state shown against the pinned one.

import type { MeasureView, ResultView } from "../schema.js";
import { button, el, fill } from "../dom.js";
import { digits, percent, time, timeRange } from "../format.js";
import type { Host } from "../pane.js";
import { Scale, strip } from "./strip.js";

/** The latest measurement against the one before it of another state, where its interval allows. */
export function gain(history: ResultView[], last: ResultView): string {
  const isOther = ({ status, number, label, steps }: ResultView) =>
    status === "ok" && number < last.number && (label !== last.label || steps !== last.steps);
  const before = history.filter(isOther).at(-1);
  if (!before) return "";
  const which = `measurement ${before.number} (${time(before.median_s)}, ${before.label})`;
  if (last.high_s < before.low_s) return `▲ ${digits(before.median_s / last.median_s)} times as fast as ${which}`;
  if (last.low_s > before.high_s) return `▼ takes ${digits(last.median_s / before.median_s)} times as long as ${which}`;
  return `≈ can't tell from ${which}`;
}

const SIGNS = { faster: "▲", slower: "▼", "can't tell": "≈" };

export class Result {
  readonly root = el("div", { class: "tv-sheet" });
  private readonly empty = el(
    "p",
    { class: "tv-empty" },
    "No measurement yet: press Measure for a quick look, Certify for a figure to rely on.",
  );
  private readonly figures = el("div", { class: "tv-result" });
  private readonly duel = el("div", { class: "tv-duel", role: "group", "aria-label": "Comparison with the pinned state" });

  constructor(private readonly host: Host) {
    this.root.append(this.empty, this.figures, this.duel);
  }

  update(state: MeasureView): void {
    this.empty.hidden = state.last !== null;
    this.figures.hidden = state.last === null;
    if (state.last) this.drawFigures(state.last, gain(state.history, state.last), state.why_not_counted);
    this.drawDuel(state);
  }

  private drawFigures(result: ResultView, gained: string, whyNot: string): void {
    this.figures.classList.toggle("tv-stale", !result.is_current);
    const how = result.is_certified ? "certified" : "quick";
    const isOne = result.repeats === 1;
    const figures: [string, string, string][] = [
      [time(result.median_s), how, isOne ? "one repeat" : `${timeRange(result.low_s, result.high_s)}, ${percent(result.confidence)} sure`],
      [isOne ? "–" : percent(result.spread), "spread", isOne ? "takes two repeats" : `median of ${result.repeats}, fastest ${time(result.min_s)}`],
      [digits(result.gflop_per_s), "GFLOP/s", `${digits(result.gb_per_s)} GB/s, each tensor once`],
      [percent(result.share_of_peak), "of peak", result.peak_words],
    ];
    const share = Math.min(1, Math.max(0, result.share_of_peak));
    fill(
      this.figures,
      ...figures.map(([value, unit, title]) =>
        el("div", { class: "tv-figure", title }, el("b", {}, value), " ", el("span", {}, unit), el("small", {}, title)),
      ),
      meter(share, `${percent(result.share_of_peak)} of this machine's measured peak`),
      gained && el("div", { class: "tv-gain" }, gained),
      el(
        "div",
        { class: "tv-agreement" },
        result.agreement,
        result.doubt && el("span", { class: "tv-doubt" }, ` ≈ ${result.doubt}`),
      ),
      el("div", { class: "tv-agreement tv-dim" }, result.counted || whyNot),
    );
  }

  private drawDuel(state: MeasureView): void {
    const { pinned, duel } = state;
    const ask = (label: string, intent: string, title: string, disabled = false) =>
      button(label, () => this.host.ask({ intent }), { title, disabled });
    const focus = (document.activeElement as HTMLElement | null)?.dataset?.["duel"];
    const isWorking = state.status === "working";
    const pin = ask("Pin this state", "pin", "Make the program shown the one that others are compared with", state.is_pinned_shown);
    const unpin = pinned ? ask("Unpin", "unpin", "Compare with no state") : null;
    const why = !pinned ? "Pin a state first" : state.is_pinned_shown ? "This is the pinned state" : "";
    const compare = ask("Compare", "compare", why || "Time both in turns: faster, slower, or can't tell (V)", isWorking || why !== "");
    compare.setAttribute("aria-keyshortcuts", "v");
    for (const [name, node] of Object.entries({ pin, unpin, compare })) if (node) node.dataset["duel"] = name;
    fill(
      this.duel,
      el("span", { class: "tv-duel-words" }, ...this.duelWords(state)),
      duel && verdictStrip(duel.low, duel.ratio, duel.high, duel.words),
      compare,
      pin,
      unpin,
    );
    if (focus) this.duel.querySelector<HTMLElement>(`[data-duel="${focus}"]:enabled`)?.focus();
  }

  private duelWords({ pinned, duel, is_pinned_shown }: MeasureView): (Node | string)[] {
    if (duel) {
      const verdict = el("b", { class: duel.is_current ? "" : "tv-dim" }, `${SIGNS[duel.verdict]} ${duel.verdict}`);
      const words = el("span", { class: "tv-dim", title: duel.words }, ` ${duel.is_current ? "" : "Before the last change: "}${duel.words}`);
      return [verdict, words];
    }
    if (!pinned) return [el("span", { class: "tv-dim" }, "No state is pinned to compare with.")];
    const said = is_pinned_shown ? "The program shown is the pinned one." : "Not compared yet with the pinned state, ";
    return [el("span", { class: "tv-dim" }, said), is_pinned_shown ? "" : el("span", { class: "tv-mono", title: pinned }, pinned)];
  }
}

/** How many times as fast, from an equal 1: right of the line is faster. */
export function verdictStrip(low: number, best: number, high: number, label: string): HTMLElement {
  const far = Math.max(high, 1 / low, 1.02);
  return strip(new Scale([1 / far, far]), { low, best, high, from: 1, label });
}

function meter(share: number, label: string): HTMLElement {
  return el(
    "div",
    { class: "tv-meter", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(share * 100), title: label },
    el("div", { class: "tv-meter-fill", style: `width:${share * 100}%` }),
  );
}

// Every measurement with its interval; failures with their reason. A click opens the state.

import type { MeasureView, ResultView } from "../schema.js";
import { button, el, fill } from "../dom.js";
import { digits, percent, time, timeRange } from "../format.js";
import type { Host } from "../pane.js";
import { Scale, strip } from "./strip.js";

const HEADS = ["", "Schedule", "How", "Median", "Interval of the median", "±", "GFLOP/s", "Spread", "Of peak"];
/** Shown where there is room for them. */
const WIDE = new Set(["How", "Spread", "Of peak"]);

export class History {
  readonly root: HTMLElement;
  private readonly empty = el("p", { class: "tv-empty" }, "No measurement yet.");
  private readonly body = el("tbody");
  private readonly table: HTMLTableElement;

  constructor(private readonly host: Host) {
    this.table = el(
      "table",
      { class: "tv-table tv-history" },
      el("caption", { class: "tv-hidden" }, "Measurements so far"),
      el("thead", {}, el("tr", {}, ...HEADS.map((head) => el("th", { scope: "col", class: WIDE.has(head) ? "tv-wide" : "" }, head)))),
      this.body,
    );
    this.root = el("div", { class: "tv-scroll", tabindex: 0, role: "group", "aria-label": "History" }, this.empty, this.table);
  }

  update({ history }: MeasureView): void {
    this.empty.hidden = history.length > 0;
    this.table.hidden = history.length === 0;
    const good = history.filter(({ status }) => status === "ok");
    const scale = new Scale(good.flatMap(({ low_s, high_s }) => [low_s, high_s]));
    const fastest = Math.max(...good.map((entry) => entry.gflop_per_s || 1 / entry.median_s), 0);
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.["number"];
    fill(this.body, ...[...history].reverse().map((entry) => this.row(entry, scale, fastest)));
    if (focused) this.body.querySelector<HTMLElement>(`[data-number="${focused}"]`)?.focus();
  }

  private row(entry: ResultView, scale: Scale, fastest: number): HTMLElement {
    const go = button(entry.label, () => this.host.ask({ intent: "open_result", number: entry.number }), {
      class: "tv-go tv-mono",
      title: `${entry.label}\n${entry.steps} steps; click to open this state`,
    });
    go.dataset["number"] = String(entry.number);
    const cells =
      entry.status === "ok"
        ? figures(entry, scale, fastest)
        : [
            el("td", { colspan: 4, class: "tv-failed", title: entry.reason }, `✕ ${entry.status.replaceAll("_", " ")}: ${entry.reason}`),
            el("td", { class: "tv-wide" }),
            el("td", { class: "tv-wide" }),
          ];
    return el(
      "tr",
      { class: entry.is_current ? "tv-current" : "", "aria-current": entry.is_current ? "true" : undefined },
      el("td", { class: "tv-num" }, String(entry.number)),
      el("td", { class: "tv-name" }, go),
      el("td", { class: "tv-dim tv-wide" }, entry.is_certified ? "certified" : "quick"),
      ...cells,
    );
  }
}

function figures(entry: ResultView, scale: Scale, fastest: number): HTMLElement[] {
  const rate = entry.gflop_per_s || 1 / entry.median_s;
  const range = `${timeRange(entry.low_s, entry.high_s)}, ${percent(entry.confidence)} sure`;
  const half = (entry.high_s - entry.low_s) / 2 / entry.median_s;
  const number = (text: string, title = text, kind = "") => el("td", { class: `tv-num ${kind}`.trim(), title }, text);
  const marks = { low: entry.low_s, best: entry.median_s, high: entry.high_s, isUnsure: entry.confidence < 0.95, label: range };
  return [
    number(time(entry.median_s)),
    el("td", {}, strip(scale, marks)),
    number(`${entry.doubt ? "≈ " : ""}${percent(half)}`, entry.doubt || range),
    el(
      "td",
      { class: "tv-num tv-rate" },
      el("span", { class: "tv-bar-fill", style: `width:${(100 * rate) / fastest}%` }),
      el("span", {}, digits(entry.gflop_per_s)),
    ),
    number(percent(entry.spread), undefined, "tv-wide"),
    number(percent(entry.share_of_peak), undefined, "tv-wide"),
  ];
}

// Several runs on one chart, chosen from a list: those of this folder's database, and any database or
// log that was loaded.

import type { RunView, TunerView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { digits } from "../format.js";
import { Chart, type Marks, type Scene } from "../chart/chart.js";
import { lineStyle } from "../chart/colours.js";
import { linear } from "../chart/scale.js";
import type { TableData } from "../chart/table.js";
import type { Host } from "../pane.js";
import type { Trials } from "../trials.js";
import { drawSteps, range } from "./frontier.js";
import { choice, type Settings } from "./settings.js";

export class Runs {
  readonly chart: Chart;
  readonly list: HTMLElement;
  private readonly body = el("tbody");
  private readonly empty = el("p", { class: "tv-empty" }, "No other run of this expression is kept here. Load a database or a log, or tune again.");
  private readonly path: HTMLInputElement;
  private readonly loader: HTMLElement;
  private readonly loading = el("span", { class: "tv-dim tv-ellipsis", "aria-live": "polite" });
  private views: RunView[] = [];

  constructor(
    private readonly host: Host,
    private readonly of: (run: number) => Trials,
    private readonly settings: Settings,
    choose: (run: number, number: number) => void,
    changed: () => void,
  ) {
    const over = choice("Over", { trial: "trial", time: "time" }, settings.by, (by) => {
      settings.by = by;
      changed();
    });
    this.chart = new Chart({
      title: "Best so far, run by run",
      scene: () => this.scene(),
      empty: () => "Choose runs in the list.",
      table: () => this.table(),
      choose: (n) => {
        const [run, number] = this.marks[n] ?? [0, 0];
        choose(run, number);
      },
      controls: [over],
    });
    this.path = el("input", {
      class: "tv-input tv-mono tv-grow",
      placeholder: "tuning.db, log.json …",
      "aria-label": "Database or log to load",
      onkeydown: (event) => (event as KeyboardEvent).key === "Enter" && this.load(),
    });
    const load = button("Load", () => this.load(), { title: "Read the runs of a database or a tuning log, to look at" });
    this.loader = el("div", { class: "tv-load" }, this.path, load);
    const heads = ["Show", "Run", "Best", "Trials", "Explorer", "Model"];
    this.list = el(
      "figure",
      {},
      el("figcaption", {}, el("span", {}, "Runs"), this.loading),
      this.loader,
      el(
        "div",
        { class: "tv-rows-scroll", tabindex: 0, role: "group", "aria-label": "Runs" },
        el("table", { class: "tv-small-table tv-trial-table tv-runs" }, el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))), this.body),
        this.empty,
      ),
    );
  }

  update(state: TunerView): void {
    this.views = state.runs;
    this.loader.hidden = state.is_read_only;
    setText(this.loading, state.loading ? `Reading ${state.loading}…` : "");
    this.empty.hidden = state.runs.length > 0;
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.["run"];
    fill(this.body, ...state.runs.map((run) => this.row(run)));
    if (focused) this.body.querySelector<HTMLElement>(`[data-run="${focused}"]`)?.focus();
  }

  private load(): void {
    if (this.path.value.trim()) this.host.ask({ intent: "tune_load", path: this.path.value.trim() });
  }

  private row(run: RunView): HTMLElement {
    const box = el("input", {
      type: "checkbox",
      "aria-label": `Show ${run.title}`,
      "data-run": run.id,
      onchange: () => this.host.ask({ intent: run.is_shown ? "tune_hide" : "tune_show", run: run.id }),
    });
    box.checked = run.is_shown;
    box.disabled = run.is_live;
    const { colour } = lineStyle(run.letter || "A");
    const letter = el("b", { class: "tv-letter", style: run.letter ? `border-color:${colour}` : "" }, run.letter);
    const note = run.is_live ? " · current" : run.is_of_this ? "" : " · another expression or log: rates take it for this one";
    const title = `${run.title}${note}\n${run.source}`;
    const failed = run.failed > 0 ? ` (${run.failed} failed)` : "";
    return el(
      "tr",
      { class: run.is_live ? "tv-current" : "" },
      el("td", {}, box, letter),
      el("th", { scope: "row", title }, `${run.title}${note}`),
      el("td", { class: "tv-num" }, run.best || "–"),
      el("td", { class: "tv-num", title: `${run.trials} trials${failed}` }, `${run.trials}`),
      el("td", {}, run.explorer || "–"),
      el("td", {}, run.model || "–"),
    );
  }

  private marks: [run: number, number: number][] = [];

  private scene(): Scene | null {
    const { settings } = this;
    const shown = this.shown();
    if (shown.length === 0) return null;
    const lines = shown.map(({ view, trials }) => ({ view, frontier: trials.frontier(settings.by), end: Math.max(...trials.points.map((p) => settings.x(p))) }));
    const steps = lines.flatMap(({ view, frontier }) => frontier.map((point) => ({ run: view.id, letter: view.letter, point })));
    if (steps.length === 0) return null;
    this.marks = steps.map(({ run, point }) => [run, point[0]]);
    const [least, most] = range(steps.map(({ point }) => point[1]!));
    const [, end] = range(lines.map((line) => line.end));
    const marks: Marks = { count: steps.length, x: (n) => settings.x(steps[n]!.point), y: (n) => settings.y(steps[n]!.point[1]!), id: (n) => n };
    return {
      x: linear(0, Math.max(end * 1.04, 1)),
      y: settings.yScale(least, most),
      xTitle: settings.xTitle,
      yTitle: settings.yTitle,
      marks,
      words: (n) => `${steps[n]!.letter}, trial ${steps[n]!.point[0]}: ${digits(steps[n]!.point[1]!)} ${settings.unit}`,
      draw: (frame) => {
        for (const { view, frontier, end } of lines) {
          const { colour, dash } = lineStyle(view.letter);
          drawSteps(frame, frontier, settings, end, colour, dash);
          const best = frontier.at(-1);
          if (!best) continue;
          frame.context.fillStyle = frame.colours.ink;
          frame.context.textAlign = "left";
          frame.context.textBaseline = "bottom";
          frame.context.fillText(view.letter, frame.px(end) + 3, frame.py(settings.y(best[1]!)) + 4);
        }
      },
    };
  }

  private shown(): { view: RunView; trials: Trials }[] {
    return this.views.filter((view) => view.is_shown).map((view) => ({ view, trials: this.of(view.id) })).filter(({ trials }) => trials.length > 0);
  }

  private table(): TableData {
    const rows = this.shown().flatMap(({ view, trials }) => trials.frontier(this.settings.by).map((point) => ({ view, point })));
    return {
      caption: "Each trial that raised the best of its run",
      heads: ["Run", "Trial", "After, s", this.settings.unit],
      total: rows.length,
      row: (n) => {
        const { view, point } = rows[n]!;
        return [`${view.letter} ${view.title}`, String(point[0]), point[6].toFixed(1), digits(point[1]!)];
      },
    };
  }
}

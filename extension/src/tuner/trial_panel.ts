// One trial looked at closely: its steps, its program, how that differs from the lab's, its code; and
// the fastest trials, where none is chosen.

import type { ContributionsView, LoopRef, TrialView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { Contributions } from "../contributions.js";
import { digits } from "../format.js";
import { isSame } from "../links.js";
import { loopFigure } from "../loop_figure.js";
import type { Trials } from "../trials.js";
import { trialWords, type Settings } from "./settings.js";

const LEADERS = 8;
type Sheet = "steps" | "diff" | "program" | "code" | "model" | "facts" | "instructions" | "raw";
const NAMES: Record<Sheet, string> = { steps: "Steps", diff: "Difference", program: "Program", code: "Code", model: "Features", facts: "Log", instructions: "Instructions", raw: "Line" };

export interface PanelActions {
  inspect(number: number): void;
  open(run: number, number: number): void;
  code(run: number, number: number): void;
  contributions(run: number, number: number): void;
  select(loop: LoopRef): void;
  point(loops: LoopRef[]): void;
  close(): void;
}

export class TrialPanel {
  readonly root = el("aside", { class: "tv-side", "aria-label": "Trials" });
  private readonly leaders = el("ol", { class: "tv-leaders", "aria-label": "Fastest trials" });
  private readonly title = el("b", { class: "tv-grow tv-ellipsis" });
  private readonly words = el("p", { class: "tv-trial-words" });
  private readonly tabs = el("div", { class: "tv-tabs", role: "tablist", "aria-label": "Trial" });
  private readonly sheet = el("div", { class: "tv-trial-lines tv-mono", tabindex: 0, role: "tabpanel" });
  /** Whether there is no lab to take the trial to. */
  isReadOnly = false;
  private readonly branch: HTMLButtonElement;
  private readonly fastest: HTMLElement;
  private readonly trial: HTMLElement;
  private readonly features: Contributions;
  private readonly painted = el("div", { class: "tv-trial-painted tv-mono" });
  private readonly model: HTMLElement;
  private shown: Sheet = "steps";
  private view: TrialView | null = null;
  private said = "";
  private asked = "";

  constructor(
    private readonly actions: PanelActions,
    private readonly settings: Settings,
  ) {
    this.branch = button("Make this my branch", () => this.view && actions.open(this.view.run, this.view.number), {
      class: "tv-primary",
      title: "Go on from this trial's schedule in the lab",
    });
    const close = button("×", () => actions.close(), { title: "Back to the fastest trials" });
    close.setAttribute("aria-label", "Back to the fastest trials");
    this.features = new Contributions({ point: actions.point, select: actions.select });
    this.model = el("div", { class: "tv-trial-model", role: "tabpanel", tabindex: 0, "aria-label": "Program with what each loop adds", hidden: true }, this.painted, this.features.root);
    this.fastest = el("figure", {}, el("figcaption", {}, "Fastest trials"), this.leaders);
    this.trial = el(
      "figure",
      { class: "tv-trial", onkeydown: (event) => this.onKey(event as KeyboardEvent) },
      el("figcaption", {}, this.title, close),
      this.words,
      this.tabs,
      this.sheet,
      this.model,
      el("div", { class: "tv-trial-foot" }, this.branch),
    );
    this.trial.hidden = true;
    this.root.append(this.fastest, this.trial);
  }

  drawLeaders(trials: Trials): void {
    const leaders = trials.leaders(LEADERS);
    const best = leaders[0]?.[1] ?? 1;
    fill(
      this.leaders,
      ...leaders.map((point) => {
        const [number, rate, low, high] = point;
        const look = button(`Look at trial ${number}`, () => this.actions.inspect(number), { class: "tv-leader", title: trialWords(point, this.settings) });
        fill(
          look,
          el("span", { class: "tv-bar-fill", style: `width:${(100 * rate!) / best}%` }),
          el("span", { class: "tv-num" }, digits(rate!)),
          el("span", { class: "tv-dim" }, low !== null && high !== null && high > low ? `±${digits((high - low) / 2)}` : ""),
          el("span", { class: "tv-dim tv-leader-name" }, `trial ${number}`),
        );
        return el("li", {}, look);
      }),
    );
  }

  /** Shows a trial; `words` say how fast it is. Null goes back to the fastest. */
  show(view: TrialView | null, words: string): void {
    this.view = view;
    this.said = words;
    this.fastest.hidden = view !== null;
    this.trial.hidden = view === null;
    if (!view) return;
    setText(this.title, `Trial ${view.number}`);
    const hasProgram = view.status === "ready";
    setText(this.words, view.status === "failed" ? view.reason : words);
    this.branch.hidden = this.isReadOnly || view.status === "logged";
    this.branch.disabled = !hasProgram;
    this.tabs.hidden = this.sheet.hidden = view.status === "failed";
    if (!this.sheets.includes(this.shown)) this.shown = this.sheets[0]!;
    this.askWhatLacks();
    fill(
      this.tabs,
      ...this.sheets.map((sheet) => {
        const tab = button(NAMES[sheet], () => this.turn(sheet), { class: "tv-tab tv-small" });
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-selected", String(sheet === this.shown));
        return tab;
      }),
    );
    this.drawSheet();
  }

  private turn(sheet: Sheet): void {
    this.shown = sheet;
    if (this.view) this.show(this.view, this.said);
    (this.tabs.querySelector('[aria-selected="true"]') as HTMLElement | null)?.focus();
  }

  /** The sheets that there are of the trial shown. */
  private get sheets(): Sheet[] {
    if (this.view?.status === "logged") return this.view.steps.length > 0 ? ["facts", "instructions", "raw"] : ["facts", "raw"];
    return ["steps", "diff", "program", "code", "model"];
  }

  /** What takes long is made when its sheet is looked at. */
  private askWhatLacks(): void {
    const { view, shown } = this;
    if (view?.status !== "ready" || this.asked === `${view.run} ${view.number} ${shown}`) return;
    this.asked = `${view.run} ${view.number} ${shown}`;
    if (shown === "code" && !view.code) this.actions.code(view.run, view.number);
    if (shown === "model" && !view.contributions) this.actions.contributions(view.run, view.number);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.actions.close();
  }

  private drawSheet(): void {
    const { steps, program, diff, code, facts, raw } = this.view!;
    const hasModel = this.shown === "model" && this.view!.status === "ready";
    this.model.hidden = !hasModel;
    if (hasModel) this.sheet.hidden = true;
    if (hasModel) return this.drawModel();
    const changed = diff.some(([sign]) => sign !== " ");
    const lines: Record<Sheet, [sign: string, line: string][]> = {
      steps: steps.map((line) => ["", line]),
      program: program.map((line) => ["", line]),
      diff: changed ? diff : [["", this.isReadOnly ? "The same program as before any step." : "The same program as the lab's."]],
      facts: facts.map(([name, value]) => ["", `${name}: ${value}`]),
      instructions: steps.map((line) => ["", line]),
      raw: [["", raw]],
      model: [],
      code: code ? code.trimEnd().split("\n").map((line) => ["", line.replaceAll("\t", "    ")]) : [["", "Making assembly…"]],
    };
    const shown = lines[this.shown];
    this.sheet.setAttribute("aria-label", NAMES[this.shown]);
    this.sheet.classList.toggle("tv-wrapped", this.shown === "raw" || this.shown === "facts");
    if (this.shown === "facts") return fill(this.sheet, factTable(facts), el("p", { class: "tv-why" }, this.view!.reason));
    fill(this.sheet, ...shown.map(([sign, line]) => el("div", { class: sign === "+" ? "tv-plus" : sign === "-" ? "tv-minus" : "" }, `${this.shown === "diff" ? (sign === "-" ? "−" : sign || " ") : ""}${line}`)));
  }

  /** Marks what speaks of any of `loops`: features, and lines of the trial's program. */
  light(loops: LoopRef[]): void {
    if (this.shown !== "model") return;
    this.features.light(loops);
    for (const line of this.painted.children as Iterable<Element> & HTMLCollection) {
      const { block, loop } = (line as HTMLElement).dataset;
      line.classList.toggle("tv-lit", loop !== undefined && loops.some((other) => isSame(other, { block: block!, loop })));
    }
  }

  /** The program with what each loop adds, and the features behind it. */
  private drawModel(): void {
    const { program, marks, contributions, loops } = this.view!;
    const figures = new Map(marks.map((mark) => [mark.line, mark]));
    fill(
      this.painted,
      ...program.map((text, n) => {
        const [mark, loop] = [figures.get(n), loops[n]];
        const focus = (to: LoopRef | null) => {
          this.features.focus(to);
          this.actions.point(to ? [to] : []);
        };
        const line = el(
          "div",
          { class: loop ? "tv-loop" : "", "data-block": loop?.block, "data-loop": loop?.loop, onmouseenter: () => focus(loop ?? null), onmouseleave: () => focus(null) },
          mark ? loopFigure(mark, true) : null,
          text,
        );
        return line;
      }),
    );
    this.features.update(contributions ?? ASKED);
  }
}

const ASKED: ContributionsView = { status: "working", reason: "", is_stale: false, model: "", total: "", parts: [] };

/** What a log tells by name, as a table. */
function factTable(facts: [name: string, value: string][]): HTMLElement {
  const rows = facts.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)));
  return el("table", { class: "tv-facts", "aria-label": "What the log tells" }, el("tbody", {}, ...rows));
}

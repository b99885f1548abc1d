// One trial looked at closely: its steps, its program, how that differs from the lab's, its code; and
// the fastest trials, where none is chosen.

import type { TrialView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { digits } from "../format.js";
import type { Trials } from "../trials.js";
import { trialWords, type Settings } from "./settings.js";

const LEADERS = 8;
type Sheet = "steps" | "diff" | "program" | "code";
const SHEETS: Record<Sheet, string> = { steps: "Steps", diff: "Difference", program: "Program", code: "Code" };

export interface PanelActions {
  inspect(number: number): void;
  open(run: number, number: number): void;
  code(run: number, number: number): void;
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
  private shown: Sheet = "steps";
  private view: TrialView | null = null;

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
    this.fastest = el("figure", {}, el("figcaption", {}, "Fastest trials"), this.leaders);
    this.trial = el(
      "figure",
      { class: "tv-trial", onkeydown: (event) => this.onKey(event as KeyboardEvent) },
      el("figcaption", {}, this.title, close),
      this.words,
      this.tabs,
      this.sheet,
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
    this.fastest.hidden = view !== null;
    this.trial.hidden = view === null;
    if (!view) return;
    setText(this.title, `Trial ${view.number}`);
    setText(this.words, view.status === "failed" ? view.reason : words);
    this.branch.hidden = this.isReadOnly;
    this.branch.disabled = view.status !== "ready";
    this.tabs.hidden = this.sheet.hidden = view.status === "failed";
    fill(
      this.tabs,
      ...(Object.entries(SHEETS) as [Sheet, string][]).map(([sheet, name]) => {
        const tab = button(name, () => this.turn(sheet), { class: "tv-tab tv-small" });
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-selected", String(sheet === this.shown));
        return tab;
      }),
    );
    this.drawSheet();
  }

  private turn(sheet: Sheet): void {
    this.shown = sheet;
    if (this.view) this.show(this.view, this.words.textContent!);
    if (sheet === "code" && this.view?.status === "ready" && !this.view.code) this.actions.code(this.view.run, this.view.number);
    (this.tabs.querySelector('[aria-selected="true"]') as HTMLElement | null)?.focus();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.actions.close();
  }

  private drawSheet(): void {
    const { steps, program, diff, code } = this.view!;
    const changed = diff.some(([sign]) => sign !== " ");
    const lines: Record<Sheet, [sign: string, line: string][]> = {
      steps: steps.map((line) => ["", line]),
      program: program.map((line) => ["", line]),
      diff: changed ? diff : [["", this.isReadOnly ? "The same program as before any step." : "The same program as the lab's."]],
      code: code ? code.trimEnd().split("\n").map((line) => ["", line.replaceAll("\t", "    ")]) : [["", "Making assembly…"]],
    };
    const shown = lines[this.shown];
    this.sheet.setAttribute("aria-label", SHEETS[this.shown]);
    fill(this.sheet, ...shown.map(([sign, line]) => el("div", { class: sign === "+" ? "tv-plus" : sign === "-" ? "tv-minus" : "" }, `${this.shown === "diff" ? (sign === "-" ? "−" : sign || " ") : ""}${line}`)));
  }
}

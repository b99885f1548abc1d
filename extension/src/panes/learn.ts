// Exercises beside the lab: a list, the one that is open with its hints and the grader's words, and
// a card to guess on before a measurement is shown.

import type { ExerciseView, GradeView, LearnView, QuestionView, TaskView } from "../schema.js";
import { button, copyText, el, fill, setText } from "../dom.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import "./learn.css";

const MARKS = { new: "○", tried: "◐", passed: "✓" } as const;
const SAID = { new: "not begun", tried: "handed in, not passed yet", passed: "passed" } as const;

export class Learn implements Drawn<LearnView> {
  private readonly list = el("div", { class: "tv-exercises", role: "group", "aria-label": "Exercises" });
  private readonly task = el("div", { class: "tv-task", tabindex: 0, role: "group", "aria-label": "Exercise" });
  private readonly bar = el("header", { class: "tv-bar", hidden: true });
  private readonly title = el("b", { class: "tv-ellipsis" });
  private readonly facts = el("span", { class: "tv-dim tv-grow tv-ellipsis", role: "status" });
  private readonly begin: HTMLButtonElement;
  private readonly hint: HTMLButtonElement;
  private readonly check: HTMLButtonElement;
  private readonly refusal = refusalBox();
  private readonly failure = el("div", { class: "tv-refusal", role: "alert", hidden: true });
  private readonly answer: Form;
  private readonly guess: Guess;
  private readonly body = el("div", { class: "tv-task-body" });
  private state: LearnView | null = null;
  private drawn = "";

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    this.begin = button("Begin", () => host.ask({ intent: "begin_exercise" }), {
      title: "Show the schedule that the exercise begins with; undo brings yours back",
    });
    this.hint = button("Hint", () => host.ask({ intent: "next_hint" }), { title: "Show the next hint" });
    this.check = button("Check", () => this.handIn(), {
      class: "tv-primary",
      title: "Judge the answer as `tvmlab grade` does: correctness at hidden sizes, speed on this machine",
    });
    this.answer = new Form(() => this.enable());
    this.guess = new Guess(host);
    this.bar.append(this.title, this.facts, this.begin, this.hint, this.check);
    this.task.append(this.failure, this.refusal, this.body);
    this.list.addEventListener("keydown", (event) => this.move(event));
    root.append(
      el("nav", { class: "tv-learn-list", "aria-label": "Exercises" }, this.list),
      el("div", { class: "tv-learn-task" }, this.bar, this.task),
      this.guess.node,
    );
  }

  update(state: LearnView): void {
    this.state = state;
    const { task } = state;
    this.drawList(state.exercises, task?.name ?? "");
    this.bar.hidden = task === null;
    showRefusal(this.refusal, state.refusal);
    this.failure.hidden = !state.reason;
    setText(this.failure, state.reason);
    if (task) this.drawBar(task, state);
    const stamp = JSON.stringify([task, state.grade]);
    if (stamp !== this.drawn) this.drawTask(task, state.grade);
    this.drawn = stamp;
    this.guess.update(state);
    this.enable();
  }

  private drawList(exercises: ExerciseView[], open: string): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset["exercise"];
    fill(this.list, ...exercises.map((entry) => this.entry(entry, entry.name === open)));
    if (focused) this.list.querySelector<HTMLElement>(`[data-exercise="${focused}"]`)?.focus();
  }

  private entry(entry: ExerciseView, isOpen: boolean): HTMLElement {
    const { name, title, kind, status, reached, points } = entry;
    const node = button("", () => this.host.ask({ intent: "open_exercise", name }), {
      class: "tv-exercise",
      title: `${title}\n${kind}; ${SAID[status]}, ${short(reached)} of ${points} points`,
    });
    node.dataset["exercise"] = name;
    node.setAttribute("aria-pressed", String(isOpen));
    node.append(
      el("span", { class: `tv-exercise-mark tv-is-${status}`, "aria-hidden": "true" }, MARKS[status]),
      el("span", { class: "tv-grow tv-ellipsis" }, title),
      el("span", { class: "tv-hidden" }, `, ${SAID[status]}, `),
      el("span", { class: "tv-dim tv-num" }, `${short(reached)}/${points}`),
    );
    return node;
  }

  private move(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const entries = [...this.list.querySelectorAll<HTMLElement>("button")];
    const place = entries.indexOf(document.activeElement as HTMLElement);
    entries[Math.max(0, Math.min(entries.length - 1, place + step))]?.focus();
  }

  private drawBar(task: TaskView, state: LearnView): void {
    const isChecking = state.going === "check";
    setText(this.title, task.title);
    this.title.title = task.title;
    setText(this.facts, isChecking ? state.stage : `${task.kind} · ${task.points} points`);
    this.begin.hidden = !(task.is_here && task.has_start);
    setText(this.hint, task.hints_left ? `Hint (${task.hints_left} left)` : "No more hints");
    this.hint.disabled = task.hints_left === 0;
    setText(this.check, isChecking ? "Checking…" : "Check");
  }

  private enable(): void {
    const { task, going } = this.state ?? { task: null, going: "" };
    if (!task) return;
    const isReady = task.questions.length ? this.answer.isComplete : task.is_here;
    this.check.disabled = going !== "" || !isReady;
  }

  private handIn(): void {
    this.host.ask({ intent: "check_exercise", ...this.answer.values });
  }

  private drawTask(task: TaskView | null, grade: GradeView | null): void {
    if (!task) {
      fill(this.body, el("p", { class: "tv-empty" }, "Open an exercise: each is judged here, and nothing leaves this machine."));
      return;
    }
    this.answer.draw(task.name, task.questions, task.is_guess);
    const code = (label: string, text: string) =>
      text && el("figure", {}, el("figcaption", { class: "tv-dim" }, label), el("pre", { class: "tv-mono", tabindex: 0 }, text));
    fill(
      this.body,
      grade && graded(grade),
      ...task.text.map((part) => el("p", {}, part)),
      el("p", { class: "tv-dim" }, "Workload ", el("code", { class: "tv-mono" }, task.workload)),
      !task.is_here && !task.questions.length && elsewhere(task.code),
      code("The schedule begins with", task.start),
      task.refused ? el("p", { class: "tv-refusal" }, `Refused there: ${task.refused}`) : null,
      code(task.start ? "Beside it" : "Given", task.shown),
      task.questions.length > 0 && this.answer.node,
      task.hints.length > 0 && el("ol", { class: "tv-hints", "aria-label": "Hints" }, ...task.hints.map((hint) => el("li", {}, hint))),
    );
  }
}

/** Questions with their options, and how sure the answer is; keeps what was chosen. */
class Form {
  readonly node = el("div", { class: "tv-asking" });
  private name = "";
  private chosen: Record<string, string> = {};
  private sure = 75;
  private questions: QuestionView[] = [];
  private hasSlider = false;

  constructor(
    private readonly changed: () => void,
    private readonly end?: HTMLElement,
  ) {}

  get isComplete(): boolean {
    return this.questions.every(({ name }) => this.chosen[name]);
  }

  get values(): Record<string, string | number> {
    return { ...this.chosen, ...(this.hasSlider ? { confidence: this.sure / 100 } : {}) };
  }

  draw(name: string, questions: QuestionView[], hasSlider: boolean): void {
    const stamp = JSON.stringify([name, questions]);
    if (stamp === this.name) return;
    this.name = stamp;
    this.questions = questions;
    this.chosen = {};
    this.hasSlider = hasSlider;
    fill(this.node, ...questions.map((question) => this.choices(question)), hasSlider && el("div", { class: "tv-sure-row" }, this.slider(), this.end));
  }

  private choices(question: QuestionView): HTMLElement {
    const options = question.options.map((option) => {
      const node = button(option, () => this.choose(question.name, option, node), { class: "tv-toggle tv-option" });
      node.setAttribute("aria-pressed", "false");
      return node;
    });
    const row = el("div", { class: "tv-options", role: "group", "aria-label": question.asked }, ...options);
    return el("div", { class: "tv-question" }, el("span", {}, question.asked), row);
  }

  private choose(name: string, option: string, node: HTMLElement): void {
    this.chosen[name] = option;
    for (const other of node.parentElement!.children) other.setAttribute("aria-pressed", String(other === node));
    this.changed();
  }

  private slider(): HTMLElement {
    const said = el("output", { class: "tv-num" }, `${this.sure} % sure`);
    const input = el("input", {
      type: "range",
      min: 50,
      max: 100,
      step: 5,
      value: this.sure,
      "aria-label": "How sure you are, in percent",
      oninput: () => {
        this.sure = Number(input.value);
        setText(said, `${this.sure} % sure`);
        input.setAttribute("aria-valuetext", `${this.sure} % sure`);
      },
    });
    return el("label", { class: "tv-sure", title: "50 % is a coin, 100 % is certain; being sure and wrong costs most" }, input, said);
  }
}

/** The card: a question about the program shown, a guess, and what it turned out to be. */
class Guess {
  readonly node = el("aside", { class: "tv-guess", tabindex: 0, "aria-label": "Guess, then reveal" });
  private readonly reveal: HTMLButtonElement;
  private readonly stage = el("p", { class: "tv-dim tv-ellipsis", role: "status", hidden: true });
  private readonly form: Form;
  private readonly tabs = el("div", { class: "tv-options", role: "group", "aria-label": "Question" });
  private readonly verdict = el("p", { class: "tv-verdict", role: "status", hidden: true });
  private readonly score = el("p", { class: "tv-dim", hidden: true });
  private asked = "";
  private state: LearnView | null = null;

  constructor(private readonly host: Host) {
    this.reveal = button("Reveal", () => this.ask(), { class: "tv-primary", title: "Measure, and see whether the guess was right" });
    this.form = new Form(() => this.enable(), this.reveal);
    this.node.append(
      el("header", { class: "tv-guess-head" }, el("b", { class: "tv-grow tv-ellipsis" }, "Guess, then reveal"), this.tabs),
      this.form.node,
      this.stage,
      this.verdict,
      this.score,
    );
  }

  update(state: LearnView): void {
    this.state = state;
    const { questions, verdict, words, calibration } = state.guess;
    if (!questions.some(({ name }) => name === this.asked)) this.asked = questions[0]?.name ?? "";
    this.drawTabs(questions);
    setText(this.reveal, state.going === "reveal" ? "Measuring…" : "Reveal");
    this.stage.hidden = state.going !== "reveal";
    setText(this.stage, state.stage);
    this.verdict.hidden = !words;
    const said = { "": "", right: "✓ Right. ", wrong: "✗ Not so. ", open: "? Can't tell. " }[verdict];
    setText(this.verdict, said + words);
    this.verdict.dataset["verdict"] = verdict;
    this.score.hidden = !calibration;
    setText(this.score, calibration && `So far: ${calibration}.`);
    this.enable();
  }

  private drawTabs(questions: QuestionView[]): void {
    const labels: Record<string, string> = { speed: "Speed", bound: "Bound" };
    const had = this.tabs.contains(document.activeElement);
    fill(
      this.tabs,
      ...questions.map(({ name }) => {
        const node = button(labels[name] ?? name, () => this.turn(name), { class: "tv-toggle tv-option" });
        node.setAttribute("aria-pressed", String(name === this.asked));
        return node;
      }),
    );
    if (had) this.tabs.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
    const question = questions.filter(({ name }) => name === this.asked);
    this.form.draw(this.asked, question, true);
  }

  private turn(name: string): void {
    this.asked = name;
    if (this.state) this.update(this.state);
  }

  private enable(): void {
    this.reveal.disabled = !this.form.isComplete || (this.state?.going ?? "") !== "";
  }

  private ask(): void {
    const { confidence, ...chosen } = this.form.values;
    this.host.ask({ intent: "reveal", question: this.asked, choice: chosen[this.asked], confidence });
  }
}

function graded(grade: GradeView): HTMLElement {
  const words = grade.is_passed ? "✓ Passed" : "✗ Not passed yet";
  const head = el("div", { class: "tv-grade-head" }, el("b", {}, words), ` ${short(grade.points)} of ${grade.of} points`);
  if (!grade.is_current) head.append(el("span", { class: "tv-dim" }, " · the schedule has changed since"));
  const rows = grade.marks.map((mark) =>
    el(
      "li",
      { class: mark.is_passed ? "tv-good" : "tv-bad" },
      el("span", { class: "tv-grade-mark", "aria-label": mark.is_passed ? "reached" : "not reached" }, mark.is_passed ? "+" : "−"),
      el("span", {}, el("b", {}, mark.what), `: ${mark.words}`),
    ),
  );
  const node = el("section", { class: "tv-grade", "aria-label": "What the grader found" }, head, el("ul", {}, ...rows));
  node.classList.toggle("tv-stale", !grade.is_current);
  return node;
}

function elsewhere(line: string): HTMLElement {
  const copy = button("Copy", () => void copyText(line, copy));
  return el("p", { class: "tv-elsewhere" }, "It is of another expression than this lab. In a cell: ", el("code", { class: "tv-mono" }, line), copy);
}

/** Points without a needless decimal: 10, 8.5. */
function short(points: number): string {
  return String(Math.round(points * 10) / 10);
}

export default pane<LearnView>("learn", (root, host) => new Learn(root, host));

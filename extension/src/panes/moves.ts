// What can be done with the selected loop: a table of all legal moves, with what each is told and
// measured to bring; or, of one kind, every primitive as a chip and its arguments as fields. Always
// beside it the line of Python that would be appended.

import type { FieldView, MoveView, MovesView, StepView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { digits, time } from "../format.js";
import { MoveTable } from "../move_table.js";
import { buttonsAround, Palette, showTab, tabTitles, type Command } from "../palette.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import "./moves.css";

type Values = Record<string, string>;

/** The group that is all of them. */
const ALL = "all";

/** So many moves are measured at once, the first as they stand. */
const MEASURED = 20;

export class Moves implements Drawn<MovesView> {
  private readonly target = el("span", { class: "tv-grow tv-ellipsis tv-mono" });
  private readonly groups = el("div", { class: "tv-groups", role: "tablist", "aria-label": "Kinds of steps" });
  private readonly chips = el("div", { class: "tv-chips", role: "tablist", "aria-label": "Steps" });
  private readonly form = el("form", { class: "tv-form", novalidate: true });
  private readonly line = el("code", { class: "tv-line tv-mono" });
  private readonly effect = el("span", { class: "tv-dim tv-grow tv-ellipsis" });
  private readonly apply = button("Apply", () => this.submit(), { class: "tv-primary" });
  private readonly refusal = refusalBox();
  private readonly table = new MoveTable({
    choose: (step, move) => this.take(step, move),
    apply: () => this.submit(),
    form: (step) => this.choose(step, true),
  });
  private readonly stage = el("div", { class: "tv-stage tv-dim", role: "status" });
  private readonly now = el("span", { class: "tv-dim tv-now" });
  private readonly measure = button("Measure moves", () => this.toggleMeasuring(), {
    title: `Build and time the first ${MEASURED} moves as they stand, one after another`,
  });
  private readonly palette: Palette;
  private readonly empty = el(
    "p",
    { class: "tv-empty" },
    "Click a loop in the program to see what can be done with it.",
  );
  private readonly work: HTMLElement;
  private state: MovesView | null = null;
  private step = "";
  private group = ALL;
  private asked = "";
  private token = 0;
  private drafts = new Map<string, Values>();
  private targetKey = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly host: Host,
  ) {
    const commands = button("Commands", () => this.palette.open(), { title: "Search moves and commands (Ctrl+K)" });
    commands.setAttribute("aria-keyshortcuts", "Control+K");
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.submit();
    });
    this.form.addEventListener("input", () => this.onInput());
    this.work = el(
      "div",
      { class: "tv-moves-work" },
      this.groups,
      this.chips,
      this.form,
      el("div", { class: "tv-preview" }, this.line, this.apply),
      el("div", { class: "tv-effect" }, this.effect),
      this.refusal,
      this.stage,
      this.table.root,
    );
    root.append(
      el("header", { class: "tv-bar" }, el("span", { class: "tv-title" }, "Moves"), this.target, this.now, this.measure, commands),
      this.empty,
      this.work,
    );
    this.palette = new Palette(root, () => this.commands());
  }

  dispose(): void {
    this.palette.dispose();
  }

  update(state: MovesView): void {
    const key = state.target ? `${state.target.block}.${state.target.loop}` : "";
    const isNewTarget = key !== this.targetKey;
    if (isNewTarget) this.drafts.clear();
    this.targetKey = key;
    this.state = state;
    this.empty.hidden = state.target !== null;
    this.work.hidden = state.target === null;
    fill(
      this.target,
      state.target && el("b", {}, `${state.target.loop}`),
      state.target && ` in ${state.target.block} `,
      el("span", { class: "tv-dim tv-facts" }, state.target_facts),
    );
    if (this.group === ALL) {
      if (isNewTarget || !this.offeredLine()) this.step = "";
    } else if (!this.current) {
      // Never another step in its place: Apply pressed once more would take it.
      this.group = ALL;
      this.step = "";
    }
    this.drawGroups();
    this.drawChips();
    if (isNewTarget || !this.form.contains(document.activeElement)) this.drawStep();
    else this.drawOffers();
    this.drawPreview();
    this.drawColumn();
    if (isNewTarget) this.table.root.scrollTop = 0;
    // A change of state takes the preview away; an older one means that an answer is on its way.
    if (state.target && state.preview === null) this.preview();
    this.predict(key);
  }

  /** Asks once for what is told of the moves listed, if it is not there yet. */
  private predict(target: string): void {
    const lines = this.state!.steps.flatMap(({ moves }) => moves.map(({ line }) => line));
    const wanted = JSON.stringify([target, lines]);
    const { told } = this.state!.column;
    if (told !== "none" || lines.length === 0) this.asked = told === "working" ? wanted : "";
    else if (this.asked !== wanted) {
      this.asked = wanted;
      this.host.ask({ intent: "predict" });
    }
  }

  /** How long the program is told to take now, and what is being measured. */
  private drawColumn(): void {
    const { now_s, now_low_s, now_high_s, stage, reason } = this.state!.column;
    setText(this.now, now_s ? `now ≈ ${time(now_s)}` : "");
    this.now.title = now_s ? `Told from the program: between ${time(now_low_s)} and ${time(now_high_s)}` : "";
    setText(this.measure, stage ? "Stop" : "Measure moves");
    this.measure.disabled = this.table.lines.length === 0;
    setText(this.stage, stage ? `Measuring ${stage}` : reason);
    this.stage.hidden = !stage && !reason;
  }

  private toggleMeasuring(): void {
    if (this.state?.column.stage) this.host.ask({ intent: "stop_moves" });
    else this.host.ask({ intent: "measure_moves", lines: this.table.lines.slice(0, MEASURED) });
  }

  /** All that can be done in the lab: the legal moves here, the quickest as told first. */
  private commands(): Command[] {
    const ask = (name: string, hint: string, intent: string, more = {}): Command => ({
      name,
      hint,
      run: () => this.host.ask({ intent, ...more }),
    });
    const column = this.state?.column;
    const ratio = (line: string) => column?.predictions[line]?.ratio || undefined;
    const moves = (this.state?.steps ?? []).flatMap((step) =>
      step.moves.map(({ line }) => ({
        name: line,
        hint: `${step.step}${ratio(line) === undefined ? "" : ` · ×${digits(ratio(line)!)} the time`}`,
        order: ratio(line) ?? Infinity,
        run: () => this.host.ask({ intent: "apply", line }),
      })),
    );
    moves.sort((a, b) => (a.order === b.order ? 0 : a.order - b.order));
    return [
      ask("Undo", "Schedule · Ctrl+Z", "undo"),
      ask("Redo", "Schedule · Ctrl+Shift+Z", "redo"),
      ask("Measure", "the program, quickly", "measure"),
      ask("Measure to 1 %", "the program, certified", "measure", { certified: true }),
      { name: "Measure moves", hint: "those listed, one after another", run: () => this.toggleMeasuring() },
      ask("Price steps", "what each step of the schedule is worth", "price"),
      ask("Pin", "this state, to compare with", "pin"),
      ask("Unpin", "compare with nothing", "unpin"),
      ask("Compare", "with the pinned state", "compare"),
      ask("Stop measuring", "whatever goes on", "cancel_measuring"),
      ...this.scheduleCommands(),
      ...tabTitles(this.root).map((title) => ({ name: `Show ${title}`, hint: "tab", run: () => showTab(this.root, title) })),
      ...moves,
    ];
  }

  /** What the schedule's own pane does: its buttons, and going to each of its steps. */
  private scheduleCommands(): Command[] {
    const files = [
      ["Copy", "Copy schedule", "all of it as Python"],
      ["Save", "Save schedule", "as a file, to share or to open again"],
      ["Open", "Open schedule", "from a file; this one stays as a branch"],
    ];
    const press = files.flatMap(([label, name, hint]) => {
      const found = buttonsAround(this.root, ".tv-trace header button").find((node) => node.textContent === label);
      return found ? [{ name: name!, hint: hint!, run: () => found.click() }] : [];
    });
    const goTo = buttonsAround(this.root, ".tv-trace .tv-go").map((step, position) => ({
      name: `Go to ${step.textContent}`,
      hint: position === 0 ? "the beginning" : `step ${position}`,
      run: () => this.host.ask({ intent: "go_to", position }),
    }));
    return [...press, ...goTo];
  }

  private get inGroup(): StepView[] {
    return this.state!.steps.filter(({ group }) => group === this.group);
  }

  private get current(): StepView | undefined {
    return this.state?.steps.find(({ step }) => step === this.step);
  }

  private get values(): Values {
    const draft = this.drafts.get(this.step);
    if (draft) return draft;
    const fields = this.current?.fields ?? [];
    return Object.fromEntries(fields.map((field) => [field.name, field.default]));
  }

  /** The step to begin with in a group: the first that is legal, else the first; none in no group. */
  private firstOf(group: string): string | undefined {
    const steps = this.state!.steps.filter((step) => step.group === group);
    return (steps.find(({ moves }) => moves.length > 0) ?? steps[0])?.step;
  }

  private drawGroups(): void {
    const names = [ALL, ...new Set(this.state!.steps.map(({ group }) => group))];
    const go = (name: string) => (name === ALL ? this.chooseAll() : this.choose(this.firstOf(name)!));
    const tabs = names.map((name) => {
      const legal = this.state!.steps.filter(({ group, moves }) => (group === name || name === ALL) && moves.length > 0).length;
      const tab = button(name[0]!.toUpperCase() + name.slice(1), () => go(name), {
        class: `tv-tab${legal ? "" : " tv-none-legal"}`,
        title: legal ? `${legal} of these steps are legal here` : "None of these steps is legal here",
      });
      tab.setAttribute("role", "tab");
      tab.dataset["group"] = name;
      tab.setAttribute("aria-selected", String(name === this.group));
      tab.tabIndex = name === this.group ? 0 : -1;
      return tab;
    });
    const hadFocus = this.groups.contains(document.activeElement);
    fill(this.groups, ...tabs);
    if (hadFocus) tabs.find((tab) => tab.tabIndex === 0)?.focus();
    this.groups.onkeydown = (event) => this.onArrow(event, names, this.group, go);
  }

  private drawChips(): void {
    const chips = this.inGroup.map(({ step, summary, refusal, moves }) => {
      const isChosen = step === this.step;
      const isRefused = refusal !== null && moves.length === 0;
      const chip = button(step, () => this.choose(step), {
        class: `tv-chip${isRefused ? " tv-refused" : ""}`,
        title: isRefused ? refusal.why : summary,
      });
      chip.setAttribute("role", "tab");
      chip.setAttribute("aria-selected", String(isChosen));
      chip.tabIndex = isChosen ? 0 : -1;
      chip.dataset["step"] = step;
      return chip;
    });
    const hadFocus = this.chips.contains(document.activeElement);
    fill(this.chips, ...chips);
    if (hadFocus) chips.find((chip) => chip.tabIndex === 0)?.focus();
    const names = this.state!.steps.map(({ step }) => step);
    this.chips.onkeydown = (event) => this.onArrow(event, names, this.step, (name) => this.choose(name));
  }

  private onArrow(event: KeyboardEvent, names: string[], now: string, go: (name: string) => void): void {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    go(names[(names.indexOf(now) + by + names.length) % names.length]!);
  }

  /** Opens the form of a step; `withFocus` puts the keyboard there. */
  private choose(step: string, withFocus = false): void {
    this.step = step;
    this.group = this.current?.group ?? ALL;
    this.redraw();
    if (withFocus) this.chips.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
    this.preview();
  }

  private chooseAll(): void {
    this.group = ALL;
    this.step = "";
    this.redraw();
  }

  private redraw(): void {
    this.drawGroups();
    this.drawChips();
    this.drawStep();
    this.drawPreview();
  }

  private drawStep(): void {
    const isAll = this.group === ALL;
    this.work.classList.toggle("tv-all", isAll);
    this.chips.hidden = this.form.hidden = isAll;
    const values = this.values;
    fill(this.form, ...(isAll ? [] : (this.current?.fields ?? [])).map((field) => fieldRow(field, values[field.name] ?? "")));
    this.drawOffers();
  }

  private drawOffers(): void {
    this.table.update(this.state!, this.group === ALL ? null : this.step, this.step ? this.offeredLine() : "");
  }

  private take(step: string, move: MoveView): void {
    this.step = step;
    this.drafts.set(step, { ...move.values });
    this.drawStep();
    this.drawPreview();
    this.preview();
  }

  private onInput(): void {
    const values: Values = {};
    for (const [name, value] of new FormData(this.form)) values[name] = String(value);
    this.drafts.set(this.step, values);
    this.preview();
  }

  private preview(): void {
    if (this.step) this.host.ask({ intent: "preview", step: this.step, values: this.values, token: ++this.token });
  }

  private submit(): void {
    if (this.current) this.host.ask({ intent: "apply", step: this.step, values: this.values });
  }

  /** The line of the offered move that the fields stand at; empty where there is none. */
  private offeredLine(): string {
    const values = this.values;
    const fits = ({ values: offered }: MoveView) =>
      Object.entries(offered).every(([name, value]) => values[name] === value);
    return this.current?.moves.find(fits)?.line ?? "";
  }

  /** The line under the fields: of the latest preview, else of the offer it equals. */
  private drawPreview(): void {
    const { preview, refusal } = this.state!;
    const fits = preview !== null && preview.step === this.step && preview.token >= this.token;
    setText(this.line, fits ? preview.line : this.offeredLine());
    this.line.classList.toggle("tv-none", !this.step);
    if (!this.step) setText(this.line, "Choose a move to see what it does");
    this.line.title = this.line.textContent ?? "";
    setText(this.effect, (fits && preview.effect) || (this.current?.summary ?? ""));
    const shown = refusal ?? (fits ? preview.refusal : null);
    this.apply.disabled = !this.step || (fits && preview.refusal !== null);
    showRefusal(this.refusal, shown);
    this.effect.parentElement!.hidden = shown !== null || !this.step;
  }
}

function fieldRow(field: FieldView, value: string): HTMLElement {
  const input = el("input", {
    name: field.name,
    title: field.hint,
    "aria-label": `${field.label}: ${field.hint}`,
    class: "tv-input tv-mono",
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    placeholder: field.hint,
  });
  input.value = value;
  return el("label", { class: "tv-field" }, el("span", {}, field.label), input);
}

export default pane<MovesView>("moves", (root, host) => new Moves(root, host));

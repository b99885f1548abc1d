// What can be done with the selected loop: every primitive as a chip, its arguments as fields, the
// line of Python that it would append, and the legal instances worth trying.

import type { FieldView, MoveView, MovesView, StepView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import "./moves.css";

type Values = Record<string, string>;

export class Moves implements Drawn<MovesView> {
  private readonly target = el("span", { class: "tv-grow tv-ellipsis tv-mono" });
  private readonly groups = el("div", { class: "tv-groups", role: "tablist", "aria-label": "Kinds of steps" });
  private readonly chips = el("div", { class: "tv-chips", role: "tablist", "aria-label": "Steps" });
  private readonly form = el("form", { class: "tv-form", novalidate: true });
  private readonly line = el("code", { class: "tv-line tv-mono" });
  private readonly effect = el("span", { class: "tv-dim tv-grow tv-ellipsis" });
  private readonly apply = button("Apply", () => this.submit(), { class: "tv-primary" });
  private readonly refusal = refusalBox();
  private readonly offers = el("ul", { class: "tv-offers", "aria-label": "Legal moves here" });
  private readonly empty = el(
    "p",
    { class: "tv-empty" },
    "Click a loop in the program to see what can be done with it.",
  );
  private readonly work: HTMLElement;
  private state: MovesView | null = null;
  private step = "";
  private group = "";
  private token = 0;
  private drafts = new Map<string, Values>();
  private targetKey = "";

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
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
      this.offers,
    );
    root.append(
      el("header", { class: "tv-bar" }, el("span", { class: "tv-title" }, "Moves"), this.target),
      this.empty,
      this.work,
    );
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
      el("span", { class: "tv-dim" }, state.target_facts),
    );
    if (!this.current) this.step = this.firstOf(this.group) ?? state.steps[0]?.step ?? "";
    this.group = this.current?.group ?? "";
    this.drawGroups();
    this.drawChips();
    if (isNewTarget || !this.form.contains(document.activeElement)) this.drawStep();
    else this.drawOffers();
    this.drawPreview();
    // A change of state takes the preview away; an older one means that an answer is on its way.
    if (state.target && state.preview === null) this.preview();
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
    const names = [...new Set(this.state!.steps.map(({ group }) => group))];
    const tabs = names.map((name) => {
      const legal = this.state!.steps.filter(({ group, moves }) => group === name && moves.length > 0).length;
      const tab = button(name[0]!.toUpperCase() + name.slice(1), () => this.choose(this.firstOf(name)!), {
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
    this.groups.onkeydown = (event) => this.onArrow(event, names, this.group, (name) => this.choose(this.firstOf(name)!));
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

  private choose(step: string): void {
    this.step = step;
    this.group = this.current?.group ?? "";
    this.drawGroups();
    this.drawChips();
    this.drawStep();
    this.preview();
  }

  private drawStep(): void {
    const step = this.current;
    const values = this.values;
    fill(this.form, ...(step?.fields ?? []).map((field) => fieldRow(field, values[field.name] ?? "")));
    this.drawOffers();
  }

  private drawOffers(): void {
    // A step without fields has one instance, which the preview shows already.
    const moves = this.current?.fields.length ? this.current.moves : [];
    fill(this.offers, ...moves.map((move) => this.offer(move)));
  }

  private offer(move: MoveView): HTMLElement {
    const take = button(move.line, () => this.take(move), {
      class: "tv-offer tv-mono",
      title: `${move.line}\nClick to fill the fields, double-click to apply`,
    });
    take.addEventListener("dblclick", () => this.submit());
    return el("li", {}, take);
  }

  private take(move: MoveView): void {
    this.drafts.set(this.step, { ...move.values });
    this.drawStep();
    this.preview();
  }

  private onInput(): void {
    const values: Values = {};
    for (const [name, value] of new FormData(this.form)) values[name] = String(value);
    this.drafts.set(this.step, values);
    this.preview();
  }

  private preview(): void {
    this.host.ask({ intent: "preview", step: this.step, values: this.values, token: ++this.token });
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
    this.line.title = this.line.textContent ?? "";
    setText(this.effect, (fits && preview.effect) || (this.current?.summary ?? ""));
    const shown = refusal ?? (fits ? preview.refusal : null);
    this.apply.disabled = fits && preview.refusal !== null;
    showRefusal(this.refusal, shown);
    this.effect.parentElement!.hidden = shown !== null;
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

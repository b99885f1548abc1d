// What binds the program, in sentences that lead to its loops; what should help; and the same for a
// machine that one thinks of: sliders, and the states' ranks on it.

import type { ExplainView, FactView, IdeaView, MachineView, ShareView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { digits } from "../format.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import { table, WhatIf, type Slider } from "../what_if.js";
import "./explain.css";

/** What can be changed of the machine: its field, what it is called, and the values it takes. */
const SLIDERS: Slider<MachineView>[] = [
  { name: "cores", label: "Cores", values: [1, 2, 4, 8, 16, 32, 64], words: String },
  { name: "vector_bits", label: "Vectors", values: [128, 256, 512], words: (v) => `${v} bits` },
  { name: "cache_times", label: "Caches", values: [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], words: times },
  { name: "memory_times", label: "Memory", values: [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], words: times },
];

function times(value: number): string {
  if (value === 1) return "as here";
  return value < 1 ? `1/${Math.round(1 / value)}` : `×${value}`;
}

export class Explain implements Drawn<ExplainView> {
  private readonly status = el("span", { class: "tv-dim tv-grow tv-ellipsis", role: "status" });
  private readonly reset: HTMLButtonElement;
  private readonly facts = el("ul", { class: "tv-facts", "aria-label": "What can be said of this program" });
  private readonly ideas = el("ol", { class: "tv-ideas" });
  private readonly noIdeas = el("p", { class: "tv-dim" });
  private readonly shares = el("tbody");
  private readonly whatIf = new WhatIf<MachineView>(SLIDERS, (machine) => this.ask(machine));
  private readonly elsewhere = el("div", {}, el("h4", {}, "What if the machine were another"), this.whatIf.sliders, this.whatIf.ranking);
  private readonly refusal = refusalBox();
  private readonly body: HTMLElement;
  private readonly seen: IntersectionObserver | null = null;
  private state: ExplainView | null = null;
  private isSeen = false;
  private asked = false;

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    this.reset = button("This machine", () => this.ask({}), { title: "Put the sliders back to the machine at hand" });
    this.body = el(
      "div",
      { class: "tv-explain-body", tabindex: 0, role: "group", "aria-label": "Explanation" },
      el("div", {}, this.facts, el("h4", {}, "What should help"), this.ideas, this.noIdeas),
      el(
        "div",
        {},
        table("Where the time goes", ["Alone it would take", ""], this.shares),
        this.elsewhere,
      ),
    );
    root.append(el("header", { class: "tv-bar" }, this.status, this.reset), this.refusal, this.body);
    if (typeof IntersectionObserver !== "undefined") {
      this.seen = new IntersectionObserver((entries) => {
        this.isSeen = entries.at(-1)!.isIntersecting;
        this.follow();
      });
      this.seen.observe(root);
    }
  }

  update(state: ExplainView): void {
    this.state = state;
    if (state.status !== "working") this.asked = false;
    const { machine, this_machine: here } = state;
    const isOther = machine !== null && here !== null && this.whatIf.isOther(machine, here);
    const doing = { idle: "", working: "Looking…", ready: "", failed: state.reason }[state.status];
    setText(this.status, doing || (isOther && machine ? `On ${this.whatIf.words(machine)}, as told from the program` : "As told from the program; measure to be sure"));
    this.reset.hidden = !isOther;
    showRefusal(this.refusal, state.refusal);
    this.body.classList.toggle("tv-stale", state.is_stale);
    this.body.hidden = machine === null;
    fill(this.facts, ...state.facts.map((fact) => this.fact(fact)));
    fill(this.ideas, ...state.ideas.map((idea) => this.idea(idea)));
    setText(this.noIdeas, state.status === "ready" && !state.ideas.length ? "No single step should make it 5 % faster." : "");
    fill(this.shares, ...state.shares.map(share));
    if (machine) this.whatIf.update(machine, state.states, state.status === "working");
    this.follow();
  }

  dispose(): void {
    this.seen?.disconnect();
  }

  /** Asks for the explanation of what is shown, while somebody looks. */
  private follow(): void {
    const state = this.state;
    if (!state || !this.isSeen || this.asked || state.status === "working") return;
    if (state.status === "idle" || state.is_stale) this.ask();
  }

  private ask(machine?: object): void {
    this.asked = true;
    this.host.ask(machine === undefined ? { intent: "explain" } : { intent: "explain", machine });
  }

  private fact({ kind, text, at }: FactView): HTMLElement {
    const item = el("li", { class: `tv-fact tv-fact-${kind}` }, el("span", { class: "tv-fact-kind" }, kind));
    item.append(
      at === null
        ? el("span", {}, text)
        : button(text, () => this.host.ask({ intent: "select", ...at }), { class: "tv-fact-text", title: `Select ${at.loop} of ${at.block}` }),
    );
    return item;
  }

  private idea({ line, ratio, low, high }: IdeaView): HTMLElement {
    const take = button(line, () => this.host.ask({ intent: "apply", line, place: "explain" }), {
      class: "tv-idea tv-mono",
      title: `${line}\nClick to apply`,
    });
    const figures = `×${digits(ratio)} the time (${digits(low)} to ${digits(high)})`;
    return el("li", {}, take, el("span", { class: "tv-num", title: "The time after over the time now" }, figures));
  }
}

function share({ name, time, share }: ShareView): HTMLElement {
  const bar = el("span", { class: "tv-bar-fill", "aria-hidden": "true" });
  bar.style.width = `${100 * share}%`;
  return el("tr", {}, el("td", {}, name), el("td", { class: "tv-share tv-num" }, bar, el("span", {}, time)));
}

export default pane<ExplainView>("explain", (root, host) => new Explain(root, host));

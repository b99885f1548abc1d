// A machine that one thinks of: a slider for each figure that may be another, and the schedules
// ranked on it. Both the explanation and the GPU's pane have one.

import type { ElsewhereView } from "./schema.js";
import { el, fill, setText } from "./dom.js";
import { time } from "./format.js";
import "./what_if.css";

/** What can be changed of a machine: its field, what it is called, and the values it takes. */
export interface Slider<Machine> {
  name: keyof Machine & string;
  label: string;
  values: number[];
  words: (value: number) => string;
}

export class WhatIf<Machine extends object> {
  readonly sliders = el("div", { class: "tv-sliders", role: "group", "aria-label": "A machine to think of" });
  private readonly states = el("tbody");
  readonly ranking: HTMLElement;

  /** `ask` is called with the whole machine when a slider is let go. */
  constructor(
    private readonly specs: Slider<Machine>[],
    private readonly ask: (machine: Machine) => void,
    heads: [string, string] = ["Here", "There"],
  ) {
    this.ranking = table("Schedules on that machine", ["", "Schedule", ...heads, "Bound by"], this.states);
  }

  /** Whether `machine` is another than `here`. */
  isOther(machine: Machine, here: Machine): boolean {
    return this.specs.some(({ name }) => machine[name] !== here[name]);
  }

  /** A machine in words: cores 2, vectors 512 bits. */
  words(machine: Machine): string {
    return this.specs.map(({ name, label, words }) => `${label.toLowerCase()} ${words(Number(machine[name]))}`).join(", ");
  }

  update(machine: Machine, states: ElsewhereView[], isWorking: boolean): void {
    fill(this.states, ...states.map(elsewhere));
    const focused = (document.activeElement as HTMLInputElement | null)?.name;
    if (this.sliders.contains(document.activeElement) && isWorking) return;
    fill(this.sliders, ...this.specs.map((spec) => this.slider(spec, machine)));
    if (focused) this.sliders.querySelector<HTMLElement>(`[name="${focused}"]`)?.focus();
  }

  private slider({ name, label, values, words }: Slider<Machine>, machine: Machine): HTMLElement {
    const now = Number(machine[name]);
    const at = values.reduce((best, value, index) => (Math.abs(value - now) < Math.abs(values[best]! - now) ? index : best), 0);
    const value = el("output", { class: "tv-num" }, words(now));
    const input = el("input", {
      type: "range",
      name,
      min: 0,
      max: values.length - 1,
      step: 1,
      "aria-label": label,
      "aria-valuetext": words(now),
      oninput: () => setText(value, words(values[Number(input.value)]!)),
      onchange: () => this.ask({ ...machine, [name]: values[Number(input.value)]! }),
    });
    input.value = String(at);
    return el("label", { class: "tv-slider" }, el("span", {}, label), input, value);
  }
}

/** A table of the explanation's kind: a caption, heads that may be empty, and rows. */
export function table(caption: string, heads: string[], body: HTMLElement): HTMLElement {
  return el(
    "table",
    { class: "tv-explain-table" },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el(head ? "th" : "td", head ? { scope: "col" } : {}, head)))),
    body,
  );
}

function elsewhere(row: ElsewhereView): HTMLElement {
  return el(
    "tr",
    { class: row.is_current ? "tv-here" : "" },
    el("td", { class: "tv-num" }, `${row.rank}.`),
    el("td", { class: "tv-ellipsis", title: row.label }, row.label),
    el("td", { class: "tv-num" }, time(row.here_s)),
    el("td", { class: "tv-num" }, time(row.there_s)),
    el("td", { class: "tv-ellipsis", title: row.bound }, row.bound),
  );
}

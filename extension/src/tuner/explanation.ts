// What the cost model goes by: the features it gains most by, and what speaks for the fastest trial,
// each with the loops it is about.

import type { ExplanationView, LoopRef } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { signedBar } from "../contributions.js";
import { percent } from "../format.js";
import { isSame } from "../links.js";

export class Explanation {
  readonly root: HTMLElement;
  private readonly head = el("span", { class: "tv-grow tv-ellipsis" });
  private readonly body = el("div", { class: "tv-features", tabindex: 0, role: "group", "aria-label": "Features of the cost model" });

  private said: ExplanationView | null = null;

  constructor(
    private readonly ask: (intent: { intent: string; [argument: string]: unknown }) => void,
    private readonly inspect: (number: number) => void,
    private readonly point: (loops: LoopRef[]) => void,
  ) {
    this.root = el("figure", {}, el("figcaption", {}, this.head), this.body);
  }

  /** Shows what is `said`; where nothing is, `why`. Where it `isReadOnly` there is no program to select loops in. */
  update(said: ExplanationView | null, why: string, isReadOnly = false): void {
    setText(this.head, said ? `What the model goes by, after ${said.learnt_from} trials` : "What the model goes by");
    this.head.title = this.head.textContent!;
    // Drawn anew only where it says something else, so that what is pointed at stays.
    if (said !== null && said === this.said) return;
    this.said = said;
    const whose = said?.model && el("p", { class: "tv-model-words tv-dim" }, said.model);
    if (said) fill(this.body, whose, this.reasons(said, isReadOnly), importances(said));
    else fill(this.body, el("p", { class: "tv-empty" }, why));
  }

  /** Marks the features that speak of any of `loops`. */
  light(loops: LoopRef[]): void {
    this.said?.reasons.forEach((reason, n) => {
      const isLit = loops.some((loop) => reason.loops.some((other) => isSame(loop, other)));
      this.body.querySelectorAll("[aria-label='What speaks for and against it'] tbody tr")[n]?.classList.toggle("tv-lit-row", isLit);
    });
  }

  private reasons(said: ExplanationView, isReadOnly: boolean): HTMLElement {
    const most = Math.max(...said.reasons.map(({ weight }) => Math.abs(weight)), 1e-9);
    const link = button(`trial ${said.trial}`, () => this.inspect(said.trial), { class: "tv-link", title: `Look at trial ${said.trial}` });
    const rows = said.reasons.map((reason) =>
      el(
        "tr",
        {
          onmouseenter: () => this.point(reason.loops),
          onmouseleave: () => this.point([]),
          onfocusout: () => this.point([]),
          onfocusin: () => this.point(reason.loops),
        },
        el("th", { scope: "row", title: `${reason.name} = ${reason.value} (${reason.unit})` }, reason.name),
        el("td", { class: "tv-num" }, signedBar(reason.weight, most)),
        el("td", { class: "tv-loops-cell" }, ...(isReadOnly ? [named(reason.loops)] : reason.loops.map((loop) => this.loop(loop)))),
      ),
    );
    return table("What speaks for and against it", el("caption", {}, "For (+) and against (−) the fastest, ", link), ["Feature", "Adds", "Loops"], rows);
  }

  private loop(loop: LoopRef): HTMLElement {
    return button(loop.loop, () => this.ask({ intent: "select", ...loop, place: "tuner" }), {
      class: "tv-loop-link tv-mono",
      title: `Select loop ${loop.loop} of block ${loop.block} in the program`,
    });
  }
}

/** Loops by their names, where there is nothing to select them in. */
function named(loops: LoopRef[]): HTMLElement {
  return el("span", { class: "tv-mono tv-wrapping" }, loops.map(({ loop }) => loop).join(" "));
}

function importances({ importances }: ExplanationView): HTMLElement {
  const rows = importances.map(([name, unit, share]) => {
    const bar = el("span", { class: "tv-bar-fill", style: `width:${100 * share}%` });
    return el("tr", {}, el("th", { scope: "row", title: `${name} (${unit})` }, name), el("td", { class: "tv-num tv-share" }, bar, el("span", {}, percent(share))));
  });
  return table("Importances", el("caption", {}, "Share of all gains"), ["Feature", "Share"], rows);
}

function table(label: string, caption: HTMLElement, heads: string[], rows: HTMLElement[]): HTMLElement {
  const head = el("thead", {}, el("tr", {}, ...heads.map((words) => el("th", { scope: "col" }, words))));
  return el("table", { class: "tv-small-table tv-trial-table", "aria-label": label }, caption, head, el("tbody", {}, ...rows));
}

// A file of a trace as the program, with a scrubber over its steps.

import type { TranslationBundle } from "@jupyterlab/translation";
import type { Intent, ProgramView, RefusalView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import program from "../panes/program.js";
import { refusalBox, showRefusal } from "../refusal.js";
import { DocumentFrame, type DocumentView } from "./document_frame.js";
import { drawPane, PaneModel } from "./pane_model.js";
import type { Ask } from "./server.js";

/** tvmlab.view.trace_file.TraceFileView */
export interface TraceAnswer {
  edition: string;
  head: string;
  steps: { text: string; cautions: string[] }[];
  position: number;
  program: ProgramView;
  refusal: RefusalView | null;
  refused: number;
}

const POLL_MS = 4000;
const PLAY_MS = 900;

export class TraceView implements DocumentView {
  private readonly frame: DocumentFrame;
  private readonly model = new PaneModel<ProgramView>((intent) => this.take(intent));
  private readonly steps = el("ol", { class: "tv-trace-steps" });
  private readonly scrubber: HTMLInputElement;
  private readonly words = el("span", { class: "tv-dim tv-ellipsis", role: "status" });
  private readonly play: HTMLButtonElement;
  private readonly refusal = refusalBox();
  private readonly erase: () => void;
  /** Programs that were seen, by position and overlay, of the edition shown. */
  private readonly seen = new Map<string, TraceAnswer>();
  private shown: TraceAnswer | null = null;
  private overlay = "none";
  private wanted = -1;
  private timer = 0;
  private isDisposed = false;

  constructor(
    root: HTMLElement,
    private readonly ask: Ask,
    private readonly trans: TranslationBundle,
  ) {
    this.frame = new DocumentFrame(root, trans.__("Trace"), trans.__("Replaying the trace…"));
    this.scrubber = el("input", {
      class: "tv-scrubber",
      type: "range",
      min: 0,
      "aria-label": trans.__("Step"),
      oninput: () => this.halt(Number(this.scrubber.value)),
    });
    this.play = button(trans.__("Play"), () => (this.timer ? this.halt() : this.start()), { title: trans.__("Go through the steps") });
    const back = button("◀", () => this.halt(this.wanted - 1), { title: trans.__("One step back") });
    const forth = button("▶", () => this.halt(this.wanted + 1), { title: trans.__("One step forth") });
    this.frame.bar.append(this.play, back, this.scrubber, forth, this.words);
    this.steps.setAttribute("aria-label", trans.__("Steps"));
    const place = el("div", { style: "min-height:0;min-width:0" });
    this.frame.body.append(el("div", { class: "tv-trace-document" }, el("div", { style: "display:flex;flex-direction:column;min-height:0" }, this.steps, this.refusal), place));
    this.steps.style.flex = "1 1 0";
    this.erase = drawPane(program, this.model, place);
  }

  async refresh(): Promise<number> {
    await this.read(this.wanted, true);
    return POLL_MS;
  }

  dispose(): void {
    this.isDisposed = true;
    window.clearInterval(this.timer);
    this.erase();
  }

  /** Asks for the program after `position` steps and shows it, if it still is wanted. */
  private async read(position: number, isNewest: boolean): Promise<void> {
    const key = () => `${position} ${this.overlay}`;
    const known = this.seen.get(key());
    if (known && !isNewest) return this.draw(known);
    let answer: TraceAnswer;
    try {
      answer = await this.ask<TraceAnswer>("trace", { overlay: this.overlay, ...(position < 0 ? {} : { position }) });
    } catch (error) {
      return this.frame.fail(error);
    }
    if (this.isDisposed) return;
    const isOther = answer.edition !== this.shown?.edition;
    if (isOther) this.seen.clear();
    this.seen.set(`${answer.position} ${answer.program.overlay}`, answer);
    if (position === this.wanted && (isOther || !isNewest)) this.draw(answer);
    else this.frame.show([]);
  }

  private draw(answer: TraceAnswer): void {
    const isSame = answer.edition === this.shown?.edition;
    this.shown = answer;
    this.wanted = answer.position;
    this.frame.show([]);
    if (!isSame) this.drawSteps(answer);
    const count = answer.steps.length;
    this.scrubber.max = String(count);
    this.scrubber.value = String(answer.position);
    const line = answer.steps[answer.position - 1]?.text ?? answer.head;
    setText(this.words, this.trans.__("Step %1 of %2", answer.position, count));
    this.scrubber.setAttribute("aria-valuetext", `${this.words.textContent}: ${line}`);
    [...this.steps.children].forEach((item, at) => {
      item.classList.toggle("tv-later", at > answer.position);
      const one = item.firstElementChild!;
      if (at === answer.position) one.setAttribute("aria-current", "step");
      else one.removeAttribute("aria-current");
    });
    this.steps.children[answer.position]?.scrollIntoView?.({ block: "nearest" });
    this.model.show(answer.program);
  }

  private drawSteps({ head, steps, refusal, refused }: TraceAnswer): void {
    const lines = [{ text: head, cautions: [] }, ...steps];
    fill(
      this.steps,
      ...lines.map(({ text, cautions }, at) =>
        el("li", {}, el("button", { type: "button", onclick: () => this.halt(at) }, text), ...cautions.map((caution) => el("div", { class: "tv-caution" }, caution))),
      ),
    );
    const words = this.trans.__("step %1 of the file is refused: %2", refused, refusal?.why ?? "");
    showRefusal(this.refusal, refusal && { ...refusal, why: words });
  }

  /** Stops playing and, if one is given, goes to a position. */
  private halt(position?: number): void {
    window.clearInterval(this.timer);
    this.timer = 0;
    setText(this.play, this.trans.__("Play"));
    if (position !== undefined) this.go(position);
  }

  private go(position: number, isPlaying = false): void {
    const last = this.shown?.steps.length ?? 0;
    this.wanted = Math.min(Math.max(position, 0), last);
    void this.read(this.wanted, false);
    if (isPlaying && this.wanted === last) this.halt();
  }

  private start(): void {
    const last = this.shown?.steps.length ?? 0;
    setText(this.play, this.trans.__("Stop"));
    this.timer = window.setInterval(() => this.go(this.wanted + 1, true), PLAY_MS);
    this.go(this.wanted < last ? this.wanted + 1 : 0, true);
  }

  private take(intent: Intent): void {
    if (intent.intent === "overlay") {
      this.overlay = String(intent["kind"]);
      this.go(this.wanted);
    } else if (intent.intent === "undo") this.halt(this.wanted - 1);
    else if (intent.intent === "redo") this.halt(this.wanted + 1);
  }
}

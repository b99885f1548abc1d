// What the document viewers have in common: a heading, notes, and one sentence where there is nothing
// to show.

import { el, fill } from "../dom.js";
import "../theme.css";
import "./documents.css";

/** A viewer of one file, drawn into an element. */
export interface DocumentView {
  /** Brings it up to date; resolves to the milliseconds until it should be asked again. */
  refresh(): Promise<number>;
  /** Brings a run to the front, where there are several. */
  choose?(run: number): void;
  dispose(): void;
}

export class DocumentFrame {
  readonly bar = el("header", { class: "tv-bar" });
  readonly body = el("div", { class: "tv-document-body" });
  private readonly notes = el("ul", { class: "tv-document-notes", "aria-live": "polite", hidden: true });
  private readonly words = el("p", { class: "tv-empty", role: "status" });

  constructor(root: HTMLElement, label: string, loading: string) {
    this.words.textContent = loading;
    root.append(el("section", { class: "tvmlab tv-document", "aria-label": label }, this.bar, this.notes, this.words, this.body));
    this.bar.hidden = this.body.hidden = true;
  }

  /** Shows the document, with `notes` above it. */
  show(notes: string[]): void {
    this.words.hidden = true;
    this.words.classList.remove("tv-document-error");
    this.bar.hidden = this.body.hidden = false;
    this.note(notes);
  }

  /** Says in a sentence why there is nothing, or, over what is shown already, nothing new. */
  fail(error: unknown): void {
    const sentence = error instanceof Error ? error.message : String(error);
    if (!this.body.hidden) return this.note([sentence]);
    this.words.textContent = sentence;
    this.words.classList.add("tv-document-error");
  }

  private note(notes: string[]): void {
    const drawn = [...this.notes.children].map((item) => item.textContent);
    this.notes.hidden = notes.length === 0;
    if (JSON.stringify(drawn) !== JSON.stringify(notes)) fill(this.notes, ...notes.map((note) => el("li", {}, note)));
  }
}

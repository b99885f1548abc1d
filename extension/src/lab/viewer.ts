// A view of a file in a part of the page, brought up to date while it is in sight.

import type { TranslationBundle } from "@jupyterlab/translation";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { el, fill } from "../dom.js";
import type { DocumentView } from "./document_frame.js";
import type { Ask } from "./server.js";

/** What JupyterLab calls the two ways to open such files. */
export const DASHBOARD = "Tuning dashboard";
export const SCRUBBER = "Program of a trace";

/** Draws a view; what it needs is loaded when the first file is opened. */
export type Draw = (root: HTMLElement, ask: Ask, trans: TranslationBundle) => Promise<DocumentView>;

export const drawRecords: Draw = async (root, ask, trans) => new (await import("./record_view.js")).RecordView(root, ask, trans);
export const drawTrace: Draw = async (root, ask, trans) => new (await import("./trace_view.js")).TraceView(root, ask, trans);

/** Shows a view and keeps it up to date while it is in sight. */
export class Viewer extends Widget {
  private view: DocumentView | null = null;
  private timer = 0;
  private run: number | null = null;

  constructor(
    private readonly draw: (root: HTMLElement) => Promise<DocumentView>,
    readonly path = "",
  ) {
    super();
    this.addClass("tv-document-host");
  }

  /** Brings a run to the front, now or as soon as there is a view. */
  choose(run: number): void {
    this.run = run;
    this.view?.choose?.(run);
  }

  /** Asks now, and again after a while. */
  refresh(): void {
    window.clearTimeout(this.timer);
    if (!this.view || !this.isVisible || document.hidden) {
      this.timer = window.setTimeout(() => this.isVisible && this.refresh(), 1000);
      return;
    }
    void this.view.refresh().then((after) => {
      window.clearTimeout(this.timer);
      if (!this.isDisposed) this.timer = window.setTimeout(() => this.refresh(), after);
    });
  }

  override dispose(): void {
    window.clearTimeout(this.timer);
    this.view?.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    if (this.view) this.refresh();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.view) return this.refresh();
    this.draw(this.node).then(
      (view) => {
        if (this.isDisposed) return view.dispose();
        this.view = view;
        if (this.run !== null) view.choose?.(this.run);
        this.refresh();
      },
      (error: unknown) => fill(this.node, el("p", {}, String(error))),
    );
  }
}

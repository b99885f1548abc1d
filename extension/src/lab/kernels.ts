// The kernels of the notebooks that are open: who is connected, and to what the panels look.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import { Token } from "@lumino/coreutils";
import { Signal } from "@lumino/signaling";
import { DockLink, type DockMessage } from "./dock_link.js";
import { ISettings } from "./settings.js";

export interface Heard {
  link: DockLink;
  message: DockMessage;
}

export interface IKernels {
  /** The notebook in front, and its link; null where there is no notebook or no kernel. */
  readonly notebook: NotebookPanel | null;
  readonly link: DockLink | null;
  /** All links, for what is shown of every kernel. */
  readonly all: readonly { notebook: NotebookPanel; link: DockLink }[];
  /** The notebook in front or its link is another one, or stands differently. */
  readonly changed: Signal<IKernels, void>;
  /** Any link was told something. */
  readonly heard: Signal<IKernels, Heard>;
  /** Connects to the kernel of the notebook in front, because the user asked. */
  connect(): void;
}

export const IKernels = new Token<IKernels>(
  "tvmlab:IKernels",
  "The connections to kernels that tvmlab works in.",
);

class Kernels implements IKernels {
  readonly changed: Signal<IKernels, void> = new Signal<IKernels, void>(this);
  readonly heard: Signal<IKernels, Heard> = new Signal<IKernels, Heard>(this);
  private readonly links = new Map<NotebookPanel, DockLink>();

  constructor(
    private readonly tracker: INotebookTracker,
    private readonly settings: ISettings,
  ) {
    tracker.widgetAdded.connect((_, panel) => this.add(panel));
    tracker.currentChanged.connect(() => this.changed.emit());
    NotebookActions.executed.connect((_, { notebook }) => {
      const panel = tracker.find((each) => each.content === notebook);
      if (panel && settings.now.connect && mentions(panel)) void this.links.get(panel)?.connect(false);
    });
    settings.changed.connect(() => this.links.forEach((link) => link.prefer(settings.now)));
  }

  get notebook(): NotebookPanel | null {
    return this.tracker.currentWidget;
  }

  get link(): DockLink | null {
    return (this.notebook && this.links.get(this.notebook)) ?? null;
  }

  get all(): { notebook: NotebookPanel; link: DockLink }[] {
    return [...this.links].map(([notebook, link]) => ({ notebook, link }));
  }

  connect(): void {
    void this.link?.connect(true);
  }

  private add(panel: NotebookPanel): void {
    panel.sessionContext.kernelChanged.connect(() => this.relink(panel));
    panel.disposed.connect(() => this.unlink(panel));
    this.relink(panel);
  }

  private relink(panel: NotebookPanel): void {
    this.unlink(panel);
    const kernel = panel.sessionContext.session?.kernel;
    if (!kernel) return;
    const link = new DockLink(kernel, this.settings.now);
    this.links.set(panel, link);
    link.changed.connect(() => this.changed.emit());
    link.heard.connect((_, message) => this.heard.emit({ link, message }));
    this.changed.emit();
  }

  private unlink(panel: NotebookPanel): void {
    this.links.get(panel)?.dispose();
    if (this.links.delete(panel)) this.changed.emit();
  }
}

/** Whether a notebook speaks of tvmlab at all; other kernels are left in peace. */
function mentions(panel: NotebookPanel): boolean {
  const cells = panel.content.model?.cells;
  for (let at = 0; at < (cells?.length ?? 0); at++) {
    if (cells!.get(at).sharedModel.getSource().includes("tvmlab")) return true;
  }
  return false;
}

const plugin: JupyterFrontEndPlugin<IKernels> = {
  id: "tvmlab:kernels",
  description: "Connects to the kernels of notebooks that use tvmlab.",
  autoStart: true,
  requires: [INotebookTracker, ISettings],
  provides: IKernels,
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker, settings: ISettings) => new Kernels(tracker, settings),
};

export default plugin;

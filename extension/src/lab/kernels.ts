// The kernels of the notebooks and consoles that are open: who is connected, and to what the panels
// look.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import type { ISessionContext } from "@jupyterlab/apputils";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import type { KernelMessage } from "@jupyterlab/services";
import { Token } from "@lumino/coreutils";
import { Signal } from "@lumino/signaling";
import type { Widget } from "@lumino/widgets";
import { DockLink, type DockMessage } from "./dock_link.js";
import { ISettings } from "./settings.js";

export interface Heard {
  link: DockLink;
  message: DockMessage;
}

/** A notebook or a console: a part of the page that a kernel works for. */
export type Place = Widget & { readonly sessionContext: ISessionContext };

export interface IKernels {
  /** The notebook or console in front, and its link; null where there is none or no kernel. */
  readonly place: Place | null;
  readonly link: DockLink | null;
  /** All links, for what is shown of every kernel. */
  readonly all: readonly DockLink[];
  /** What is in front or its link is another one, or stands differently. */
  readonly changed: Signal<IKernels, void>;
  /** Any link was told something. */
  readonly heard: Signal<IKernels, Heard>;
  /** Brings the notebook or console of a link to the front. */
  show(link: DockLink): void;
  /** Connects to the kernel of what is in front, because the user asked. */
  connect(): void;
}

export const IKernels = new Token<IKernels>(
  "tvmlab:IKernels",
  "The connections to kernels that tvmlab works in.",
);

class Kernels implements IKernels {
  readonly changed: Signal<IKernels, void> = new Signal<IKernels, void>(this);
  readonly heard: Signal<IKernels, Heard> = new Signal<IKernels, Heard>(this);
  private readonly links = new Map<Place, DockLink>();
  private readonly places = new Set<Place>();
  /** The console in front; null where that is a notebook. */
  private console: Place | null = null;

  constructor(
    private readonly shell: JupyterFrontEnd.IShell,
    private readonly notebooks: INotebookTracker,
    private readonly settings: ISettings,
  ) {
    notebooks.widgetAdded.connect((_, panel) => this.add(panel));
    notebooks.currentChanged.connect(() => this.changed.emit());
    shell.currentChanged?.connect((_, { newValue }) => this.turn(newValue));
    settings.changed.connect(() => this.links.forEach((link) => link.prefer(settings.now)));
  }

  get place(): Place | null {
    return this.console ?? this.notebooks.currentWidget;
  }

  get link(): DockLink | null {
    return (this.place && this.links.get(this.place)) ?? null;
  }

  get all(): DockLink[] {
    return [...this.links.values()];
  }

  show(link: DockLink): void {
    for (const [place, each] of this.links) if (each === link) return this.shell.activateById(place.id);
  }

  connect(): void {
    void this.link?.connect(true);
  }

  /** Another part of the page came to the front; what has no kernel changes nothing. */
  private turn(widget: Widget | null): void {
    if (!isPlace(widget)) return;
    this.console = this.notebooks.has(widget) ? null : widget;
    if (this.console) this.add(this.console);
    this.changed.emit();
  }

  private add(place: Place): void {
    if (this.places.has(place)) return;
    this.places.add(place);
    const { sessionContext } = place;
    sessionContext.kernelChanged.connect(() => this.relink(place));
    sessionContext.iopubMessage.connect((_, message) => this.hear(place, message));
    place.disposed.connect(() => {
      if (this.console === place) this.console = null;
      this.places.delete(place);
      this.unlink(place);
    });
    this.relink(place);
  }

  /** Connects once code ran in a place that speaks of tvmlab; other kernels are left in peace. */
  private hear(place: Place, { header, content }: KernelMessage.IMessage): void {
    if (header.msg_type !== "execute_input" || !this.settings.now.connect) return;
    const isOurs = String((content as { code?: string }).code).includes("tvmlab") || mentions(place);
    if (isOurs) void this.links.get(place)?.connect(false);
  }

  private relink(place: Place): void {
    this.unlink(place);
    const kernel = place.sessionContext.session?.kernel;
    if (!kernel) return;
    const link = new DockLink(kernel, this.settings.now);
    this.links.set(place, link);
    link.changed.connect(() => this.changed.emit());
    link.heard.connect((_, message) => this.heard.emit({ link, message }));
    this.changed.emit();
  }

  private unlink(place: Place): void {
    this.links.get(place)?.dispose();
    if (this.links.delete(place)) this.changed.emit();
  }
}

/** Notebooks and consoles have a session for the user's code; nothing else of JupyterLab has. */
function isPlace(widget: Widget | null): widget is Place {
  return Boolean((widget as Partial<Place> | null)?.sessionContext?.iopubMessage);
}

/** Whether a notebook speaks of tvmlab at all. */
function mentions(place: Place): boolean {
  const cells = (place as Place & Partial<Pick<NotebookPanel, "content">>).content?.model?.cells;
  for (let at = 0; at < (cells?.length ?? 0); at++) {
    if (cells!.get(at).sharedModel.getSource().includes("tvmlab")) return true;
  }
  return false;
}

const plugin: JupyterFrontEndPlugin<IKernels> = {
  id: "tvmlab:kernels",
  description: "Connects to the kernels of notebooks and consoles that use tvmlab.",
  autoStart: true,
  requires: [INotebookTracker, ISettings],
  provides: IKernels,
  activate: (app: JupyterFrontEnd, notebooks: INotebookTracker, settings: ISettings) => new Kernels(app.shell, notebooks, settings),
};

export default plugin;

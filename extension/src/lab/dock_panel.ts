// The panel at the right: the lab of the schedule that the notebook in front touched last.

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { SplitPanel, Widget } from "@lumino/widgets";
import { button, el, fill } from "../dom.js";
import type { DockLink } from "./dock_link.js";
import type { DockView } from "./dock_view.js";
import { loopsIcon } from "./icons.js";
import { IKernels } from "./kernels.js";
import { DOMAIN, SHOW_LAB, SHOW_TUNER } from "./names.js";
import "../theme.css";
import "./dock_panel.css";

/** Pixels that the program and the form of a move want. */
const WIDTH = 460;

class DockPanel extends Widget {
  private readonly place = el("span", { class: "tv-dock-place tv-ellipsis" });
  private readonly body = el("div", { class: "tv-dock-body" });
  private link: DockLink | null = null;
  private view: DockView | null = null;
  private wanted = "";

  constructor(
    private readonly kernels: IKernels,
    private readonly trans: TranslationBundle,
  ) {
    super();
    this.id = "tvmlab-dock";
    this.title.icon = loopsIcon;
    this.title.caption = trans.__("Lab of the notebook's schedule");
    this.addClass("tv-dock-panel");
    this.node.append(el("header", { class: "tv-dock-head" }, this.place), this.body);
    kernels.changed.connect(() => void this.refresh());
    kernels.heard.connect((_, { link, message }) => {
      if (link === this.link && message.kind === "following") void this.refresh();
    });
  }

  /** Brings a pane to the front, now or as soon as there is a lab. */
  open(pane: string): void {
    this.wanted = pane;
    if (this.view) this.view.show(pane);
  }

  protected override onAfterShow(): void {
    this.widen();
    this.kernels.connect();
    this.view?.wake();
    void this.refresh();
  }

  protected override onAfterHide(): void {
    this.view?.rest();
  }

  /** JupyterLab opens a side panel at its least width, which lines of a program do not fit in. */
  private widen(): void {
    let split = this.parent;
    while (split && !(split instanceof SplitPanel && split.orientation === "horizontal")) split = split.parent;
    if (!(split instanceof SplitPanel)) return;
    const total = split.node.clientWidth;
    const least = Math.min(WIDTH, total / 2);
    if (this.node.clientWidth >= 0.7 * least) return;
    const sizes = split.relativeSizes();
    const share = least / Math.max(1, total);
    const rest = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0);
    split.setRelativeSizes([...sizes.slice(0, -1).map((size) => (size / rest) * (1 - share)), share]);
  }

  private async refresh(): Promise<void> {
    const { kernels, trans } = this;
    const { link, place } = kernels;
    if (link !== this.link) {
      this.view?.dispose();
      this.view = null;
      this.link = link;
    }
    if (!this.isVisible) return;
    if (link?.status === "none") kernels.connect();
    const name = place?.title.label ?? "";
    this.place.textContent = link?.following ? trans.__("%1 in %2", link.following, name) : name;
    this.place.title = place?.sessionContext.path ?? "";
    if (!link || link.status !== "docked" || !link.following) {
      if (!this.view || link?.status !== "docked") this.say(link);
      return;
    }
    if (this.view) return;
    const { DockView } = await import("./dock_view.js");
    if (this.link !== link || this.view) return; // meanwhile another one came to the front
    this.view = new DockView(link, trans);
    if (this.wanted) this.view.show(this.wanted);
    fill(this.body, this.view.node);
  }

  /** What to do, where there is no lab to show. */
  private say(link: DockLink | null): void {
    this.view?.dispose();
    this.view = null;
    const { trans } = this;
    const words = !link
      ? trans.__("Open a notebook or a console: the schedule it works on is shown here.")
      : link.status === "connecting"
        ? trans.__("Connecting to the kernel…")
        : link.status === "docked"
          ? trans.__("No schedule yet. Run code that makes one, for instance s = t.create_schedule(C).")
          : link.reason.startsWith("ModuleNotFoundError")
            ? trans.__("tvmlab is not installed where this kernel runs.")
            : link.reason && link.reason !== "False"
              ? trans.__("The kernel says: %1", link.reason)
              : trans.__("The kernel has not started yet.");
    const again = button(trans.__("Connect"), () => this.kernels.connect());
    fill(this.body, el("div", { class: "tvmlab tv-dock-empty" }, el("p", { class: "tv-empty" }, words, link?.status === "absent" && again)));
  }
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: "tvmlab:panel",
  description: "The lab docked beside any notebook.",
  autoStart: true,
  requires: [IKernels],
  optional: [ILayoutRestorer, ICommandPalette, ITranslator],
  activate(
    app: JupyterFrontEnd,
    kernels: IKernels,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
  ) {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const panel = new DockPanel(kernels, trans);
    app.shell.add(panel, "right", { rank: 300, type: "tvmlab" });
    restorer?.add(panel, panel.id);
    const show = (pane: string) => {
      app.shell.activateById(panel.id);
      if (pane) panel.open(pane);
    };
    app.commands.addCommand(SHOW_LAB, {
      label: trans.__("Show the lab beside the notebook"),
      caption: trans.__("Follows the schedule that the notebook touched last"),
      execute: (args) => show(String(args["pane"] ?? "")),
    });
    app.commands.addCommand(SHOW_TUNER, {
      label: trans.__("Show the tuner beside the notebook"),
      execute: () => show("tuner"),
    });
    const category = trans.__("Tensor programs");
    for (const command of [SHOW_LAB, SHOW_TUNER]) palette?.addItem({ command, category });
  },
};

export default plugin;

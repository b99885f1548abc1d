// The tuning run that is on, in the status bar, and a word when one ends.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Notification } from "@jupyterlab/apputils";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { el, setText } from "../dom.js";
import type { DockLink, RunWords } from "./dock_link.js";
import { IKernels } from "./kernels.js";
import { DOMAIN, SHOW_TUNER } from "./names.js";
import { ISettings } from "./settings.js";
import "./status.css";

const ON = new Set(["starting", "running", "paused"]);

/** One line about a run that is on. */
export function runLine(run: RunWords, trans: TranslationBundle): string {
  const parts = [trans.__("Tuning %1 of %2", run.done, run.trials)];
  if (run.best) parts.push(trans.__("best %1", run.best));
  if (run.status === "paused") parts.push(trans.__("paused"));
  else if (run.eta_s !== null) parts.push(trans.__("%1 left", duration(run.eta_s, trans)));
  return parts.join(" · ");
}

/** Seconds in words: 40 s, 3 min, 2 h. */
export function duration(seconds: number, trans: TranslationBundle): string {
  if (seconds < 100) return trans.__("%1 s", Math.ceil(seconds));
  if (seconds < 6000) return trans.__("%1 min", Math.round(seconds / 60));
  return trans.__("%1 h", Math.round(seconds / 3600));
}

class Item extends Widget {
  readonly activity = new Signal<this, void>(this);
  /** The run that a click opens. */
  first: KernelRun | null = null;
  private readonly text = el("span", { class: "tv-status-text" });
  private readonly fill = el("span", { class: "tv-status-fill" });

  constructor(
    private readonly trans: TranslationBundle,
    open: () => void,
  ) {
    super();
    this.addClass("tv-status");
    this.node.append(
      el(
        "button",
        { type: "button", title: trans.__("Show the tuner beside the notebook"), onclick: open },
        el("span", { class: "tv-status-meter", "aria-hidden": "true" }, this.fill),
        this.text,
      ),
    );
  }

  get isBusy(): boolean {
    return this.first !== null;
  }

  take(runs: KernelRun[]): void {
    const on = runs.filter(({ run }) => ON.has(run.status));
    this.first = on[0] ?? null;
    if (this.first) {
      const { run } = this.first;
      const more = on.length > 1 ? this.trans.__(" and %1 more", on.length - 1) : "";
      setText(this.text, runLine(run, this.trans) + more);
      this.fill.style.width = `${(100 * run.done) / Math.max(1, run.trials)}%`;
    }
    this.activity.emit();
  }
}

interface KernelRun {
  run: RunWords;
  link: DockLink;
}

/** The runs of all kernels; those of a kernel that serves several places count once. */
function runsOf(kernels: IKernels): Map<string, KernelRun> {
  return new Map(kernels.all.flatMap((link) => link.runs.map((run) => [`${link.kernel.id} ${run.id}`, { run, link }])));
}

/** Says that a run ended, once. */
function tell(run: RunWords, trans: TranslationBundle, open: () => void): void {
  const actions = [{ label: trans.__("Show"), callback: open }];
  if (run.status === "failed") {
    Notification.error(trans.__("Tuning failed: %1", run.reason), { actions, autoClose: false });
  } else {
    const best = run.best || trans.__("nothing verified");
    Notification.success(trans.__("Tuning ended after %1 trials, best %2", run.done, best), { actions, autoClose: 8000 });
  }
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: "tvmlab:status",
  description: "The running tuner in the status bar.",
  autoStart: true,
  requires: [IKernels, ISettings],
  optional: [IStatusBar, ITranslator],
  activate(
    app: JupyterFrontEnd,
    kernels: IKernels,
    settings: ISettings,
    bar: IStatusBar | null,
    translator: ITranslator | null,
  ) {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const open = ({ run, link }: KernelRun) => {
      kernels.show(link);
      link.openRun(run.id);
      void app.commands.execute(SHOW_TUNER);
    };
    const item = new Item(trans, () => item.first && open(item.first));
    const known = new Map<string, string>();
    const refresh = () => {
      const runs = runsOf(kernels);
      item.take([...runs.values()]);
      for (const [key, found] of runs) {
        const { run } = found;
        const wasOn = ON.has(known.get(key) ?? "");
        known.set(key, run.status);
        if (wasOn && !ON.has(run.status) && settings.now.notify) tell(run, trans, () => open(found));
      }
    };
    kernels.heard.connect((_, { message }) => message.kind === "runs" && refresh());
    kernels.changed.connect(refresh);
    bar?.registerStatusItem(plugin.id, {
      item,
      align: "left",
      rank: 100,
      isActive: () => item.isBusy,
      activeStateChanged: item.activity,
    });
  },
};

export default plugin;

// What a lab left in a notebook, where no kernel runs: its schedule and its programs, to go through
// step by step. Read-only; the panes are those of the lab.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import type { KeptView, ProgramView, TraceView } from "../schema.js";
import { el, fill } from "../dom.js";
import program from "../panes/program.js";
import trace from "../panes/trace.js";
import { isKept, moved, programAt, traceAt } from "./kept.js";
import { DOMAIN } from "./names.js";
import { drawPane, PaneModel } from "./pane_model.js";
import "./kept_renderer.css";

const MIME = "application/vnd.tvmlab.snapshot+json";
/** Before HTML, whose rank is 50. */
const RANK = 40;

class KeptRenderer extends Widget implements IRenderMime.IRenderer {
  private disposals: (() => void)[] = [];

  constructor(
    private readonly trans: TranslationBundle,
    private readonly otherwise: (model: IRenderMime.IMimeModel) => IRenderMime.IRenderer | null,
  ) {
    super();
    this.addClass("tv-kept");
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.clear();
    const data = model.data[MIME];
    if (isKept(data)) {
      this.draw(data);
      return;
    }
    const other = this.otherwise(model);
    if (!other) return;
    await other.renderModel(model);
    Widget.attach(other, this.node);
    this.disposals.push(() => other.dispose());
  }

  override dispose(): void {
    this.clear();
    super.dispose();
  }

  private clear(): void {
    for (const dispose of this.disposals.splice(0)) dispose();
    this.node.replaceChildren();
  }

  private draw(kept: KeptView): void {
    let position = kept.steps.length;
    const lines = new PaneModel<ProgramView>((intent) => go(intent));
    const steps = new PaneModel<TraceView>((intent) => go(intent));
    const slider = el("input", {
      type: "range",
      min: 0,
      max: kept.steps.length,
      value: position,
      "aria-label": this.trans.__("Step"),
      oninput: () => show(Number(slider.value)),
    });
    const where = el("output", { class: "tv-kept-where" });
    const show = (wanted: number) => {
      position = wanted;
      slider.value = String(position);
      const time = kept.steps[position - 1]?.time;
      where.textContent = this.trans.__("Step %1 of %2", position, kept.steps.length) + (time ? ` · ${time}` : "");
      lines.show(programAt(kept, position));
      steps.show(traceAt(kept, position));
    };
    const go = (intent: { intent: string; position?: unknown }) => {
      const wanted = moved(intent, position, kept.steps.length);
      if (wanted !== null) show(wanted);
    };
    const left = el("div", { class: "tv-kept-pane" });
    const right = el("div", { class: "tv-kept-pane tv-kept-steps" });
    const note = this.trans.__("The last state, shown without a kernel. Run the cell to go on from here.");
    const box = el(
      "div",
      { class: `tvmlab-lab tv-kept-lab ${kept.marker}` },
      el("div", { class: "tv-kept-bar", hidden: kept.steps.length === 0 }, slider, where),
      el("div", { class: "tv-kept-panes" }, left, right),
      el("p", { class: "tv-kept-note" }, [kept.measured, note].filter(Boolean).join(" ")),
    );
    show(position);
    this.disposals.push(drawPane(program, lines, left), drawPane(trace, steps, right));
    fill(this.node, hiding(kept.marker), box);
  }
}

/** A style that shows the live lab or what it left, never both; see tvmlab/ui/static_html.py. */
function hiding(marker: string): HTMLElement | null {
  if (!/^[\w-]+$/.test(marker)) return null;
  const child = ".jp-OutputArea-child";
  return el(
    "style",
    {},
    `${child}:has(.${marker}-live)+${child}:has(.${marker}){display:none}` +
      `${child}:not(:has(.${marker}-live)):has(+${child} .${marker}){display:none}`,
  );
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: "tvmlab:kept",
  description: "Shows what a lab left in a notebook, without a kernel.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator],
  activate(_: JupyterFrontEnd, registry: IRenderMimeRegistry, translator: ITranslator | null) {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const otherwise = (model: IRenderMime.IMimeModel) => {
      const type = ["text/html", "text/plain"].find((each) => each in model.data);
      return type ? registry.createRenderer(type) : null;
    };
    registry.addFactory(
      { safe: true, mimeTypes: [MIME], createRenderer: () => new KeptRenderer(trans, otherwise) },
      RANK,
    );
  },
};

export default plugin;

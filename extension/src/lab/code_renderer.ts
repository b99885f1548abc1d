// Code in the output of a cell, in its language's colours: what Schedule.code and a program are shown
// as, without a kernel too.

import type { IEditorLanguageRegistry } from "@jupyterlab/codemirror";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import { el } from "../dom.js";
import "./code_renderer.css";

/** See tvmlab/targets/code_text.py. */
export const CODE_TYPES = ["text/x-llvm", "text/x-ptx", "text/x-tvmlab-loops", "text/x-tvmlab-asm", "text/x-c++src"];

/** Characters beyond which colours would take longer than a moment. */
const MOST = 400_000;

export class CodeRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly mime: string,
    private readonly languages: IEditorLanguageRegistry,
  ) {
    super();
    this.addClass("tv-code-output");
  }

  async renderModel({ data }: IRenderMime.IMimeModel): Promise<void> {
    const text = String(data[this.mime] ?? "");
    const lines = el("pre", {});
    const language = text.length > MOST ? null : this.languages.findByMIME(this.mime);
    await this.languages.highlight(text, language, lines);
    this.node.replaceChildren(lines);
  }
}

// Colours for loop programs, PTX and LLVM IR: in files, cells, fenced code of Markdown, outputs, and
// views of differences.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import {
  EditorExtensionRegistry,
  EditorLanguageRegistry,
  IEditorExtensionRegistry,
  IEditorLanguageRegistry,
} from "@jupyterlab/codemirror";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { ViewPlugin } from "@codemirror/view";
import { CellLanguage } from "./cell_language.js";
import { CODE_TYPES, CodeRenderer } from "./code_renderer.js";
import { addDefaults } from "./default_languages.js";
import { loopsIcon } from "./icons.js";
import { languageOf } from "./languages.js";
import { DOMAIN } from "./names.js";

/** Before plain text, whose rank is 120. */
const RANK = 110;

const plugin: JupyterFrontEndPlugin<void> = {
  id: "tvmlab:highlighting",
  description: "Highlighting of loop programs, PTX and LLVM IR.",
  autoStart: true,
  requires: [IEditorLanguageRegistry],
  optional: [IEditorExtensionRegistry, IRenderMimeRegistry, ITranslator],
  activate(
    app: JupyterFrontEnd,
    languages: IEditorLanguageRegistry,
    editors: IEditorExtensionRegistry | null,
    outputs: IRenderMimeRegistry | null,
    translator: ITranslator | null,
  ) {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const add = (kind: string, name: string, displayName: string, mime: string, extension: string, alias: string[]) => {
      const language = { name, displayName, alias: [kind, ...alias], mime, extensions: [extension], support: languageOf(kind) };
      languages.addLanguage(language);
      addDefaults(EditorLanguageRegistry, [language]);
      app.docRegistry.addFileType({
        name: `tvmlab-${kind}`,
        displayName,
        mimeTypes: [mime],
        extensions: [`.${extension}`],
        fileFormat: "text",
        contentType: "file",
        icon: loopsIcon,
      });
    };
    add("llvm", "LLVM IR", trans.__("LLVM IR"), "text/x-llvm", "ll", ["llvm-ir", "ll"]);
    add("ptx", "PTX", trans.__("PTX"), "text/x-ptx", "ptx", []);
    add("loops", "Loop program", trans.__("Loop program"), "text/x-tvmlab-loops", "tir", ["tir", "tvmlab"]);
    // Of outputs alone: files of assembly are JupyterLab's own.
    const displayName = trans.__("Assembly of tvmlab");
    languages.addLanguage({ name: "tvmlab assembly", displayName, mime: "text/x-tvmlab-asm", support: languageOf("asm") });
    editors?.addExtension({
      name: "tvmlab:cell-language",
      factory: ({ model }) =>
        EditorExtensionRegistry.createImmutableExtension(
          ViewPlugin.define(() => {
            const language = new CellLanguage(model, languages);
            return { destroy: () => language.dispose() };
          }),
        ),
    });
    const createRenderer = ({ mimeType }: { mimeType: string }) => new CodeRenderer(mimeType, languages);
    outputs?.addFactory({ safe: true, mimeTypes: CODE_TYPES, createRenderer }, RANK);
  },
};

export default plugin;

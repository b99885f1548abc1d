// Colours for loop programs, PTX and LLVM IR in files, in fenced code of Markdown cells, and in
// whatever shows differences of them, through JupyterLab's registry of languages.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IEditorLanguageRegistry } from "@jupyterlab/codemirror";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { languageOf } from "./languages.js";
import { loopsIcon } from "./icons.js";
import { DOMAIN } from "./names.js";

const plugin: JupyterFrontEndPlugin<void> = {
  id: "tvmlab:highlighting",
  description: "Highlighting of loop programs, PTX and LLVM IR.",
  autoStart: true,
  requires: [IEditorLanguageRegistry],
  optional: [ITranslator],
  activate(app: JupyterFrontEnd, languages: IEditorLanguageRegistry, translator: ITranslator | null) {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const add = (kind: string, displayName: string, mime: string, extension: string, alias: string[]) => {
      languages.addLanguage({ name: kind, displayName, alias, mime, extensions: [extension], support: languageOf(kind) });
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
    add("llvm", trans.__("LLVM IR"), "text/x-llvm", "ll", ["llvm-ir", "ll"]);
    add("ptx", trans.__("PTX"), "text/x-ptx", "ptx", []);
    add("loops", trans.__("Loop program"), "text/x-tvmlab-loops", "tir", ["tir", "tvmlab"]);
  },
};

export default plugin;

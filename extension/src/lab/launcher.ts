// Launcher tiles and entries of File > New: a lab notebook from a template.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { IMainMenu } from "@jupyterlab/mainmenu";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { ICommandPalette } from "@jupyterlab/apputils";
import { DOMAIN, NEW_NOTEBOOK, OPEN_COURSE } from "./names.js";
import { loopsIcon } from "./icons.js";
import { newNotebook } from "./insert.js";
import { templateWords } from "./template_words.js";
import { TEMPLATES, withSettings, type Template } from "./templates.js";
import { ISettings } from "./settings.js";
import "../theme.css";

/** Before JupyterLab's own kinds of notebooks, after nothing. */
const RANK = 0;

const plugin: JupyterFrontEndPlugin<void> = {
  id: "tvmlab:launcher",
  description: "Lab notebooks from templates, in the launcher and under File > New.",
  autoStart: true,
  requires: [ISettings],
  optional: [ILauncher, IMainMenu, ICommandPalette, IDefaultFileBrowser, ITranslator],
  activate(
    app: JupyterFrontEnd,
    settings: ISettings,
    launcher: ILauncher | null,
    menu: IMainMenu | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
    translator: ITranslator | null,
  ) {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const category = trans.__("Tensor programs");
    const words = templateWords(trans);
    const wordsOf = (name: unknown) => words[templateOf(name).name]!;
    const folder = () => browser?.model.path ?? "";
    app.commands.addCommand(NEW_NOTEBOOK, {
      label: (args) => {
        const { title } = wordsOf(args["template"]);
        if (args["isPalette"]) return trans.__("New lab notebook: %1", title);
        return args["isMenu"] ? trans.__("Lab: %1", title) : title;
      },
      caption: (args) => wordsOf(args["template"]).caption,
      icon: (args) => (args["isPalette"] ? undefined : loopsIcon),
      execute: (args) =>
        newNotebook(app, withSettings(templateOf(args["template"]), settings.now).cells, String(args["cwd"] ?? folder())),
    });
    TEMPLATES.forEach(({ name }, at) => {
      launcher?.add({ command: NEW_NOTEBOOK, args: { template: name }, category, rank: RANK + at });
      palette?.addItem({ command: NEW_NOTEBOOK, args: { template: name, isPalette: true }, category });
    });
    menu?.fileMenu.newMenu.addGroup(
      [
        ...TEMPLATES.map(({ name }) => ({ command: NEW_NOTEBOOK, args: { template: name, isMenu: true } })),
        { command: OPEN_COURSE, args: {} },
      ],
      30,
    );
  },
};

function templateOf(name: unknown): Template {
  return TEMPLATES.find((template) => template.name === name) ?? TEMPLATES[0]!;
}

export default plugin;

// Code into the notebook in front, or into a new one where there is none.

import type { JupyterFrontEnd } from "@jupyterlab/application";
import { PathExt } from "@jupyterlab/coreutils";
import { NotebookActions, type INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { notebookOf } from "./templates.js";
import { asCell } from "./workspace.js";

/** Writes code for a notebook in `folder`. */
export type CodeFor = (folder: string) => string;

/** Puts the code into a cell below the active one, or into the active one where that is empty. */
export async function insertCode(app: JupyterFrontEnd, tracker: INotebookTracker, folder: string, code: CodeFor): Promise<void> {
  const panel = tracker.currentWidget;
  if (!panel) {
    await newNotebook(app, [{ type: "code", source: asCell(code(folder), false) }], folder);
    return;
  }
  const { content } = panel;
  const isEmpty = content.activeCell?.model.type === "code" && !content.activeCell.model.sharedModel.getSource().trim();
  if (!isEmpty) NotebookActions.insertBelow(content);
  const source = asCell(code(folderOfNotebook(tracker) ?? folder), importsTvmlab(panel, content.activeCellIndex));
  content.activeCell?.model.sharedModel.setSource(source);
  app.shell.activateById(panel.id);
}

/** Writes a notebook beside the others of `folder` and opens it. */
export async function newNotebook(
  app: JupyterFrontEnd,
  cells: { type: string; source: string }[],
  folder: string,
): Promise<void> {
  const { contents } = app.serviceManager;
  const made = await contents.newUntitled({ type: "notebook", path: folder });
  await contents.save(made.path, { type: "notebook", format: "json", content: notebookOf({ cells }) });
  await app.commands.execute("docmanager:open", { path: made.path, factory: "Notebook" });
}

/** The folder of the notebook in front. */
export function folderOfNotebook(tracker: INotebookTracker): string | null {
  return tracker.currentWidget && PathExt.dirname(tracker.currentWidget.context.path);
}

/** Whether a cell of a notebook imports tvmlab: one of the first `count`, or any. */
export function importsTvmlab(panel: NotebookPanel | null, count = Infinity): boolean {
  const cells = panel?.content.model?.cells;
  for (let at = 0; at < Math.min(count, cells?.length ?? 0); at++) {
    if (/^\s*import tvmlab as t\b/m.test(cells!.get(at).sharedModel.getSource())) return true;
  }
  return false;
}

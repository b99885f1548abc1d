// The command that opens a file of runs or a trace, also one that is hidden.

import type { ILayoutRestorer, JupyterFrontEnd } from "@jupyterlab/application";
import { MainAreaWidget, Notification, WidgetTracker } from "@jupyterlab/apputils";
import { PathExt } from "@jupyterlab/coreutils";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { Widget } from "@lumino/widgets";
import { loopsIcon } from "./icons.js";
import { LOOK_AT } from "./names.js";
import { asking } from "./server.js";
import { DASHBOARD, drawRecords, drawTrace, SCRUBBER, Viewer } from "./viewer.js";
import { readWorkspace, type RunEntry } from "./workspace.js";

const TRACE = ".trace.json";

/** The command that opens a file in its viewer, at one of its runs if that is given. What labs keep
 * for themselves is hidden, so that it is no document to JupyterLab; it gets a view all the same. */
export function addLookAt(app: JupyterFrontEnd, trans: TranslationBundle, restorer: ILayoutRestorer | null): void {
  const { serverSettings } = app.serviceManager;
  const tracker = new WidgetTracker<MainAreaWidget<Viewer>>({ namespace: "tvmlab-hidden" });
  const open = async (path: string): Promise<Opened> => {
    const [factory, draw] = path.endsWith(TRACE) ? ([SCRUBBER, drawTrace] as const) : ([DASHBOARD, drawRecords] as const);
    if (!path.split("/").some((part) => part.startsWith("."))) {
      return (await app.commands.execute("docmanager:open", { path, factory })) as Opened;
    }
    const known = tracker.find(({ content }) => content.path === path);
    if (known) return known;
    const ask = asking(serverSettings, () => path);
    const content = new Viewer((root) => draw(root, ask, trans), path);
    content.title.icon = loopsIcon;
    content.title.label = PathExt.basename(path);
    content.title.caption = path;
    const widget = new MainAreaWidget({ content });
    app.shell.add(widget, "main", { type: "tvmlab" });
    void tracker.add(widget);
    return widget;
  };
  const missing = trans.__("The server's part of tvmlab is not enabled: jupyter server extension enable tvmlab.server");
  const latest = async (): Promise<RunEntry> => {
    const [run] = (await readWorkspace(serverSettings, missing)).runs;
    if (!run) throw new Error(trans.__("There is no tuning run in this folder yet."));
    return run;
  };
  app.commands.addCommand(LOOK_AT, {
    label: trans.__("Open the latest tuning run"),
    caption: trans.__("Of all that are kept in a file of the workspace"),
    execute: async (args) => {
      try {
        const { path, run } = args["path"] === undefined ? await latest() : args;
        const widget = await open(String(path));
        if (run !== undefined) widget.content.choose(Number(run));
        app.shell.activateById(widget.id);
      } catch (error) {
        Notification.warning((error as Error).message, { autoClose: 8000 });
      }
    },
  });
  const args = ({ content }: MainAreaWidget<Viewer>) => ({ path: content.path });
  void restorer?.restore(tracker, { command: LOOK_AT, args, name: ({ content }) => content.path });
}

/** What a viewer stands in: a document, or a part of the page. */
type Opened = Widget & { content: Viewer };

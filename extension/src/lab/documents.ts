// Files of tuning records open as a dashboard, traces as a program: without a kernel, read by the server
// part. Neither loads the file into the page, and nothing is ever saved.

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, MainAreaWidget, Notification, WidgetTracker } from "@jupyterlab/apputils";
import { ABCWidgetFactory, DocumentModel, DocumentWidget, TextModelFactory, type DocumentRegistry } from "@jupyterlab/docregistry";
import type { Contents, ServiceManager } from "@jupyterlab/services";
import { PathExt } from "@jupyterlab/coreutils";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { el, fill } from "../dom.js";
import type { DocumentView } from "./document_frame.js";
import { loopsIcon } from "./icons.js";
import { DOMAIN, LOOK_AT } from "./names.js";
import { asking, type Ask } from "./server.js";
import { readWorkspace, type RunEntry } from "./workspace.js";

type Draw = (root: HTMLElement, ask: Ask, trans: TranslationBundle) => Promise<DocumentView>;

const DASHBOARD = "Tuning dashboard";
const SCRUBBER = "Program of a trace";
const MODEL = "tvmlab-looked-at";

/** Of tuners: ours, and MetaSchedule's, whose names are fixed. */
const RECORDS = String.raw`(\.tvmlab\.db|\.tvmlog\.jsonl|(^|/)database_(tuning_record|workload)\.json)$`;
const TRACE = ".trace.json";
const TRACES = String.raw`\.trace\.json$`;

const drawRecords: Draw = async (root, ask, trans) => new (await import("./record_view.js")).RecordView(root, ask, trans);
const drawTrace: Draw = async (root, ask, trans) => new (await import("./trace_view.js")).TraceView(root, ask, trans);

const plugin: JupyterFrontEndPlugin<void> = {
  id: "tvmlab:documents",
  description: "Tuning records as dashboards and traces as programs.",
  autoStart: true,
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate(app: JupyterFrontEnd, translator: ITranslator | null, restorer: ILayoutRestorer | null, palette: ICommandPalette | null) {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { docRegistry } = app;
    addLookAt(app, trans, restorer);
    palette?.addItem({ command: LOOK_AT, category: trans.__("Tensor programs") });
    const common = { contentType: "file" as const, fileFormat: null as unknown as Contents.FileFormat, icon: loopsIcon };
    docRegistry.addFileType({ ...common, name: "tvmlab-records", displayName: trans.__("Tuning records"), pattern: RECORDS });
    docRegistry.addFileType({ ...common, name: "tvmlab-trace", displayName: trans.__("Schedule trace"), pattern: TRACES });
    // These may be anything: they open by "Open With".
    docRegistry.addFileType({ name: "tvmlab-log", displayName: trans.__("Log"), extensions: [".log"], contentType: "file", fileFormat: "text" });
    docRegistry.addFileType({ name: "tvmlab-database", displayName: trans.__("Database"), extensions: [".db"], contentType: "file", fileFormat: "base64" });
    docRegistry.addModelFactory(new LookedAtFactory());
    const kinds = [
      { name: DASHBOARD, label: trans.__("Tuning dashboard"), types: ["tvmlab-records"], others: ["json", "tvmlab-log", "tvmlab-database"], draw: drawRecords },
      { name: SCRUBBER, label: trans.__("Program of a trace"), types: ["tvmlab-trace"], others: [], draw: drawTrace },
    ];
    for (const { name, label, types, others, draw } of kinds) {
      const options = { name, label, fileTypes: [...types, ...others], defaultFor: types, modelName: MODEL, readOnly: true };
      const factory = new Viewers(options, draw, trans, app.serviceManager);
      const tracker = new WidgetTracker<DocumentWidget>({ namespace: `tvmlab-${types[0]}` });
      factory.widgetCreated.connect((_, widget) => {
        void tracker.add(widget);
        widget.context.pathChanged.connect(() => void tracker.save(widget));
      });
      docRegistry.addWidgetFactory(factory as unknown as DocumentRegistry.WidgetFactory);
      const args = (widget: DocumentWidget) => ({ path: widget.context.path, factory: name });
      void restorer?.restore(tracker, { command: "docmanager:open", args, name: (widget) => widget.context.path });
    }
  },
};

/** The command that opens a file in its viewer, at one of its runs if that is given. What labs keep
 * for themselves is hidden, so that it is no document to JupyterLab; it gets a view all the same. */
function addLookAt(app: JupyterFrontEnd, trans: TranslationBundle, restorer: ILayoutRestorer | null): void {
  const { serverSettings } = app.serviceManager;
  const tracker = new WidgetTracker<MainAreaWidget<Viewer>>({ namespace: "tvmlab-hidden" });
  const open = async (path: string): Promise<Opened> => {
    if (!path.split("/").some((part) => part.startsWith("."))) {
      return (await app.commands.execute("docmanager:open", { path })) as Opened;
    }
    const known = tracker.find(({ content }) => content.path === path);
    if (known) return known;
    const ask = asking(serverSettings, () => path);
    const draw = path.endsWith(TRACE) ? drawTrace : drawRecords;
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

/** A document that the page neither loads nor saves: others write it, which is what JupyterLab calls
 * collaborative. */
class LookedAt extends DocumentModel {
  override get collaborative(): boolean {
    return true;
  }
}

class LookedAtFactory extends TextModelFactory {
  override get name(): string {
    return MODEL;
  }

  override get fileFormat(): Contents.FileFormat {
    return null as unknown as Contents.FileFormat;
  }

  override createNew(options: Parameters<TextModelFactory["createNew"]>[0] = {}): LookedAt {
    return new LookedAt(options);
  }
}

class Viewers extends ABCWidgetFactory<DocumentWidget> {
  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions,
    private readonly draw: Draw,
    private readonly trans: TranslationBundle,
    private readonly services: ServiceManager.IManager,
  ) {
    super(options);
  }

  protected override createNewWidget(context: DocumentRegistry.Context): DocumentWidget {
    const { contents, serverSettings } = this.services;
    const ask: Ask = asking(serverSettings, () => contents.localPath(context.path));
    const isHere = () => contents.driveName(context.path) === "";
    const elsewhere = () => Promise.reject(new Error(this.trans.__("Only files of this server can be looked at.")));
    const content = new Viewer((root) => this.draw(root, (what, query) => (isHere() ? ask(what, query) : elsewhere()), this.trans));
    content.title.icon = loopsIcon;
    context.pathChanged.connect(() => content.refresh());
    lookOnly(context);
    return new DocumentWidget({ content, context });
  }
}

/** Lets JupyterLab know that the document is never saved, as it is told of files that are read-only. */
function lookOnly(context: DocumentRegistry.Context): void {
  const described = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(context), "contentsModel");
  const get = () => {
    const found = described?.get?.call(context) as DocumentRegistry.Context["contentsModel"];
    return found && { ...found, writable: false };
  };
  Object.defineProperty(context, "contentsModel", { get });
}

/** Shows a view and keeps it up to date while it is in sight. */
class Viewer extends Widget {
  private view: DocumentView | null = null;
  private timer = 0;
  private run: number | null = null;

  constructor(
    private readonly draw: (root: HTMLElement) => Promise<DocumentView>,
    readonly path = "",
  ) {
    super();
    this.addClass("tv-document-host");
  }

  /** Brings a run to the front, now or as soon as there is a view. */
  choose(run: number): void {
    this.run = run;
    this.view?.choose?.(run);
  }

  /** Asks now, and again after a while. */
  refresh(): void {
    window.clearTimeout(this.timer);
    if (!this.view || !this.isVisible || document.hidden) {
      this.timer = window.setTimeout(() => this.isVisible && this.refresh(), 1000);
      return;
    }
    void this.view.refresh().then((after) => {
      window.clearTimeout(this.timer);
      if (!this.isDisposed) this.timer = window.setTimeout(() => this.refresh(), after);
    });
  }

  override dispose(): void {
    window.clearTimeout(this.timer);
    this.view?.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    if (this.view) this.refresh();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.view) return this.refresh();
    this.draw(this.node).then(
      (view) => {
        if (this.isDisposed) return view.dispose();
        this.view = view;
        if (this.run !== null) view.choose?.(this.run);
        this.refresh();
      },
      (error: unknown) => fill(this.node, el("p", {}, String(error))),
    );
  }
}

export default plugin;

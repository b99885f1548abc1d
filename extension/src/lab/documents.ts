// Files of tuning records open as a dashboard, traces as a program: without a kernel, read by the server
// part. Neither loads the file into the page, and nothing is ever saved.

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, WidgetTracker } from "@jupyterlab/apputils";
import { ABCWidgetFactory, DocumentModel, DocumentWidget, TextModelFactory, type DocumentRegistry } from "@jupyterlab/docregistry";
import type { Contents, ServiceManager } from "@jupyterlab/services";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { loopsIcon } from "./icons.js";
import { addLookAt } from "./look_at.js";
import { DOMAIN, LOOK_AT } from "./names.js";
import { asking, type Ask } from "./server.js";
import { DASHBOARD, drawRecords, drawTrace, SCRUBBER, Viewer, type Draw } from "./viewer.js";

const MODEL = "tvmlab-looked-at";

/** Of tuners: ours, and MetaSchedule's, whose names are fixed. */
const RECORDS = String.raw`(\.tvmlab\.db|\.tvmlog\.jsonl|(^|/)database_(tuning_record|workload)\.json)$`;
const TRACES = String.raw`\.trace\.json$`;

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

export default plugin;

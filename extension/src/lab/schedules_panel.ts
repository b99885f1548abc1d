// The panel at the left: traces, exercises and tuning runs of the workspace. A click, or a drag into
// a cell, gives the Python that opens one.

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, MainAreaWidget } from "@jupyterlab/apputils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import { button, el, fill } from "../dom.js";
import { time } from "../format.js";
import { section, type Entry } from "./entries.js";
import { courseIcon, schedulesIcon } from "./icons.js";
import { folderOfNotebook, importsTvmlab, insertCode, newNotebook, type CodeFor } from "./insert.js";
import { IKernels } from "./kernels.js";
import { DOMAIN, INSERT_LAB, LOOK_AT, NEW_NOTEBOOK, OPEN_COURSE, SHOW_SCHEDULES } from "./names.js";
import { ISettings } from "./settings.js";
import { templateWords } from "./template_words.js";
import { labCode, TEMPLATES } from "./templates.js";
import { asCell, openExercise, openRun, openTrace, readWorkspace, type ExerciseEntry, type Workspace } from "./workspace.js";
import "../theme.css";
import "./schedules_panel.css";

/** Milliseconds between two looks while the panel is shown. */
const REFRESH_MS = 15_000;

/** What both lists need of the application. */
class Desk {
  constructor(
    readonly app: JupyterFrontEnd,
    readonly tracker: INotebookTracker,
    readonly trans: TranslationBundle,
    private readonly browser: IDefaultFileBrowser | null,
  ) {}

  get folder(): string {
    return this.browser?.model.path ?? "";
  }

  read(): Promise<Workspace> {
    const missing = this.trans.__("The server's part of tvmlab is not enabled: jupyter server extension enable tvmlab.server");
    return readWorkspace(this.app.serviceManager.serverSettings, missing);
  }

  insert(code: CodeFor): void {
    void insertCode(this.app, this.tracker, this.folder, code);
  }

  entry(title: string, words: string, hint: string, code: CodeFor, more: Partial<Entry> = {}): Entry {
    const written = () => code(folderOfNotebook(this.tracker) ?? this.folder);
    const cell = () => asCell(written(), importsTvmlab(this.tracker.currentWidget));
    return { title, words, hint, code: written, cell, act: () => this.insert(code), ...more };
  }

  /** Opens a file in its viewer, at one of its runs if that is given. */
  opening(path: string, run?: number): () => void {
    return () => void this.app.commands.execute(LOOK_AT, { path, ...(run === undefined ? {} : { run }) });
  }
}

class SchedulesPanel extends Widget {
  private readonly body = el("div", { class: "tv-schedules-body" });
  private timer = 0;

  constructor(private readonly desk: Desk) {
    super();
    const { trans } = desk;
    this.id = "tvmlab-schedules";
    this.title.icon = schedulesIcon;
    this.title.caption = trans.__("Schedules");
    this.addClass("tv-schedules");
    const refresh = button(trans.__("Refresh"), () => void this.refresh());
    const course = button(trans.__("Course"), () => void desk.app.commands.execute(OPEN_COURSE));
    const head = el("header", { class: "tvmlab tv-schedules-head" }, el("h2", {}, trans.__("Schedules")), course, refresh);
    this.node.append(head, this.body);
  }

  protected override onAfterShow(): void {
    void this.refresh();
    this.timer = window.setInterval(() => void this.refresh(), REFRESH_MS);
  }

  protected override onBeforeHide(): void {
    window.clearInterval(this.timer);
  }

  override dispose(): void {
    window.clearInterval(this.timer);
    super.dispose();
  }

  async refresh(): Promise<void> {
    try {
      this.draw(await this.desk.read());
    } catch (error) {
      fill(this.body, el("p", { class: "tv-section-empty", role: "alert" }, (error as Error).message));
    }
  }

  private draw({ traces, exercises, runs }: Workspace): void {
    const { desk } = this;
    const { trans } = desk;
    const insert = trans.__("Insert the code that opens it");
    const open = trans.__("Open the file");
    const top = this.body.scrollTop;
    const closed = [...this.body.querySelectorAll("details")].map((node) => !node.open);
    fill(
      this.body,
      section(
        trans.__("Tuning runs"),
        String(runs.length),
        runs.map((run) =>
          desk.entry(
            run.title || run.path,
            [run.best_s === null ? trans.__("nothing verified yet") : time(run.best_s), trans.__("%1 of %2 trials", run.done, run.trials), ago(run.began, trans)].join(" · "),
            insert,
            (folder) => openRun(run, folder),
            { share: run.is_on ? run.done / Math.max(1, run.trials) : null, mark: run.is_on ? trans.__("on") : "", open: desk.opening(run.path, run.run) },
          ),
        ),
        trans.__("None yet. t.tune(C) starts one, and the lab's tab Tune."),
        open,
      ),
      section(
        trans.__("Traces"),
        String(traces.length),
        traces.map((trace) =>
          desk.entry(trace.name, `${folderOf(trace.path)}${ago(trace.changed, trans)}`, insert, (folder) => openTrace(trace, folder), {
            open: desk.opening(trace.path),
          }),
        ),
        trans.__("None yet. Every lab keeps its steps; Save in its schedule writes them to a file."),
        open,
      ),
      section(trans.__("Exercises"), String(exercises.length), exercises.map((each) => exerciseEntry(desk, each, insert)), "", open),
    );
    this.body.querySelectorAll("details").forEach((node, at) => (node.open = !closed[at]));
    this.body.scrollTop = top;
  }
}

function exerciseEntry(desk: Desk, exercise: ExerciseEntry, hint: string): Entry {
  const { trans } = desk;
  return desk.entry(
    exercise.title,
    `${exercise.kind.replaceAll("_", " ")} · ${trans._n("%1 point", "%1 points", exercise.points)}`,
    hint,
    () => openExercise(exercise),
    { mark: exercise.is_passed ? "✓" : "" },
  );
}

/** The course: the notebooks one can begin with, then the exercises, each in a notebook of its own. */
class Course extends Widget {
  constructor(private readonly desk: Desk) {
    super();
    this.addClass("tv-course");
    void this.draw();
  }

  private async draw(): Promise<void> {
    const { desk } = this;
    const { app, trans } = desk;
    const exercises = await desk.read().then(
      (workspace) => workspace.exercises,
      () => [],
    );
    const begin = (code: string) => void newNotebook(app, [{ type: "code", source: asCell(code, false) }], desk.folder);
    const words = templateWords(trans);
    const lessons = TEMPLATES.map(({ name }) => {
      const { title, caption } = words[name]!;
      const act = () => void app.commands.execute(NEW_NOTEBOOK, { template: name });
      return { ...desk.entry(title, caption, trans.__("Begin a notebook"), () => ""), act };
    });
    const tasks = exercises.map((each) => ({
      ...exerciseEntry(desk, each, trans.__("Begin a notebook")),
      act: () => begin(openExercise(each)),
    }));
    const passed = exercises.filter(({ is_passed }) => is_passed).length;
    fill(
      this.node,
      el("h1", {}, trans.__("Tensor programs, step by step")),
      el("p", {}, trans.__("Begin with the matrix product: three loops, and what each step makes of them. Then take the exercises in their order; they are judged on this machine, at sizes you have not seen.")),
      section(trans.__("Lab notebooks"), "", lessons, "", ""),
      section(trans.__("Exercises"), trans.__("%1 of %2 passed", passed, exercises.length), tasks, trans.__("The server's part of tvmlab is not enabled."), ""),
    );
  }
}

function folderOf(path: string): string {
  const folder = path.split("/").slice(0, -1).filter((part) => part !== ".tvmlab").join("/");
  return folder ? `${folder} · ` : "";
}

/** How long ago, in words. */
function ago(at: number, trans: TranslationBundle): string {
  const minutes = Math.max(0, (Date.now() / 1000 - at) / 60);
  if (minutes < 2) return trans.__("just now");
  if (minutes < 90) return trans.__("%1 min ago", Math.round(minutes));
  if (minutes < 2160) return trans.__("%1 h ago", Math.round(minutes / 60));
  return trans.__("%1 days ago", Math.round(minutes / 1440));
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: "tvmlab:schedules",
  description: "Traces, exercises and tuning runs of the workspace, and the course.",
  autoStart: true,
  requires: [INotebookTracker, IKernels, ISettings],
  optional: [ILayoutRestorer, ICommandPalette, ILauncher, IDefaultFileBrowser, ITranslator],
  activate(
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    kernels: IKernels,
    settings: ISettings,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null,
    translator: ITranslator | null,
  ) {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const desk = new Desk(app, tracker, trans, browser);
    const panel = new SchedulesPanel(desk);
    app.shell.add(panel, "left", { rank: 350, type: "tvmlab" });
    restorer?.add(panel, panel.id);
    app.commands.addCommand(SHOW_SCHEDULES, {
      label: trans.__("Show schedules, exercises and runs"),
      execute: () => app.shell.activateById(panel.id),
    });
    app.commands.addCommand(INSERT_LAB, {
      label: trans.__("Insert the lab of the schedule touched last"),
      isEnabled: () => kernels.link?.following !== "" && kernels.link !== null,
      execute: () => desk.insert(() => labCode(kernels.link?.following || "s", kernels.link?.what ?? "schedule", settings.now)),
    });
    app.commands.addCommand(OPEN_COURSE, {
      label: (args) => (args["isLauncher"] ? trans.__("Course") : trans.__("Open the course on tensor programs")),
      caption: trans.__("Lab notebooks and exercises, in order"),
      icon: (args) => (args["isLauncher"] ? courseIcon : undefined),
      execute: () => {
        const widget = new MainAreaWidget({ content: new Course(desk) });
        widget.title.label = trans.__("Course");
        widget.title.icon = courseIcon;
        app.shell.add(widget, "main");
        app.shell.activateById(widget.id);
      },
    });
    const category = trans.__("Tensor programs");
    for (const command of [SHOW_SCHEDULES, INSERT_LAB, OPEN_COURSE]) {
      palette?.addItem({ command, category });
    }
    launcher?.add({ command: OPEN_COURSE, args: { isLauncher: true }, category, rank: 100 });
  },
};

export default plugin;

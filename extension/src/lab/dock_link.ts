// The connection of the page to one kernel: what the kernel works on and how its tuning runs stand,
// over a comm that JupyterLab lets answer while a cell runs. Mirrors tvmlab/ui/docked_page.py.

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { Signal } from "@lumino/signaling";
import type { Intent } from "../schema.js";
import { environmentOf, telling, type Environment } from "./kernel_environment.js";
import { after, type Known, type Message } from "../told.js";
import { DEFAULTS, type Settings } from "./settings.js";

/** The version of tvmlab that this page is of: the build writes it in. */
declare const TVMLAB_VERSION: string;

const TARGET = "tvmlab.dock";
const OFFER = `__import__("tvmlab.ui.dock", fromlist=["offer"]).offer("${TVMLAB_VERSION}")`;
/** Nothing is imported for a kernel that does not use tvmlab. */
const OFFER_IF_LOADED = `"tvmlab.api" in __import__("sys").modules and ${OFFER}`;

/** How a tuning run stands; times in seconds. */
export interface RunWords {
  id: number;
  status: "starting" | "running" | "paused" | "done" | "failed";
  reason: string;
  done: number;
  trials: number;
  best: string;
  eta_s: number | null;
  database: string;
}

/** What the notebook's name of what is followed stands for. */
export type Followed = "schedule" | "lab" | "run";

export type DockMessage =
  | { kind: "docked" }
  | { kind: "following"; name: string; what: Followed }
  | { kind: "part"; pane: string; state: object }
  | { kind: "news"; message: unknown }
  | { kind: "problem"; problem: string }
  | { kind: "runs"; runs: RunWords[] };

/** What the kernel says: as above, but of a pane only what changed. */
type Told = Exclude<DockMessage, { kind: "part" }> | { kind: "part"; pane: string; news: string };

/** `none`: nothing asked yet; `absent`: the kernel has no tvmlab, or not loaded. */
export type LinkStatus = "none" | "connecting" | "docked" | "absent";

export class DockLink {
  readonly heard = new Signal<this, DockMessage>(this);
  readonly changed = new Signal<this, void>(this);
  status: LinkStatus = "none";
  /** Why the kernel has none, in its own words. */
  reason = "";
  /** What the notebook calls the schedule that is followed. */
  following = "";
  what: Followed = "schedule";
  runs: RunWords[] = [];
  /** What the kernel told of each pane of the lab followed. */
  private readonly known = new Map<string, Known<object>>();
  private comm: Kernel.IComm | null = null;
  private panes: string[] = [];
  /** What the kernel was told of the settings, in its environment. */
  private told: Environment = {};
  private isAnew = false;

  constructor(
    readonly kernel: Kernel.IKernelConnection,
    private settings: Settings,
  ) {
    kernel.statusChanged.connect(this.onStatus, this);
    void this.tell();
  }

  /** Connects, loading tvmlab in the kernel only if `isAsked` for by the user. */
  async connect(isAsked: boolean): Promise<void> {
    if (this.status === "connecting" || this.status === "docked") return;
    this.move("connecting");
    try {
      const expression = isAsked ? OFFER : OFFER_IF_LOADED;
      const offered = await evaluate(this.kernel, expression);
      if (offered !== "True") {
        this.reason = offered;
        this.move("absent");
        return;
      }
      this.comm = this.kernel.createComm(TARGET);
      this.comm.onMsg = (message) => this.take(message);
      this.comm.onClose = () => this.drop();
      this.comm.open({ kind: "look", panes: this.panes });
    } catch {
      this.drop(); // the kernel is gone; the next one is asked anew
    }
  }

  /** The state of a pane, if it was told. */
  state(pane: string): object | undefined {
    return this.known.get(pane)?.state;
  }

  /** Says which panes are before the user's eyes; only these are sent. */
  look(panes: string[]): void {
    this.panes = panes;
    if (this.status === "docked") this.comm?.send({ kind: "look", panes });
  }

  /** Has the kernel measure and compile as the user wants it. */
  prefer(settings: Settings): void {
    this.settings = settings;
    void this.tell();
    const protocol = settings.protocol === DEFAULTS.protocol ? null : settings.protocol;
    const limit = settings.compileLimit === DEFAULTS.compileLimit ? null : settings.compileLimit;
    if (this.status === "docked") this.comm?.send({ kind: "prefer", protocol, compile_limit_s: limit });
  }

  /** Tells a kernel that may load tvmlab later, if at all. */
  private async tell(): Promise<void> {
    const now = environmentOf(this.settings);
    const expression = telling(this.told, now);
    if (!expression) return;
    this.told = now;
    try {
      const { language_info } = await this.kernel.info;
      if (language_info.name === "python") await evaluate(this.kernel, expression);
    } catch {
      this.told = {}; // the kernel is gone
    }
  }

  /** Has the lab of a run followed. */
  openRun(run: number): void {
    if (this.status === "docked") this.comm?.send({ kind: "open_run", run });
  }

  ask(intent: Intent): void {
    // The shape of an intent is its pane's affair; it is JSON in any case.
    if (this.status === "docked") this.comm?.send({ kind: "ask", intent: { ...intent } as never });
  }

  dispose(): void {
    this.kernel.statusChanged.disconnect(this.onStatus, this);
    if (this.comm && !this.comm.isDisposed && this.kernel.connectionStatus === "connected") this.comm.close();
    this.comm = null;
    Signal.clearData(this);
  }

  private take({ content }: KernelMessage.ICommMsgMsg): void {
    const message = content.data as unknown as Told;
    if (message.kind === "part") return this.takePart(message.pane, JSON.parse(message.news) as Message<object>);
    if (message.kind === "docked") {
      this.move("docked");
      this.prefer(this.settings);
      this.look(this.panes);
    } else if (message.kind === "following") {
      this.following = message.name;
      this.what = message.what;
      this.known.clear();
    } else if (message.kind === "runs") this.runs = message.runs;
    this.heard.emit(message);
  }

  /** Puts what changed to what is known; where that is another state, asks for the whole. */
  private takePart(pane: string, message: Message<object>): void {
    const next = after(this.known.get(pane) ?? null, message);
    if (!next) return void this.comm?.send({ kind: "look", panes: this.panes, lost: pane });
    this.known.set(pane, next);
    this.heard.emit({ kind: "part", pane, state: next.state });
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    if (["restarting", "autorestarting", "dead", "terminating"].includes(status)) {
      this.isAnew = true;
      this.drop();
    } else if (this.isAnew && (status === "idle" || status === "starting")) {
      this.isAnew = false;
      this.told = {};
      void this.tell();
    }
  }

  private drop(): void {
    this.comm = null;
    this.following = "";
    this.known.clear();
    this.runs = [];
    this.move("none");
    this.heard.emit({ kind: "runs", runs: [] });
  }

  private move(status: LinkStatus): void {
    this.status = status;
    this.changed.emit();
  }
}

/** The value of a Python expression as text; for one that fails, its error. */
async function evaluate(kernel: Kernel.IKernelConnection, expression: string): Promise<string> {
  const future = kernel.requestExecute({
    code: "",
    silent: true,
    store_history: false,
    stop_on_error: false,
    user_expressions: { answer: expression },
  });
  const { content } = await future.done;
  const answer = (content as { user_expressions?: Record<string, Answer> }).user_expressions?.["answer"];
  if (!answer) return "";
  return answer.status === "ok" ? (answer.data?.["text/plain"] ?? "") : `${answer.ename}: ${answer.evalue}`;
}

interface Answer {
  status: "ok" | "error";
  data?: Record<string, string>;
  ename?: string;
  evalue?: string;
}

import { Signal } from "@lumino/signaling";
import { nullTranslator } from "@jupyterlab/translation";
import { beforeEach, expect, test, vi } from "vitest";
import type { RunWords } from "./dock_link.js";

// JupyterLab's own modules want a browser; what is used of them is little.
const told: string[] = [];
vi.mock("@jupyterlab/apputils", () => {
  const tell = (words: string) => void told.push(words);
  return { Notification: { success: tell, error: tell } };
});
vi.mock("@jupyterlab/statusbar", () => ({ IStatusBar: {} }));
vi.mock("@jupyterlab/notebook", () => ({ INotebookTracker: {} }));
vi.mock("@jupyterlab/settingregistry", () => ({ ISettingRegistry: {} }));
vi.stubGlobal("DragEvent", class extends Event {});
const { default: plugin } = await import("./status.js");

beforeEach(() => void told.splice(0));

const run = (id: number, more: Partial<RunWords> = {}): RunWords => ({
  id, status: "running", reason: "", done: 3, trials: 9, best: "2 ms", eta_s: 40, database: "", ...more,
});

/** The plugin beside kernels that we speak for. */
function begun(notify: boolean) {
  const link = { kernel: { id: "k" }, runs: [] as RunWords[], openRun: vi.fn() };
  const kernels = { all: [link, link], heard: new Signal<object, object>({}), changed: new Signal<object, void>({}), show: vi.fn() };
  const app = { commands: { execute: vi.fn() } };
  let item: { node: HTMLElement; isBusy: boolean };
  const bar = { registerStatusItem: (_: string, options: { item: typeof item }) => (item = options.item) };
  void plugin.activate(app as never, kernels as never, { now: { notify } } as never, bar as never, nullTranslator as never);
  const say = (...runs: RunWords[]) => {
    link.runs = runs;
    kernels.heard.emit({ message: { kind: "runs", runs } });
  };
  return { say, item: item!, link, kernels, app };
}

test("the run that is on is told once, whatever serves it, and a click opens it", () => {
  const { say, item, link, kernels, app } = begun(true);
  say(run(7));
  expect(item.node.textContent).toBe("Tuning 3 of 9 · best 2 ms · 40 s left");
  say(run(7, { status: "paused", eta_s: null }), run(8));
  expect(item.node.textContent).toBe("Tuning 3 of 9 · best 2 ms · paused and 1 more");
  item.node.querySelector("button")!.click();
  expect(link.openRun).toHaveBeenCalledWith(7);
  expect(kernels.show).toHaveBeenCalledWith(link);
  expect(app.commands.execute).toHaveBeenCalledWith("tvmlab:show-tuner");
  say(run(7, { status: "done", done: 9 }), run(8, { status: "failed", reason: "it was killed." }));
  say(run(7, { status: "done", done: 9 }), run(8, { status: "failed", reason: "it was killed." }));
  expect(told).toEqual(["Tuning ended after 9 trials, best 2 ms", "Tuning failed: it was killed."]);
  expect(item.isBusy).toBe(false);
});

test("who wants no notifications gets none", () => {
  const { say } = begun(false);
  say(run(1));
  say(run(1, { status: "failed" }));
  expect(told).toEqual([]);
});

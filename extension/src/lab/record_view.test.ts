import { nullTranslator } from "@jupyterlab/translation";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { trial, tuner } from "../double.js";
import type { Point, RunView } from "../schema.js";
import { RecordView, type RecordsAnswer } from "./record_view.js";
import type { Query } from "./server.js";

const trans = nullTranslator.load("tvmlab");
const run = (id: number, more: Partial<RunView> = {}): RunView => ({
  id, letter: "", title: `run ${id}`, source: "a.db", explorer: "model", model: "xgboost-rank", trials: 2, failed: 0,
  best: "9 GFLOP/s", is_live: false, is_shown: false, is_of_this: true, ...more,
});
const point = (number: number): Point => [number, 10 + number, 9, 12, null, "ok", number, "a"];

let root: HTMLElement;
let asked: [string, Query][];
let answers: unknown[];
let view: RecordView;

const answer = (edition: string, from: number, count: number, more: Partial<RecordsAnswer> = {}): RecordsAnswer => ({
  edition,
  state: tuner({ status: "running", trials: 8, done: from + count, live: 2, runs: [run(2, { is_live: true, is_shown: true, letter: "A" }), run(1)], is_read_only: true }),
  messages: [{ kind: "points", run: 2, from, points: Array.from({ length: count }, (_, n) => point(from + n)), named: 0, names: from ? [] : ["tile"], labelled: 0, labels: from ? [] : [[0, "8"]] }],
  notes: [],
  is_whole: true,
  ...more,
});

beforeEach(() => {
  vi.useFakeTimers();
  root = document.createElement("div");
  document.body.replaceChildren(root);
  [asked, answers] = [[], []];
  view = new RecordView(
    root,
    async <T>(what: string, query: Query) => {
      asked.push([what, query]);
      const next = answers.shift();
      if (next instanceof Error) throw next;
      return next as T;
    },
    trans,
  );
});

afterEach(() => {
  view.dispose();
  vi.useRealTimers();
});

const had = () => JSON.parse(String(asked.at(-1)![1]["had"])) as unknown;

test("pages are asked for until all is there, then only what is new", async () => {
  answers = [answer("e1", 0, 2, { is_whole: false }), answer("e1", 2, 1), { ...answer("e1", 3, 0), messages: [] }];
  expect(await view.refresh()).toBeLessThan(5000);
  expect(had()).toEqual({ "2": [2, 1, 1, 0] });
  await view.refresh();
  expect(had()).toEqual({ "2": [3, 1, 1, 0] });
  vi.runAllTimers();
  expect(root.querySelectorAll(".tv-leader").length).toBe(3);
});

test("another edition begins anew, and another run in front is asked for", async () => {
  answers = [answer("e1", 0, 2), answer("e2", 0, 1), answer("e2", 1, 0)];
  await view.refresh();
  await view.refresh();
  vi.runAllTimers();
  expect(root.querySelectorAll(".tv-tuner").length).toBe(1);
  expect(root.querySelectorAll(".tv-leader").length).toBe(1);
  const choice = root.querySelector("select")!;
  expect([...choice.options].map((option) => option.textContent)).toEqual(["run 2 · 2 trials · 9 GFLOP/s", "run 1 · 2 trials · 9 GFLOP/s"]);
  choice.value = "1";
  choice.dispatchEvent(new Event("change"));
  expect(asked.at(-1)![1]["front"]).toBe(1);
});

test("nothing can be begun, and what fails is said", async () => {
  answers = [new Error("a.db is damaged."), answer("e1", 0, 2), new Error("a.db is gone.")];
  await view.refresh();
  expect(root.querySelector(".tv-document-error")!.textContent).toBe("a.db is damaged.");
  await view.refresh();
  const visible = [...root.querySelectorAll("button")].filter((button) => !button.closest("[hidden]")).map((button) => button.textContent);
  for (const label of ["Tune", "Continue", "Stop", "Load", "Make this my branch"]) expect(visible).not.toContain(label);
  await view.refresh();
  expect(root.querySelector(".tv-document-notes")!.textContent).toBe("a.db is gone.");
  expect(root.querySelector<HTMLElement>(".tv-document-body")!.hidden).toBe(false);
});

test("a trial is asked for on demand, with its code when that is wanted", async () => {
  answers = [answer("e1", 0, 2)];
  await view.refresh();
  vi.runAllTimers();
  const told = trial({ run: 2, number: 1, steps: ["s.split()"], program: ["for y"] });
  answers = [told, { ...told, code: "ret" }];
  root.querySelector<HTMLElement>(".tv-leader")!.click();
  await vi.runAllTimersAsync();
  expect(asked.at(-1)).toEqual(["trial", { run: 2, number: 1 }]);
  expect(root.querySelector(".tv-trial-lines")!.textContent).toBe("s.split()");
  [...root.querySelectorAll<HTMLElement>(".tv-trial .tv-tab")].find((tab) => tab.textContent === "Code")!.click();
  await vi.runAllTimersAsync();
  expect(root.querySelector(".tv-trial-lines")!.textContent).toBe("ret");
  [...root.querySelectorAll<HTMLElement>(".tv-trial .tv-tab")].find((tab) => tab.textContent === "Features")!.click();
  await vi.runAllTimersAsync();
  expect(asked.at(-1)).toEqual(["trial", { run: 2, number: 1, features: 1 }]);
});

test("what a model goes by is asked when its sheet is looked at, and again when there is much more", async () => {
  const reasons = [{ name: "tile", unit: "log2", weight: 0.5, value: 3, loops: [{ block: "C", loop: "xi" }] }];
  const explained = { run: 2, trial: 1, learnt_from: 2, model: "xgboost-rank fitted to 2 trials of run 2, as the run itself does.", importances: [["tile", "log2", 0.75]], reasons };
  const explanations = () => asked.filter(([what]) => what === "explanation").length;
  answers = [answer("e1", 0, 2), new Error("the 2 trials of this run are too few to learn from."), explained];
  await view.refresh();
  vi.runAllTimers();
  expect(explanations()).toBe(0);
  const turn = (name: string) => [...root.querySelectorAll<HTMLElement>(".tv-tuner > .tv-bar [role=tab]")].find((tab) => tab.textContent === name)!.click();
  turn("Model");
  vi.advanceTimersByTime(100);
  expect(root.querySelector(".tv-features")!.textContent).toBe("Fitting a model to the trials of this run…");
  await vi.runAllTimersAsync();
  expect(asked.at(-1)).toEqual(["explanation", { run: 2 }]);
  expect(root.querySelector(".tv-features")!.textContent).toBe("the 2 trials of this run are too few to learn from.");
  turn("Frontier");
  turn("Model");
  await vi.runAllTimersAsync();
  expect(root.querySelector(".tv-model-words")!.textContent).toContain("fitted to 2 trials");
  expect(root.querySelector('[aria-label="Importances"] tbody')!.textContent).toBe("tile75 %");
  expect(root.querySelector(".tv-features .tv-loops-cell")!.textContent).toBe("xi");
  expect(root.querySelector(".tv-features .tv-loop-link")).toBeNull(); // no program to select it in
  turn("Frontier");
  turn("Model");
  await vi.runAllTimersAsync();
  expect(explanations()).toBe(2);
  answers = [answer("e1", 2, 1), { ...explained, learnt_from: 3 }];
  await view.refresh();
  await vi.runAllTimersAsync();
  expect(explanations()).toBe(3);
  expect(root.textContent).toContain("after 3 trials");
});

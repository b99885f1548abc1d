import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contributions, RecordingHost, trial, tuner } from "../double.js";
import type { Point, RunView } from "../schema.js";
import { axesOf, linesOf } from "../tuner/space.js";
import { Trials } from "../trials.js";
import { Tuner } from "./tuner.js";

const RUN: RunView = {
  id: 4,
  letter: "A",
  title: "run 7 · matmul",
  source: "/tmp/run.db",
  explorer: "model",
  model: "xgboost-rank",
  trials: 3,
  failed: 1,
  best: "30.0 GFLOP/s",
  is_live: true,
  is_shown: true,
  is_of_this: true,
};
const POINTS: Point[] = [
  [0, 10, 9, 11, null, "ok", 0, "aa"],
  [1, null, null, null, null, "wrong_answer", 4, "ab"],
  [2, 30, 29, 31, 25, "ok", 9, "ba"],
  [3, 20, 19, 21, 25, "ok", 12, "bb"],
  [4, 22, 19, 21, 25, "ok", 12, "b"],
  [5, 21, 19, 21, 25, "ok", 12, "b"],
];

let root: HTMLElement;
let host: RecordingHost;
let pane: Tuner;

beforeEach(() => {
  vi.useFakeTimers();
  root = document.createElement("section");
  document.body.replaceChildren(root);
  host = new RecordingHost();
  pane = new Tuner(root, host);
  pane.update(tuner({ status: "done", trials: 8, done: 6, live: 4, runs: [RUN], can_continue: true, device_share: 0.5 }));
  pane.receive({ kind: "points", run: 4, from: 0, points: POINTS, named: 0, names: ["tile", "order"], labelled: 0, labels: [[0, "16"], [1, "x"], [1, "k"], [0, "8"]] });
  vi.runAllTimers();
});

afterEach(() => {
  pane.dispose();
  vi.useRealTimers();
});

const press = (label: string, within: ParentNode = root) =>
  [...within.querySelectorAll<HTMLElement>("button")].find((b) => b.textContent === label && b.closest("[hidden]") === null)!.click();
const sheet = () => root.querySelector<HTMLElement>(".tv-tuner-sheet:not([hidden])")!;

test("it asks for what it lacks, and again after a gap", () => {
  expect(host.asked[0]).toEqual({ intent: "tune_points" });
  pane.receive({ kind: "points", run: 4, from: 9, points: POINTS });
  expect(host.last).toEqual({ intent: "tune_points" });
});

test("the clock, the failures by kind and the share of measuring are said", () => {
  expect(root.querySelector('[role="status"]')!.textContent).toContain("measuring 50 % of the time");
  expect(root.querySelector(".tv-legend")!.textContent).toContain("≠ 1 wrong answer");
  press("Continue");
  expect(host.last).toEqual({ intent: "tune_continue", trials: "64" });
});

test("every chart has a table twin", () => {
  for (const [tab, rows] of [["Frontier", 6], ["Space", 1], ["Model", 4], ["Runs", 2]] as const) {
    press(tab);
    vi.runAllTimers();
    press("Table", sheet());
    expect(sheet().querySelector(".tv-rows-scroll:not([hidden]) tbody")!.children.length, tab).toBe(rows);
    expect(sheet().querySelector(".tv-trial-table caption")!.textContent).not.toBe("");
  }
});

test("few different predictions are said to be few", () => {
  press("Model");
  vi.runAllTimers();
  expect(sheet().textContent).toContain("4 predictions, but 1 different value");
});

const C_Y = { block: "C", loop: "y" };
const PART = { name: "tile[0]", words: "tile[0]", value: "8", unit: "iterations", weight: -0.2, loops: [C_Y], steps: [1] };

test("what each loop of a trial adds is asked for once, painted, and linked both ways", () => {
  const seen = trial({ program: ["def C():", "  for y in range(8):"], loops: [null, C_Y] });
  pane.receive({ kind: "inspected", ...seen });
  const panel = root.querySelector<HTMLElement>(".tv-trial")!;
  press("Features", panel);
  press("Features", panel);
  expect(host.asked.filter(({ intent }) => intent === "tune_contributions").length).toBe(1);
  expect(panel.querySelector(".tv-model-words")!.textContent).toBe("Asking the cost model…");
  const marks = [{ line: 1, share: -1, text: "−0.20", words: "Loop y of C speaks against it." }];
  pane.receive({ kind: "inspected", ...seen, marks, contributions: contributions([PART, { ...PART, words: "pack", loops: [], weight: 0.4 }]) });
  const [head, loop] = [...panel.querySelectorAll<HTMLElement>(".tv-trial-painted > div")];
  expect(head!.querySelector(".tv-loop-figure")).toBeNull();
  expect(loop!.querySelector(".tv-loop-figure .tv-takes")).not.toBeNull();
  const rows = () => [...panel.querySelectorAll<HTMLTableRowElement>(".tv-contribution-table tbody tr")];
  expect(rows().map((row) => row.cells[0]!.textContent)).toEqual(["tile[0]", "pack"]);
  expect(rows().map((row) => row.cells[3]!.textContent)).toEqual(["ystep 1", "step 1"]);
  rows()[0]!.dispatchEvent(new MouseEvent("mouseenter"));
  expect(loop!.classList.contains("tv-lit")).toBe(true);
  rows()[1]!.dispatchEvent(new MouseEvent("mouseenter"));
  expect(loop!.classList.contains("tv-lit")).toBe(false);
  loop!.dispatchEvent(new MouseEvent("mouseenter"));
  expect(rows().map((row) => row.cells[0]!.textContent)).toEqual(["tile[0]"]);
  expect(panel.querySelector("caption")!.textContent).toBe("Features of loop y of C: −0.20 in all");
  rows()[0]!.querySelector("button")!.click();
  expect(host.last).toEqual({ intent: "select", ...C_Y, place: "tuner" });
});

test("of a trial that another tuner logged there is what its line says, and no branch", () => {
  const reason = "There is no program to show.";
  pane.receive({ kind: "inspected", ...trial({ status: "logged", reason, facts: [["tile_y", "split into 8 × 8"]], raw: '{"input": 1}' }) });
  const panel = root.querySelector<HTMLElement>(".tv-trial")!;
  const tabs = () => [...panel.querySelectorAll("[role=tab]")].map((tab) => tab.textContent);
  expect(tabs()).toEqual(["Log", "Line"]);
  expect(panel.querySelector(".tv-facts")!.textContent).toBe("tile_ysplit into 8 × 8");
  expect(panel.querySelector(".tv-why")!.textContent).toBe(reason);
  expect([...panel.querySelectorAll("button")].find((button) => button.textContent === "Make this my branch")!.hidden).toBe(true);
  press("Line", panel);
  expect(panel.querySelector(".tv-trial-lines")!.textContent).toBe('{"input": 1}');
  pane.receive({ kind: "inspected", ...trial({ status: "logged", reason, steps: ["b0 = get_block('C')"], raw: "[]" }) });
  expect(tabs()).toEqual(["Log", "Instructions", "Line"]);
});

test("a trial is looked at, and made a branch", () => {
  root.querySelector<HTMLElement>(".tv-leader")!.click();
  expect(host.last).toEqual({ intent: "tune_inspect", run: 4, number: 2 });
  const diff: [string, string][] = [[" ", "for y"], ["-", "for x"], ["+", "for xo"]];
  pane.receive({ kind: "inspected", ...trial({ steps: ["one", "<b>"], program: ["for y"], diff }) });
  const panel = root.querySelector<HTMLElement>(".tv-trial")!;
  expect(panel.hidden).toBe(false);
  expect(panel.textContent).toContain("30.0 (29.0 to 31.0) GFLOP/s");
  expect([...panel.querySelectorAll(".tv-trial-lines > div")].map((line) => line.textContent)).toEqual(["one", "<b>"]);
  press("Difference", panel);
  expect([...panel.querySelectorAll(".tv-trial-lines > div")].map((line) => line.textContent)).toEqual([" for y", "−for x", "+for xo"]);
  press("Code", panel);
  expect(host.last).toEqual({ intent: "tune_code", run: 4, number: 2 });
  press("Make this my branch", panel);
  expect(host.last).toEqual({ intent: "open_candidate", run: 4, number: 2 });
  panel.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  expect(panel.hidden).toBe(true);
});

test("what the model goes by stands with the loops it is about", () => {
  const loops = [{ block: "C", loop: "xi" }];
  press("Model");
  pane.receive({ kind: "explained", run: 4, trial: 2, learnt_from: 6, importances: [["tile[0]", "log2", 0.75]], reasons: [{ name: "tile[0]", unit: "log2", weight: -0.5, value: 3, loops }] });
  vi.runAllTimers();
  expect(host.asked).toContainEqual({ intent: "tune_paint" });
  const features = root.querySelector<HTMLElement>(".tv-features")!;
  expect(features.textContent).toContain("75 %");
  expect(features.textContent).toContain("−0.50");
  features.querySelector<HTMLElement>(".tv-loop-link")!.click();
  expect(host.last).toEqual({ intent: "select", block: "C", loop: "xi", place: "tuner" });
});

test("runs are chosen from the list, and files loaded by their path", () => {
  const other: RunView = { ...RUN, id: 5, letter: "", is_live: false, is_shown: false, title: "run 3 · matmul" };
  press("Runs");
  expect(host.last).toEqual({ intent: "tune_list" });
  pane.update(tuner({ status: "done", live: 4, runs: [RUN, other] }));
  root.querySelector<HTMLInputElement>('[data-run="5"]')!.click();
  expect(host.last).toEqual({ intent: "tune_show", run: 5 });
  const path = root.querySelector<HTMLInputElement>('[aria-label="Database or log to load"]')!;
  path.value = " old.db ";
  path.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  expect(host.last).toEqual({ intent: "tune_load", path: "old.db" });
});

test("the axes of the space are in order, and brushes keep who took their options", () => {
  const trials = new Trials();
  trials.add({ kind: "points", run: 1, from: 0, points: POINTS, named: 0, names: ["tile", "order"], labelled: 0, labels: [[0, "16"], [1, "x"], [1, "k"], [0, "8"]] });
  const axes = axesOf(trials);
  expect(axes.map(({ name, labels }) => [name, labels])).toEqual([
    ["tile", ["8", "16"]],
    ["order", ["k", "x"]],
  ]);
  expect(linesOf(trials, axes, 0.1, new Map()).map(({ point }) => point[0])).toEqual([2]);
  const brushed = linesOf(trials, axes, 1, new Map([[0, [1, 1]]]));
  expect(brushed.map(({ point, places }) => [point[0], places])).toEqual([[0, [1, 1]]]);
});

test("a key that comes before the first drawing points at a trial all the same", () => {
  pane.dispose();
  root.replaceChildren();
  pane = new Tuner(root, host);
  pane.update(tuner({ status: "done", trials: 8, done: 6, live: 4, runs: [RUN] }));
  pane.receive({ kind: "points", run: 4, from: 0, points: POINTS, named: 0, names: ["tile", "order"], labelled: 0, labels: [[0, "16"], [1, "x"], [1, "k"], [0, "8"]] });
  const plot = root.querySelector(".tv-chart")!;
  for (const key of ["ArrowRight", "Enter"]) plot.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  expect(host.last).toEqual(expect.objectContaining({ intent: "tune_inspect", run: 4, number: 0 }));
});

import { expect, test } from "vitest";
import type { Point } from "./schema.js";
import { decode, Trials, type PointsMessage } from "./trials.js";

const POINTS: Point[] = [
  [0, 10, 9, 11, null, "ok", 0, "aa"],
  [1, null, null, null, null, "timeout", 4, "ab"],
  [2, 30, 29, 31, 25, "ok", 9, "ba"],
  [3, 20, 19, 21, 28, "ok", 2, "bb"],
];
const LABELS: [number, string][] = [
  [0, "8"],
  [1, "k, x"],
  [1, "x, k"],
  [0, "16"],
];

const delta = (from: number, points: Point[], more: Partial<PointsMessage> = {}): PointsMessage => ({ kind: "points", run: 1, from, points, ...more });
const whole = () => {
  const trials = new Trials();
  trials.add(delta(0, POINTS, { named: 0, names: ["tile", "order"], labelled: 0, labels: LABELS }));
  return trials;
};
const numbers = (points: Point[]) => points.map(([number]) => number);

test("the frontier only rises, in the order of proposal or of time", () => {
  const trials = whole();
  expect(numbers(trials.frontier())).toEqual([0, 2]);
  expect(numbers(trials.frontier("time"))).toEqual([0, 3, 2]);
  expect(trials.failures()).toEqual([["timeout", 1]]);
  expect(numbers(trials.predicted)).toEqual([2, 3]);
  expect(numbers(trials.leaders(2))).toEqual([2, 3]);
  expect(trials.find(3)?.[1]).toBe(20);
});

test("deltas join without gaps and may repeat", () => {
  const trials = new Trials();
  expect(trials.add(delta(2, POINTS.slice(2)))).toBe("missed");
  expect(trials.add(delta(0, POINTS.slice(0, 3), { named: 0, names: ["tile", "order"], labelled: 0, labels: LABELS.slice(0, 3) }))).toBe("added");
  expect(trials.add(delta(2, POINTS.slice(2), { labelled: 5, labels: [] }))).toBe("missed");
  expect(trials.add(delta(2, POINTS.slice(2), { labelled: 2, labels: LABELS.slice(2) }))).toBe("added");
  expect(trials.length).toBe(4);
  expect(trials.options).toEqual([["8", "16"], ["k, x", "x, k"]]);
  trials.addBatches({ kind: "model", run: 1, from: 0, batches: [[0, 2, 2, null, null, 1, 1, 0]] });
  trials.addBatches({ kind: "model", run: 1, from: 5, batches: [[5, 2, 2, null, null, 1, 1, 0]] });
  expect(trials.batches.length).toBe(1);
});

test("letters stand for options of any number", () => {
  expect(decode("a-Bac")).toEqual([0, -1, 26, 2]);
  expect(decode("BAAa")).toEqual([26 ** 3]);
});

import { expect, test } from "vitest";
import type { Point } from "./schema.js";
import { Trials } from "./trials.js";

const POINTS: Point[] = [
  [0, 10, null, "ok"],
  [1, null, null, "timeout"],
  [2, 30, 25, "ok"],
  [3, 20, 28, "ok"],
];

test("the frontier only rises and reaches the last trial", () => {
  const trials = new Trials();
  trials.add(0, POINTS);
  expect(trials.frontier()).toEqual({ x: [0, 2, 3], y: [10, 30, 30], numbers: [0, 2, 2] });
  expect(trials.failed.length).toBe(1);
  expect(trials.predicted.map(([number]) => number)).toEqual([2, 3]);
  expect(trials.leaders(2).map(([number]) => number)).toEqual([2, 3]);
});

test("the frontier is drawn in the order of proposal", () => {
  const trials = new Trials();
  trials.add(0, [POINTS[2]!, POINTS[0]!, POINTS[3]!]);
  expect(trials.frontier().x).toEqual([0, 2, 3]);
});

test("deltas join without gaps and may repeat", () => {
  const trials = new Trials();
  expect(trials.add(2, POINTS.slice(2))).toBe("missed");
  expect(trials.add(0, POINTS.slice(0, 3))).toBe("added");
  expect(trials.add(2, POINTS.slice(2))).toBe("added");
  expect(trials.length).toBe(4);
  trials.clear();
  expect(trials.frontier()).toEqual({ x: [], y: [], numbers: [] });
});

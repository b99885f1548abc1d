import { expect, test } from "vitest";
import { asCell, openExercise, openRun, openTrace } from "./workspace.js";

const trace = { path: "course/week 1/C.trace.json", name: "C", changed: 0 };

test("the code reaches the file from the notebook's folder", () => {
  expect(openTrace(trace, "course")).toBe('t.Lab.open("week 1/C.trace.json")');
  expect(openTrace(trace, "other")).toBe('t.Lab.open("../course/week 1/C.trace.json")');
  expect(openTrace(trace, "")).toBe('t.Lab.open("course/week 1/C.trace.json")');
  const run = { path: ".tvmlab/tuning.db", run: 3, title: "", done: 1, trials: 2, best_s: null, is_on: false, began: 0 };
  expect(openRun(run, "")).toBe('t.Lab.open(".tvmlab/tuning.db", run=3)');
});

test("no name can leave its string", () => {
  const odd = { ...trace, path: 'a"); import os; ("\n.trace.json' };
  expect(openTrace(odd, "")).toBe('t.Lab.open("a\\"); import os; (\\"\\n.trace.json")');
  const exercise = { name: "mend", title: "", kind: "", points: 1, is_passed: false };
  expect(asCell(openExercise(exercise), false)).toBe('import tvmlab as t\n\nt.Lab.exercise("mend")');
  expect(asCell("x", true)).toBe("x");
});

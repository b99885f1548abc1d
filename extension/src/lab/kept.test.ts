import { expect, test } from "vitest";
import type { KeptView } from "../schema.js";
import { isKept, moved, programAt, traceAt } from "./kept.js";

const kept: KeptView = {
  title: "B",
  subtitle: "float32[8]",
  head: "s = t.create_schedule(B)",
  marker: "tvmlab-1",
  measured: "",
  lines: [
    { text: "for x in range(8):", tokens: [[0, 3, "loop"]] },
    { text: "    pass", tokens: [] },
    { text: "for x in parallel(8):", tokens: [] },
  ],
  start: [0, 1, 1],
  steps: [{ text: 's["B"].parallel("x")', time: "2 ms", program: [2, 1, 1], changed: [0], gone: [[0, 0]] }],
};

test("each step shows its program with what it changed", () => {
  expect(programAt(kept, 0).lines.map(({ text }) => text.trim())).toEqual(["for x in range(8):", "pass", "pass"]);
  expect(programAt(kept, 0).new).toEqual([]);
  const after = programAt(kept, 1);
  expect(after.lines[0]).toMatchObject({ text: "for x in parallel(8):" });
  expect(after.new).toEqual([0]);
  expect(after.gone).toEqual([{ before: 0, text: "for x in range(8):", tokens: [] }]);
  expect(new Set(after.lines.map(({ id }) => id)).size).toBe(3);
  expect(after.lines[1]!.id).toBe(programAt(kept, 0).lines[1]!.id);
});

test("one can go along the steps and do nothing else", () => {
  expect(traceAt(kept, 1)).toMatchObject({ position: 1, can_undo: true, can_redo: false });
  expect(moved({ intent: "undo" }, 1, 1)).toBe(0);
  expect(moved({ intent: "redo" }, 1, 1)).toBe(null);
  expect(moved({ intent: "go_to", position: 1 }, 0, 1)).toBe(1);
  expect(moved({ intent: "apply" }, 0, 1)).toBe(null);
});

test("a grade or an older notebook is no record of programs", () => {
  expect([isKept(kept), isKept({ name: "B", trace: {} }), isKept(null)]).toEqual([true, false, false]);
});

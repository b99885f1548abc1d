import { expect, test } from "vitest";
import { labCode, notebookOf, TEMPLATES, withSettings } from "./templates.js";

test("every template is a notebook with a lab in it", () => {
  for (const template of TEMPLATES) {
    const { cells } = notebookOf(template) as { cells: { id: string; cell_type: string; outputs?: [] }[] };
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
    for (const { cell_type, outputs } of cells) expect(outputs !== undefined).toBe(cell_type === "code");
    expect(template.cells.some(({ source }) => source.includes("t.Lab("))).toBe(true);
  }
});

test("the settings stand in the code of a new notebook", () => {
  const conv2d = TEMPLATES.find(({ name }) => name === "conv2d")!;
  const code = (settings: { trials: number; target: string }) =>
    withSettings(conv2d, settings).cells.map(({ source }) => source).join("\n");
  expect(code({ trials: 8, target: "cpu" })).toContain("t.tune(work, trials=8)");
  expect(labCode("s", "schedule", { target: "opencl" })).toBe('t.Lab(s, target="opencl")');
  expect([labCode("lab", "lab", { target: "opencl" }), labCode("run", "run", { target: "opencl" })]).toEqual(["lab", "t.Lab(run)"]);
  const forCuda = code({ trials: 64, target: "cuda" });
  expect(forCuda).toContain('t.tune(work, trials=64, target="cuda")');
  expect(forCuda).toContain('t.Lab(work, target="cuda")');
});

import { expect, test } from "vitest";
import { notebookOf, TEMPLATES } from "./templates.js";

test("every template is a notebook with a lab in it", () => {
  for (const template of TEMPLATES) {
    const { cells } = notebookOf(template) as { cells: { id: string; cell_type: string; outputs?: [] }[] };
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
    for (const { cell_type, outputs } of cells) expect(outputs !== undefined).toBe(cell_type === "code");
    expect(template.cells.some(({ source }) => source.includes("t.Lab("))).toBe(true);
  }
});

// The notebooks that one can begin with. Each is data, so that the tests run its cells as well.

import attention from "./templates/attention.json";
import conv2d from "./templates/conv2d.json";
import matmul from "./templates/matmul.json";
import scratch from "./templates/scratch.json";
import softmax from "./templates/softmax.json";

import type { Followed } from "./dock_link.js";
import type { Settings } from "./settings.js";

interface TemplateCell {
  type: string;
  source: string;
}

export interface Template {
  name: string;
  cells: TemplateCell[];
}

export const TEMPLATES: readonly Template[] = [
  { name: "matmul", ...matmul },
  { name: "conv2d", ...conv2d },
  { name: "softmax", ...softmax },
  { name: "attention", ...attention },
  { name: "scratch", ...scratch },
];

/** What a call of `t.tune` is given in code that we write for the user. */
export function tuneArguments({ trials, target }: Pick<Settings, "trials" | "target">): string {
  return `trials=${trials}${target === "cpu" ? "" : `, target="${target}"`}`;
}

/** The code that shows the lab of what the notebook calls `name`; a schedule's is for the target that the settings name. */
export function labCode(name: string, what: Followed, { target }: Pick<Settings, "target">): string {
  if (what === "lab") return name;
  return target === "cpu" || what === "run" ? `t.Lab(${name})` : `t.Lab(${name}, target="${target}")`;
}

/** The template with the user's settings in its code. */
export function withSettings(template: Template, settings: Pick<Settings, "trials" | "target">): Template {
  const lab = labCode("$1", "schedule", settings);
  const written = (source: string) =>
    source.replace("trials=64", tuneArguments(settings)).replace(/t\.Lab\((\w+)\)/, lab);
  return { ...template, cells: template.cells.map(({ type, source }) => ({ type, source: written(source) })) };
}

/** A notebook file of cells; the Python kernel is the one that tvmlab can be in. */
export function notebookOf({ cells }: Pick<Template, "cells">): object {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "python3", display_name: "Python 3 (ipykernel)", language: "python" } },
    cells: cells.map(({ type, source }, at) => ({
      id: `cell-${at + 1}`,
      cell_type: type,
      metadata: {},
      source,
      ...(type === "code" ? { outputs: [], execution_count: null } : {}),
    })),
  };
}

// What a lab left in a notebook, as the panes want it: the program at any step, and the schedule.

import type { KeptView, LineView, ProgramView, TraceView } from "../schema.js";

/** Whether an output holds such a record; older ones, and grades, hold the steps alone. */
export function isKept(data: unknown): data is KeptView {
  const kept = data as Partial<KeptView> | null;
  return Array.isArray(kept?.lines) && Array.isArray(kept?.steps) && Array.isArray(kept?.start);
}

/** The program after `position` steps, with what the last of them changed. */
export function programAt(kept: KeptView, position: number): ProgramView {
  const step = kept.steps[position - 1];
  const seen = new Map<number, number>();
  const line = (index: number): LineView => {
    const before = seen.get(index) ?? 0;
    seen.set(index, before + 1);
    const { text, tokens } = kept.lines[index] ?? { text: "", tokens: [] };
    // The same text may stand in a program twice; as the same line it keeps its node from step to step.
    const id = index + before * kept.lines.length;
    return { id, above: 0, text, tokens, loop: null, step: 0 };
  };
  return {
    title: kept.title,
    subtitle: kept.subtitle,
    lines: (step?.program ?? kept.start).map(line),
    missing: 0,
    new: step?.changed ?? [],
    gone: (step?.gone ?? []).map(([before, index]) => ({ before, text: kept.lines[index]?.text ?? "", tokens: [] })),
    selection: null,
    notice: "",
    can_start_over: false,
    compared: "previous",
    can_compare: false,
    overlay: "none",
    marks: [],
    contributions: { status: "idle", reason: "", is_stale: false, model: "", total: "", parts: [] },
  };
}

/** The schedule, standing after `position` steps. */
export function traceAt(kept: KeptView, position: number): TraceView {
  return {
    head: kept.head,
    lines: kept.steps.map(({ text }, index) => ({ index, text, recipe: "", cautions: [], holes: [] })),
    position,
    can_undo: position > 0,
    can_redo: position < kept.steps.length,
    python: [kept.head, ...kept.steps.map(({ text }) => text)].join("\n"),
    document: [],
    refusal: null,
    refused_line: -1,
    taken: "",
  };
}

/** Where an intent of the panes leads; null where it would need a kernel. */
export function moved(intent: { intent: string; position?: unknown }, position: number, steps: number): number | null {
  const wanted = { undo: position - 1, redo: position + 1, go_to: Number(intent.position) }[intent.intent];
  return wanted === undefined || !(wanted >= 0 && wanted <= steps) ? null : wanted;
}

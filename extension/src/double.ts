// Doubles for tests: a host that records what panes ask, and made-up snapshots.

import type { CodeView, ColumnView, ContributionsView, ContributionView, LineView, MovesView, ProgramView, TraceView, TrialView, TunerView } from "./schema.js";
import type { Host } from "./pane.js";
import type { Intent } from "./schema.js";

export class RecordingHost implements Host {
  readonly asked: Intent[] = [];

  ask(intent: Intent): void {
    this.asked.push(intent);
  }

  get last(): Intent | undefined {
    return this.asked.at(-1);
  }
}

export function line(id: number, text: string, loop?: string, step = 0): LineView {
  return {
    id,
    above: 0,
    text,
    tokens: [[text.search(/\S/), text.search(/\S/) + 3, "keyword"]],
    loop: loop ? { block: "C", loop } : null,
    step,
  };
}

export function program(lines: LineView[], more: Partial<ProgramView> = {}): ProgramView {
  return {
    title: "C",
    subtitle: "float32[8, 8]",
    lines,
    gone: [],
    selection: null,
    notice: "",
    can_start_over: false,
    missing: 0,
    new: [],
    overlay: "none",
    marks: [],
    contributions: contributions([], { status: "idle" }),
    compared: "previous",
    can_compare: false,
    ...more,
  };
}

export function trial(more: Partial<TrialView> = {}): TrialView {
  const nothing = { reason: "", steps: [], program: [], loops: [], diff: [], code: "", contributions: null, marks: [], facts: [], raw: "" };
  return { run: 4, number: 2, status: "ready", ...nothing, ...more };
}

export function contributions(parts: ContributionView[], more: Partial<ContributionsView> = {}): ContributionsView {
  return { status: "ready", reason: "", is_stale: false, model: "xgboost-rank, fitted to 48 trials", total: "1.4 points", parts, ...more };
}

export function code(text: string, origins: number[], more: Partial<CodeView> = {}): CodeView {
  return {
    kinds: [{ kind: "asm", title: "Assembly" }],
    kind: "asm",
    status: "ready",
    text,
    origins,
    facts: "",
    loops: [],
    reason: "",
    is_stale: false,
    follows: true,
    ...more,
  };
}

export function moves(more: Partial<MovesView> = {}): MovesView {
  const factors = { name: "factors", label: "factors", kind: "factors" as const, default: "auto, 8", hint: "" };
  const refusal = { asked: "vectorize", where: "loop y", why: "too many lanes", instead: "split first" };
  return {
    target: { block: "C", loop: "y" },
    target_facts: "64 iterations, serial",
    steps: [
      {
        step: "split",
        group: "loops",
        summary: "cut a loop",
        fields: [factors],
        moves: [
          { values: { factors: "auto, 8" }, line: "split 8" },
          { values: { factors: "auto, 16" }, line: "split 16" },
        ],
        refusal: null,
      },
      { step: "vectorize", group: "execution", summary: "lanes", fields: [], moves: [], refusal },
    ],
    column: column(),
    preview: null,
    refusal: null,
    ...more,
  };
}

export function column(more: Partial<ColumnView> = {}): ColumnView {
  return {
    told: "all",
    reason: "",
    now_s: 0.01,
    now_low_s: 0.005,
    now_high_s: 0.02,
    predictions: { "split 8": { time_s: 0.015, ratio: 1.5, low: 0.9, high: 2.5 }, "split 16": null },
    stage: "",
    timed: {},
    ...more,
  };
}

export function trace(texts: string[], position: number, more: Partial<TraceView> = {}): TraceView {
  return {
    head: "s = t.create_schedule(C)",
    lines: texts.map((text, index) => ({ index, text, recipe: "", cautions: [], holes: [] })),
    position,
    can_undo: position > 0,
    can_redo: position < texts.length,
    python: texts.join("\n"),
    document: ["{}"],
    refusal: null,
    refused_line: -1,
    taken: "",
    ...more,
  };
}

export function tuner(more: Partial<TunerView> = {}): TunerView {
  return {
    status: "idle",
    is_available: true,
    reason: "",
    trials: 0,
    done: 0,
    failed: 0,
    failures: "",
    best: "",
    best_number: -1,
    unit: "GFLOP/s",
    scale: 2,
    elapsed_s: 0,
    eta_s: null,
    device_share: null,
    database: "",
    can_continue: false,
    live: 0,
    runs: [],
    loading: "",
    refusal: null,
    is_read_only: false,
    ...more,
  };
}

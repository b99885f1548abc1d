// Tuning runs; their points, the quality of their models and single trials travel as messages.

import type { ContributionsView } from "./contributions.js";
import type { OverlayMark } from "./overlay.js";
import type { LoopRef } from "./program.js";
import type { RefusalView } from "./refusal.js";

/** One trial; rates are in the run's unit, null where there is none; choices in letters. */
export type Point = [
  number: number,
  rate: number | null,
  low: number | null,
  high: number | null,
  predicted: number | null,
  status: string,
  at: number,
  choices: string,
];

/** How well one batch was foreseen. */
export type BatchPoint = [
  batch: number,
  compared: number,
  distinct: number,
  spearman: number | null,
  kendall: number | null,
  top: number,
  recall: number | null,
  regret: number | null,
];

/** A run in the list. */
export interface RunView {
  id: number;
  letter: string;
  title: string;
  source: string;
  explorer: string;
  model: string;
  trials: number;
  failed: number;
  best: string;
  is_live: boolean;
  is_shown: boolean;
  is_of_this: boolean;
}

/** One trial, looked at closely; of one that is `logged` a log tells all there is. */
export interface TrialView {
  run: number;
  number: number;
  status: "working" | "ready" | "logged" | "failed";
  reason: string;
  steps: string[];
  program: string[];
  loops: (LoopRef | null)[];
  diff: [sign: string, line: string][];
  code: string;
  contributions: ContributionsView | null;
  marks: OverlayMark[];
  facts: [name: string, value: string][];
  raw: string;
}

/** A feature's part in a prediction, and the loops it speaks of. */
export interface ReasonView {
  name: string;
  unit: string;
  weight: number;
  value: number;
  loops: LoopRef[];
}

/** What the model of a run goes by. */
export interface ExplanationView {
  run: number;
  trial: number;
  learnt_from: number;
  model: string;
  importances: [name: string, unit: string, share: number][];
  reasons: ReasonView[];
}

/** The current run and the list of runs; a rate is `scale` / seconds. */
export interface TunerView {
  status: "idle" | "starting" | "running" | "paused" | "stopping" | "done" | "failed";
  is_available: boolean;
  reason: string;
  trials: number;
  done: number;
  failed: number;
  failures: string;
  best: string;
  best_number: number;
  unit: string;
  scale: number;
  elapsed_s: number;
  eta_s: number | null;
  device_share: number | null;
  database: string;
  can_continue: boolean;
  live: number;
  runs: RunView[];
  loading: string;
  refusal: RefusalView | null;
  is_read_only: boolean;
}

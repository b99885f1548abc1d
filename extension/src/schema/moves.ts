// What can be done at the selected loop.

import type { LoopRef } from "./program.js";
import type { RefusalView } from "./refusal.js";

/** An argument of a step, as an input field holding text. */
export interface FieldView {
  name: string;
  label: string;
  kind: "loops" | "factors" | "name" | "value";
  default: string;
  hint: string;
}

/** A step that could be taken: its arguments as field texts, and the line it would append. */
export interface MoveView {
  values: Record<string, string>;
  line: string;
}

/** One primitive or recipe at the selected loop. */
export interface StepView {
  step: string;
  group: string;
  summary: string;
  fields: FieldView[];
  moves: MoveView[];
  refusal: RefusalView | null;
}

/** What the values typed so far would do; `token` names the request it answers. */
export interface PreviewView {
  token: number;
  step: string;
  line: string;
  effect: string;
  refusal: RefusalView | null;
}

/** How long the program is told to take after a move, and how many times as long as now; the ratio
 * and its interval are 0 where nothing is told of the program as it is. */
export interface PredictionView {
  time_s: number;
  ratio: number;
  low: number;
  high: number;
}

/** A measured move, and how many times as long it takes as the state shown. */
export interface TimedView {
  reason: string;
  median_s: number;
  spread: number;
  ratio: number;
  low: number;
  high: number;
  verdict: "" | "faster" | "slower" | "can't tell";
}

/** What is told and what was measured of the moves listed, by line. */
export interface ColumnView {
  told: "none" | "working" | "all";
  reason: string;
  now_s: number;
  now_low_s: number;
  now_high_s: number;
  predictions: Record<string, PredictionView | null>;
  stage: string;
  timed: Record<string, TimedView>;
}

export interface MovesView {
  target: LoopRef | null;
  target_facts: string;
  steps: StepView[];
  column: ColumnView;
  preview: PreviewView | null;
  refusal: RefusalView | null;
}

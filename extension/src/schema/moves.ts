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

export interface MovesView {
  target: LoopRef | null;
  target_facts: string;
  steps: StepView[];
  preview: PreviewView | null;
  refusal: RefusalView | null;
}

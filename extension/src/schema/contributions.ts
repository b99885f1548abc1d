// What the features of a program add to what a cost model thinks of it.

import type { LoopRef } from "./program.js";

/** A feature; `weight` is null where no model was asked, `steps` count from 1. */
export interface ContributionView {
  name: string;
  words: string;
  value: string;
  unit: string;
  weight: number | null;
  loops: LoopRef[];
  steps: number[];
}

/** The features, those that add most first, and in words which model was asked and what it says. */
export interface ContributionsView {
  status: "idle" | "working" | "ready" | "failed";
  reason: string;
  is_stale: boolean;
  model: string;
  total: string;
  parts: ContributionView[];
}

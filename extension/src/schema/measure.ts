// Measurements of the states of a lab.

import type { RefusalView } from "./refusal.js";
import type { RooflineView } from "./roofline.js";
import type { WaterfallView } from "./waterfall.js";

/** One measurement, kept with the trace it was made at. `doubt`: why it is known less well. */
export interface ResultView {
  number: number;
  label: string;
  steps: number;
  status: string;
  reason: string;
  is_certified: boolean;
  median_s: number;
  low_s: number;
  high_s: number;
  confidence: number;
  doubt: string;
  min_s: number;
  spread: number;
  repeats: number;
  gflop_per_s: number;
  gb_per_s: number;
  share_of_peak: number;
  peak_words: string;
  agreement: string;
  counted: string;
  is_current: boolean;
}

/** The state shown against the pinned one: the pinned one's time over the other's. */
export interface DuelView {
  verdict: "faster" | "slower" | "can't tell";
  ratio: number;
  low: number;
  high: number;
  words: string;
  is_current: boolean;
}

export interface MeasureView {
  status: "idle" | "working" | "ready" | "failed";
  going: "" | "quick" | "certified" | "compare" | "price" | "peaks";
  stage: string;
  last: ResultView | null;
  history: ResultView[];
  reason: string;
  refusal: RefusalView | null;
  why_not_counted: string;
  pinned: string;
  is_pinned_shown: boolean;
  duel: DuelView | null;
  roofline: RooflineView | null;
  waterfall: WaterfallView | null;
}

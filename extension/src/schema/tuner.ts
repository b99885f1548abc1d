// A tuning run; its points travel as deltas.

import type { RefusalView } from "./refusal.js";

/** One trial; rates are in the run's unit, null where there is none. */
export type Point = [
  number: number,
  rate: number | null,
  predicted: number | null,
  status: string,
];

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
  elapsed_s: number;
  eta_s: number | null;
  database: string;
  refusal: RefusalView | null;
}

// Measurements of the states of a lab.

/** One measurement, kept with the trace it was made at. */
export interface ResultView {
  number: number;
  label: string;
  steps: number;
  status: string;
  reason: string;
  median_s: number;
  min_s: number;
  spread: number;
  repeats: number;
  gflop_per_s: number;
  gb_per_s: number;
  share_of_peak: number;
  peak_words: string;
  agreement: string;
  is_current: boolean;
}

export interface MeasureView {
  status: "idle" | "working" | "ready" | "failed";
  stage: string;
  last: ResultView | null;
  history: ResultView[];
  reason: string;
}

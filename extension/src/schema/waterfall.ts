// What each step of a schedule is worth.

/** How many times as long the program takes without a step; `way` says what was compared. */
export interface PriceView {
  index: number;
  text: string;
  way: "without" | "before";
  reason: string;
  status: "waiting" | "working" | "done" | "failed";
  ratio: number;
  low: number;
  high: number;
  verdict: "" | "paid" | "cost" | "can't tell";
  words: string;
}

export interface WaterfallView {
  rows: PriceView[];
  words: string;
  is_stale: boolean;
}

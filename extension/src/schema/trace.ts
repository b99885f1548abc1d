// The schedule, step by step, and the decisions it leaves open.

import type { RefusalView } from "./refusal.js";

/** A decision left open: its value and options as Python; `unlisted` more are not sent. */
export interface HoleView {
  name: string;
  value: string;
  options: string[];
  unlisted: number;
  is_frozen: boolean;
}

export interface TraceLine {
  index: number;
  text: string;
  recipe: string;
  cautions: string[];
  holes: HoleView[];
}

export interface TraceView {
  head: string;
  lines: TraceLine[];
  position: number;
  can_undo: boolean;
  can_redo: boolean;
  python: string;
  /** As JSON, in pieces that follow one another. */
  document: string[];
  refusal: RefusalView | null;
  refused_line: number;
  taken: string;
}

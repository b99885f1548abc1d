// Which elements a program touches, when, and what of it a cache would have held.

/** A loop at a moment: its value, and how many it takes. */
export interface LoopValue {
  name: string;
  value: number;
  extent: number;
}

/** A buffer as a grid: all dimensions but the last are rows. `values` are those of the measure. */
export interface HeatMap {
  buffer: string;
  facts: string;
  rows: number;
  columns: number;
  cell_rows: number;
  cell_columns: number;
  values: number[];
  now: number[];
  written: number[];
}

/** Accesses whose reuse distance is `low` to `high`, in elements and in cache lines. */
export interface DistanceBin {
  low: number;
  high: number;
  elements: number;
  lines: number;
}

/** Accesses of a buffer, and those that miss; `before_*` are -1 where nothing is compared. */
export interface MissRow {
  buffer: string;
  accesses: number;
  l1_misses: number;
  l2_misses: number;
  before_l1: number;
  before_l2: number;
}

export interface LocalityView {
  status: "idle" | "working" | "ready" | "failed";
  reason: string;
  is_stale: boolean;
  sizes: string;
  measure: "last" | "times" | "distance";
  moment: number;
  moments: number;
  accesses: number;
  block: string;
  loops: LoopValue[];
  touches: string;
  maps: HeatMap[];
  bins: DistanceBin[];
  first_elements: number;
  first_lines: number;
  line_bytes: number;
  l1_bytes: number;
  l2_bytes: number;
  ways: number;
  machine: string;
  is_own: boolean;
  misses: MissRow[];
  before: string;
  verdict: string;
}

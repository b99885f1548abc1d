// How far a program is from what the machine can do.

/** A measured limit: `rate` in GFLOP/s or, of a memory, GB/s; `allows` in the roofline's unit. */
export interface CeilingView {
  name: string;
  threads: number;
  kind: "arithmetic" | "memory";
  rate: number;
  allows: number;
  role: "" | "roof" | "binding";
}

/** A measured state of the schedule, after `steps` steps; rates in the roofline's unit. */
export interface TrailPoint {
  number: number;
  steps: number;
  label: string;
  rate: number;
  low: number;
  high: number;
  share: number;
  is_current: boolean;
}

/** Ceilings over operations for each byte; `intensity` is 0 where nothing is computed. */
export interface RooflineView {
  unit: "GFLOP/s" | "GB/s";
  intensity: number;
  ceilings: CeilingView[];
  points: TrailPoint[];
  words: string[];
}

// How the kernels of a program lie on a GPU: who touches what, how well, and what fits at once.

import type { ElsewhereView } from "./explain.js";
import type { LoopValue } from "./locality.js";
import type { LoopRef } from "./program.js";
import type { RefusalView } from "./refusal.js";

/** What is on a multiprocessor for blocks of so many threads; `limiting` allows no more. */
export interface OccupancyRow {
  threads: number;
  blocks: number;
  warps: number;
  share: number;
  limiting: string;
  is_own: boolean;
}

/** A kernel: its geometry along x, y and z, what a block takes, and what fits. */
export interface KernelView {
  line: number;
  at: LoopRef | null;
  grid: number[];
  threads: number[];
  virtual: number;
  warps: number;
  shared_bytes: number;
  registers: number;
  registers_words: string;
  words: string;
  occupancy: OccupancyRow[];
}

/** A load or store; `figure` is sectors a request or turns at a bank, `least` what would do. */
export interface AccessView {
  number: number;
  kernel: number;
  name: string;
  memory: "global" | "shared" | "registers";
  block: string;
  line: number;
  at: LoopRef | null;
  figure: number;
  least: number;
  share: number;
  step: string;
  width: number;
  words: string;
}

/** Which threads of a block touch which elements at one moment; boxes are first row and column, and
 * how many of each. */
export interface MappingView {
  access: number;
  buffer: string;
  facts: string;
  grid: number[];
  block: number[];
  moment: number;
  moments: number;
  loops: LoopValue[];
  rows: number[];
  columns: number[];
  threads: number[];
  counts: number[];
  all_rows: number;
  all_columns: number;
  boxes: number[][];
  box: number[];
  words: string;
}

/** Where the threads of a block wait for each other: before this line of the program. */
export interface BarrierView {
  line: number;
  words: string;
}

/** A GPU to think of; of each multiprocessor, kilobytes of shared memory and 1024s of registers. */
export interface GpuMachineView {
  gpu: string;
  multiprocessors: number;
  shared_kb: number;
  registers_k: number;
}

/** A target to make code for, and why it cannot run here. */
export interface TargetView {
  name: string;
  title: string;
  problem: string;
}

export interface GpuView {
  status: "idle" | "working" | "ready" | "failed";
  reason: string;
  is_stale: boolean;
  target: string;
  targets: TargetView[];
  target_told: string;
  gpus: string[];
  machine: GpuMachineView;
  this_machine: GpuMachineView;
  kernels: KernelView[];
  accesses: AccessView[];
  mapping: MappingView | null;
  barriers: BarrierView[];
  states: ElsewhereView[];
  told: string;
  refusal: RefusalView | null;
}

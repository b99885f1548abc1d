// What binds a state, in words; what would change it; and how other machines would run it.

import type { LoopRef } from "./program.js";
import type { RefusalView } from "./refusal.js";

/** A sentence; `kind` is what it is about. */
export interface FactView {
  kind: string;
  text: string;
  at: LoopRef | null;
}

/** What a part of the work would take alone; `share` is of the greatest part. */
export interface ShareView {
  name: string;
  time: string;
  share: number;
}

/** A legal step that should make it faster, and how many times as long it would take. */
export interface IdeaView {
  line: string;
  ratio: number;
  low: number;
  high: number;
}

/** A machine to think of; caches and memory rate are so many times this machine's. */
export interface MachineView {
  cores: number;
  vector_bits: number;
  cache_times: number;
  memory_times: number;
}

/** A state on this machine and on the one thought of. */
export interface ElsewhereView {
  label: string;
  here_s: number;
  there_s: number;
  rank: number;
  bound: string;
  is_current: boolean;
}

export interface ExplainView {
  status: "idle" | "working" | "ready" | "failed";
  reason: string;
  is_stale: boolean;
  facts: FactView[];
  shares: ShareView[];
  ideas: IdeaView[];
  machine: MachineView | null;
  this_machine: MachineView | null;
  states: ElsewhereView[];
  refusal: RefusalView | null;
}

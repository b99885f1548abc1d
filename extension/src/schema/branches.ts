// The schedules of a lab side by side.

import type { RefusalView } from "./refusal.js";

/** A step of a branch; `share` is the least time of the lab over this one's, 0 where unmeasured. */
export interface BranchLine {
  position: number;
  text: string;
  time: string;
  share: number;
  is_current: boolean;
  is_pinned: boolean;
}

/** A branch: where it left another one, and the steps from there on. */
export interface BranchView {
  number: number;
  name: string;
  steps: number;
  origin: string;
  time: string;
  share: number;
  is_current: boolean;
  lines: BranchLine[];
}

export interface BranchesView {
  branches: BranchView[];
  pinned: string;
  pinned_is_shown: boolean;
  refusal: RefusalView | null;
}

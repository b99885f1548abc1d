// What a lab leaves in a notebook: every program of its schedule, each line once.

import type { Token } from "./program.js";

/** A line of some program. */
export interface KeptLine {
  text: string;
  tokens: Token[];
}

/** A step and the program after it, as positions in `lines` of the whole. */
export interface KeptStep {
  text: string;
  time: string;
  program: number[];
  changed: number[];
  gone: [before: number, line: number][];
}

/** All of it; `start` is the program before the first step. */
export interface KeptView {
  title: string;
  subtitle: string;
  head: string;
  marker: string;
  measured: string;
  lines: KeptLine[];
  start: number[];
  steps: KeptStep[];
}

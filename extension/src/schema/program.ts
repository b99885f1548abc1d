// The program with what the last step changed.

import type { ContributionsView } from "./contributions.js";
import type { OverlayKind, OverlayMark } from "./overlay.js";

/** [start, end, kind]: a coloured stretch of a line, in UTF-16 units from its beginning. */
export type Token = [start: number, end: number, kind: string];

/** A loop, named as schedules name it. */
export interface LoopRef {
  block: string;
  loop: string;
}

/** One line of the program. `id` survives steps that leave the line's statement in place; `step` is the
 * one that wrote it, from 1, and 0 where none did. Code refers to it by the number of the line that
 * stands so many `above` it; null where it does not. */
export interface LineView {
  id: number;
  above: number | null;
  text: string;
  tokens: Token[];
  loop: LoopRef | null;
  step: number;
}

/** A line of the previous state that the last step removed; it stood above line `before`. */
export interface GoneLine {
  before: number;
  text: string;
  tokens: Token[];
}

export interface ProgramView {
  title: string;
  subtitle: string;
  lines: LineView[];
  missing: number;
  /** Positions of the lines that were not there. */
  new: number[];
  gone: GoneLine[];
  selection: LoopRef | null;
  notice: string;
  can_start_over: boolean;
  compared: "previous" | "pinned";
  can_compare: boolean;
  overlay: OverlayKind;
  marks: OverlayMark[];
  contributions: ContributionsView;
}

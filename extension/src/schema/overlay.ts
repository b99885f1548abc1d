// Figures beside the loops of a program.

/** A figure at the loop header in `line` (from 0): a bar of `share`, to the left where below 0, short and
 * in a sentence. */
export interface OverlayMark {
  line: number;
  share: number;
  text: string;
  words: string;
}

export type OverlayKind = "none" | "cost" | "bytes" | "reuse" | "model";

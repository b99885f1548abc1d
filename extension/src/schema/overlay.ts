// Figures beside the loops of a program.

/** A figure at the loop header in `line` (from 0): a bar of `share`, short and in a sentence. */
export interface OverlayMark {
  line: number;
  share: number;
  text: string;
  words: string;
}

export type OverlayKind = "none" | "cost" | "bytes" | "reuse";

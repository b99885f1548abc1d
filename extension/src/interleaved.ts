// The lines of a program with those that were removed from it, each where it stood: in one column,
// found by position, so that only what is in sight is ever looked at.

import type { GoneLine, LineView } from "./schema.js";

/** What stands at a position: a line of the program and its index, or a line that is gone. */
export type Standing = { line: LineView; at: number; gone?: never } | { line?: never; at: number; gone: GoneLine };

export class Interleaved {
  readonly length: number;

  /** `gone` in order, each with the index of the line above which it stood. */
  constructor(
    readonly lines: readonly LineView[],
    private readonly gone: readonly GoneLine[],
  ) {
    this.length = lines.length + gone.length;
  }

  at(position: number): Standing | undefined {
    const passed = this.search((n, { before }) => before + n > position);
    const last = this.gone[passed - 1];
    if (last && last.before + passed - 1 === position) return { gone: last, at: passed - 1 };
    const line = this.lines[position - passed];
    return line && { line, at: position - passed };
  }

  /** The position of the line at `index`; -1 for -1. */
  placeOf(index: number): number {
    return index < 0 ? -1 : index + this.search((_, { before }) => before > index);
  }

  /** The first removed line for which `isBehind` holds, as it does for all after it. */
  private search(isBehind: (n: number, gone: GoneLine) => boolean): number {
    let [low, high] = [0, this.gone.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBehind(middle, this.gone[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

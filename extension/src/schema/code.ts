// Generated code, linked to the lines of the program.

/** A kind of generated text that the target can show. */
export interface CodeKind {
  kind: string;
  title: string;
}

/** An innermost loop of the machine code: what a step does, in words, and what in it is slow. */
export interface CodeLoop {
  line: number;
  place: string;
  words: string;
  remarks: string[];
}

export interface CodeView {
  kinds: CodeKind[];
  kind: string;
  status: "idle" | "working" | "ready" | "failed";
  text: string;
  origins: number[];
  facts: string;
  loops: CodeLoop[];
  reason: string;
  is_stale: boolean;
  /** Whether it is made anew by itself when the program changes. */
  follows: boolean;
}

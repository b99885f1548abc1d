// What the kernel tells the panes and what the panes ask of it. Mirrors tvmlab/view/schema.py by
// name; tests/view/test_schema.py compares the two. Times are in seconds, rates in the unit named.

/** [start, end, kind]: a coloured stretch of a line, in UTF-16 units from its beginning. */
export type Token = [start: number, end: number, kind: string];

/** A loop, named as schedules name it. */
export interface LoopRef {
  block: string;
  loop: string;
}

/** One line of the program. `id` survives steps that leave the line's statement in place. */
export interface LineView {
  id: number;
  origin: number;
  text: string;
  tokens: Token[];
  loop: LoopRef | null;
  mark: "" | "new";
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
  gone: GoneLine[];
  selection: LoopRef | null;
  notice: string;
  can_start_over: boolean;
}

/** Why a request was refused, in the words of tvmlab.errors.Refusal. */
export interface RefusalView {
  asked: string;
  where: string;
  why: string;
  instead: string;
}

/** An argument of a step, as an input field holding text. */
export interface FieldView {
  name: string;
  label: string;
  kind: "loops" | "factors" | "name" | "value";
  default: string;
  hint: string;
}

/** A step that could be taken: its arguments as field texts, and the line it would append. */
export interface MoveView {
  values: Record<string, string>;
  line: string;
}

/** One primitive or recipe at the selected loop. */
export interface StepView {
  step: string;
  group: string;
  summary: string;
  fields: FieldView[];
  moves: MoveView[];
  refusal: RefusalView | null;
}

/** What the values typed so far would do; `token` names the request it answers. */
export interface PreviewView {
  token: number;
  step: string;
  line: string;
  effect: string;
  refusal: RefusalView | null;
}

export interface MovesView {
  target: LoopRef | null;
  target_facts: string;
  steps: StepView[];
  preview: PreviewView | null;
  refusal: RefusalView | null;
}

/** A decision left open: its value and options as Python; `unlisted` more are not sent. */
export interface HoleView {
  name: string;
  value: string;
  options: string[];
  unlisted: number;
  is_frozen: boolean;
}

export interface TraceLine {
  index: number;
  text: string;
  recipe: string;
  cautions: string[];
  holes: HoleView[];
}

export interface TraceView {
  head: string;
  lines: TraceLine[];
  position: number;
  can_undo: boolean;
  can_redo: boolean;
  python: string;
  refusal: RefusalView | null;
  refused_line: number;
}

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
}

/** One measurement, kept with the trace it was made at. */
export interface ResultView {
  number: number;
  label: string;
  steps: number;
  status: string;
  reason: string;
  median_s: number;
  min_s: number;
  spread: number;
  repeats: number;
  gflop_per_s: number;
  gb_per_s: number;
  share_of_peak: number;
  peak_words: string;
  agreement: string;
  is_current: boolean;
}

export interface MeasureView {
  status: "idle" | "working" | "ready" | "failed";
  stage: string;
  last: ResultView | null;
  history: ResultView[];
  reason: string;
}

/** One trial; rates are in the run's unit, null where there is none. */
export type Point = [
  number: number,
  rate: number | null,
  predicted: number | null,
  status: string,
];

export interface TunerView {
  status: "idle" | "starting" | "running" | "paused" | "stopping" | "done" | "failed";
  is_available: boolean;
  reason: string;
  trials: number;
  done: number;
  failed: number;
  failures: string;
  best: string;
  best_number: number;
  unit: string;
  elapsed_s: number;
  eta_s: number | null;
  database: string;
  refusal: RefusalView | null;
}

/** What a pane asks for. Everything else in the message is the intent's argument. */
export interface Intent {
  intent: string;
  [argument: string]: unknown;
}

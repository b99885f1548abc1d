// Exercises, the answer judged last, and guesses before a measurement.

import type { RefusalView } from "./refusal.js";

/** An exercise in the list; `reached` are the most points so far. */
export interface ExerciseView {
  name: string;
  title: string;
  kind: string;
  status: "new" | "tried" | "passed";
  reached: number;
  points: number;
}

/** Something to choose: its name, the question in words, and the options. */
export interface QuestionView {
  name: string;
  asked: string;
  options: string[];
}

/** The exercise that is open; `code` opens it in a cell where it is not of the lab's expression. */
export interface TaskView {
  name: string;
  title: string;
  kind: string;
  points: number;
  text: string[];
  start: string;
  shown: string;
  refused: string;
  workload: string;
  is_here: boolean;
  has_start: boolean;
  code: string;
  questions: QuestionView[];
  is_guess: boolean;
  hints: string[];
  hints_left: number;
}

/** One thing that was looked at in an answer. */
export interface MarkView {
  what: string;
  is_passed: boolean;
  share: number;
  words: string;
}

/** The answer judged last; `is_current` while the schedule shown is the one judged. */
export interface GradeView {
  is_passed: boolean;
  points: number;
  of: number;
  marks: MarkView[];
  is_current: boolean;
}

/** The card to guess on, and how the guess revealed last went. */
export interface GuessView {
  questions: QuestionView[];
  verdict: "" | "right" | "wrong" | "open";
  words: string;
  calibration: string;
}

export interface LearnView {
  exercises: ExerciseView[];
  task: TaskView | null;
  grade: GradeView | null;
  guess: GuessView;
  going: "" | "check" | "reveal";
  stage: string;
  reason: string;
  refusal: RefusalView | null;
}

// What the kernel tells the panes and what the panes ask of it. Mirrors tvmlab/view/schema by name,
// one module a pane; tests/view/test_schema.py compares the two. Times are in seconds, rates in the
// unit named.

export type * from "./schema/branches.js";
export type * from "./schema/code.js";
export type * from "./schema/contributions.js";
export type * from "./schema/explain.js";
export type * from "./schema/gpu.js";
export type * from "./schema/intent.js";
export type * from "./schema/locality.js";
export type * from "./schema/kept.js";
export type * from "./schema/learn.js";
export type * from "./schema/measure.js";
export type * from "./schema/moves.js";
export type * from "./schema/overlay.js";
export type * from "./schema/program.js";
export type * from "./schema/refusal.js";
export type * from "./schema/roofline.js";
export type * from "./schema/trace.js";
export type * from "./schema/tuner.js";
export type * from "./schema/waterfall.js";

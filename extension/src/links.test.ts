import { beforeEach, expect, test } from "vitest";
import { code, line, program, RecordingHost, trace } from "./double.js";
import { Code } from "./panes/code.js";
import { Program } from "./panes/program.js";
import { Trace } from "./panes/trace.js";

let canvas: Program;
let listing: Code;
let labs: HTMLElement[];

/** A lab with a program of three lines and code of four, of which two come from line 2. */
function openLab(): HTMLElement {
  const lab = document.createElement("div");
  lab.className = "tvmlab-lab";
  const [left, right] = [document.createElement("section"), document.createElement("section")];
  lab.append(left, right);
  document.body.append(lab);
  canvas = new Program(left, new RecordingHost());
  canvas.update(program([line(1, "def C():"), line(2, "  for y in range(8):", "y"), line(3, "    with block")]));
  listing = new Code(right, new RecordingHost());
  listing.update(code("start:\n\tadd\n\tfma\n\tadd", [0, 2, 3, 2]));
  return lab;
}

beforeEach(() => {
  document.body.replaceChildren();
  labs = [openLab(), openLab()];
});

const rows = (lab: HTMLElement, pane: number) => [...lab.children[pane]!.querySelectorAll<HTMLElement>(".tv-row")];
const lit = (lab: HTMLElement, pane: number) =>
  rows(lab, pane).flatMap((row, index) => (row.classList.contains("tv-lit") ? [index] : []));
const hover = (node: Element) => node.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));

test("pointing at a line of the program lights the code that comes from it, in its own lab", () => {
  hover(rows(labs[1]!, 0)[1]!.firstElementChild!);
  expect(lit(labs[1]!, 1)).toEqual([1, 3]);
  expect(lit(labs[0]!, 1)).toEqual([]);
  labs[1]!.querySelector(".tv-canvas")!.dispatchEvent(new MouseEvent("mouseleave"));
  expect(lit(labs[1]!, 1)).toEqual([]);
});

test("pointing at a line of code lights the line of the program", () => {
  hover(rows(labs[1]!, 1)[3]!);
  expect(lit(labs[1]!, 0)).toEqual([1]);
  expect(lit(labs[1]!, 1)).toEqual([1, 3]);
  hover(rows(labs[1]!, 1)[0]!);
  expect(lit(labs[1]!, 0)).toEqual([]);
});

test("code of an earlier state belongs to no line", () => {
  listing.update(code("\tadd", [2], { is_stale: true }));
  hover(rows(labs[1]!, 0)[1]!);
  expect(lit(labs[1]!, 1)).toEqual([]);
  hover(rows(labs[1]!, 1)[0]!);
  expect(lit(labs[1]!, 0)).toEqual([]);
});

test("a pane that is gone listens no more", () => {
  listing.dispose();
  hover(rows(labs[1]!, 0)[1]!);
  expect(lit(labs[1]!, 1)).toEqual([]);
});

test("pointing at a loop of the code lights its line in program and code", () => {
  const loop = { line: 2, place: "line 2, loop y", words: "1 load", remarks: ["it waits; unroll."] };
  listing.update(code("start:\n\tadd\n\tfma\n\tadd", [0, 2, 3, 2], { loops: [loop] }));
  const item = labs[1]!.querySelector(".tv-loops li")!;
  expect(item.querySelector("button")!.textContent).toBe("line 2, loop y1 load");
  expect(item.querySelector(".tv-remark")!.textContent).toBe("Slow: it waits; unroll.");
  hover(item);
  expect(lit(labs[1]!, 1)).toEqual([1, 3]);
  expect(lit(labs[1]!, 0)).toEqual([1]);
  listing.update(code("add", [2], { loops: [loop], is_stale: true }));
  hover(labs[1]!.querySelector(".tv-loops li")!);
  expect(lit(labs[1]!, 0)).toEqual([]);
  listing.update(code("add", [2]));
  expect(labs[1]!.querySelector<HTMLElement>(".tv-loops")!.hidden).toBe(true);
});

test("code of a long program says that it is made when asked for", () => {
  const facts = () => labs[1]!.children[1]!.querySelector("header")!.textContent;
  listing.update(code("add", [2], { is_stale: true }));
  expect(facts()).not.toContain("when asked for");
  listing.update(code("add", [2], { is_stale: true, follows: false }));
  expect(facts()).toContain("made when asked for");
});

test("a line and the step that wrote it light each other", () => {
  const lab = labs[1]!;
  canvas.update(program([line(1, "def C():"), line(2, "  for yo in parallel(2):", "yo", 1), line(3, "    for yi in range(4):", "yi", 1)]));
  const schedule = new Trace(lab.appendChild(document.createElement("section")), new RecordingHost());
  schedule.update(trace(["s[C].split(y)", "s[C].parallel(yo)"], 2));
  const steps = () => [...lab.querySelectorAll<HTMLElement>(".tv-step")];
  const litSteps = () => steps().flatMap((row, index) => (row.classList.contains("tv-lit") ? [index] : []));
  hover(rows(lab, 0)[1]!);
  expect(litSteps()).toEqual([1]);
  lab.querySelector(".tv-canvas")!.dispatchEvent(new MouseEvent("mouseleave"));
  expect(litSteps()).toEqual([]);
  steps()[1]!.dispatchEvent(new MouseEvent("mouseenter"));
  expect(lit(lab, 0)).toEqual([1, 2]);
  steps()[2]!.dispatchEvent(new MouseEvent("mouseenter"));
  expect(lit(lab, 0)).toEqual([]);
  steps()[2]!.dispatchEvent(new MouseEvent("mouseleave"));
  schedule.dispose();
  hover(rows(lab, 0)[1]!);
  expect(litSteps()).toEqual([]);
});

test("what is pointed at stays lit when figures come, but not when the program is another", () => {
  const lab = labs[1]!;
  const lines = [line(1, "def C():"), line(2, "  for y in range(8):", "y"), line(3, "    with block")];
  hover(rows(lab, 1)[3]!);
  expect(lit(lab, 0)).toEqual([1]);
  canvas.update(program(lines, { overlay: "cost", marks: [{ line: 1, share: 1, text: "100 %", words: "" }] }));
  expect(lit(lab, 0)).toEqual([1]);
  canvas.update(program([line(9, "def D():"), line(2, "  for x in range(8):", "x")]));
  expect(lit(lab, 0)).toEqual([]);
});

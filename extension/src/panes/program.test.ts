import { beforeEach, expect, test } from "vitest";
import { contributions, line, program, RecordingHost } from "../double.js";
import type { GoneLine, LoopRef } from "../schema.js";
import { Program } from "./program.js";

const LINES = [
  line(0, "def C():"),
  line(1, "    for y in range(8):", "y"),
  line(2, "        for x in range(8):", "x"),
  line(3, "            C[y, x] = 0"),
];

let root: HTMLElement;
let host: RecordingHost;
let pane: Program;

beforeEach(() => {
  root = document.createElement("section");
  document.body.replaceChildren(root);
  host = new RecordingHost();
  pane = new Program(root, host);
});

const rows = () => [...root.querySelectorAll<HTMLElement>(".tv-row")];
const texts = () => rows().map((row) => row.textContent);
const press = (key: string, more: KeyboardEventInit = {}) =>
  root.querySelector(".tv-canvas")!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));

test("every line is a row and loops can be told from the rest", () => {
  pane.update(program(LINES));
  expect(texts()).toEqual(["1def C():", "2    for y in range(8):", "3        for x in range(8):", "4            C[y, x] = 0"]);
  expect(rows().map((row) => row.dataset["loop"])).toEqual([undefined, "y", "x", undefined]);
  expect(rows()[0]!.getAttribute("aria-disabled")).toBe("true");
});

test("a loop pointed at marks what it reaches, and nothing is marked afterwards", () => {
  pane.update(program(LINES));
  const marks = () => [...root.querySelectorAll("mark")].map((mark) => mark.textContent);
  rows()[2]!.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  expect(marks()).toEqual(["C[y, x]"]);
  expect(texts()[3]).toBe("4            C[y, x] = 0");
  root.querySelector(".tv-canvas")!.dispatchEvent(new MouseEvent("mouseleave"));
  expect(marks()).toEqual([]);
});

test("several loops pointed at mark what each of them reaches", () => {
  pane.update(program([...LINES.slice(0, 3), line(3, "            C[y, x] = D[x] + E[y]")]));
  const marks = () => [...root.querySelectorAll("mark")].map((mark) => mark.textContent);
  const loops = [{ block: "C", loop: "y" }, { block: "C", loop: "x" }];
  root.dispatchEvent(new CustomEvent("tvmlab-link", { detail: { origin: 0, loops, step: 0, isChosen: false }, bubbles: true }));
  expect(marks()).toEqual(["C[y, x]", "D[x]", "E[y]"]);
});

test("a click on a loop header selects it at once and asks the kernel", () => {
  pane.update(program(LINES));
  rows()[2]!.click();
  expect(host.last).toEqual({ intent: "select", block: "C", loop: "x" });
  expect(rows()[2]!.getAttribute("aria-selected")).toBe("true");
  rows()[3]!.click();
  expect(host.asked.length).toBe(1);
});

test("arrow keys move between loops and Enter selects", () => {
  pane.update(program(LINES));
  press("ArrowDown");
  press("ArrowDown");
  press("ArrowDown");
  const canvas = root.querySelector(".tv-canvas")!;
  expect(document.getElementById(canvas.getAttribute("aria-activedescendant")!)!.dataset["loop"]).toBe("x");
  press("ArrowUp");
  press("Enter");
  expect(host.last).toEqual({ intent: "select", block: "C", loop: "y" });
  press("z", { ctrlKey: true });
  expect(host.last).toEqual({ intent: "undo" });
  press("Z", { ctrlKey: true, shiftKey: true });
  expect(host.last).toEqual({ intent: "redo" });
});

test("removed lines stand where they stood, and can be hidden", () => {
  const now = [LINES[0]!, line(4, "    for yo in range(2):", "yo"), LINES[3]!];
  pane.update(program(now, { new: [1], gone: [{ before: 1, text: "    for y in range(8):", tokens: [] }] }));
  expect(texts()).toEqual(["1def C():", "−    for y in range(8):", "+2    for yo in range(2):", "3            C[y, x] = 0"]);
  expect(root.querySelector(".tv-summary")!.textContent).toBe("+1 −1");
  root.querySelector<HTMLButtonElement>(".tv-toggle")!.click();
  expect(rows().length).toBe(3);
});

test("rows that did not change keep their nodes", () => {
  pane.update(program(LINES));
  const before = rows();
  pane.update(program([...LINES.slice(0, 3), line(9, "            C[y, x] = 1")]));
  expect(rows().slice(0, 3)).toEqual(before.slice(0, 3));
  expect(rows()[3]).not.toBe(before[3]);
});

test("text is never taken for HTML", () => {
  pane.update(program([line(0, "<img src=x onerror=alert(1)>")], { title: "<b>C</b>", notice: "<i>" }));
  expect(root.querySelector("img, b, i")).toBeNull();
  expect(root.textContent).toContain("<img src=x onerror=alert(1)>");
});

test("lines go in and out of a long program without the others being drawn", () => {
  let lines = Array.from({ length: 24 }, (_, id) => line(id, `    for i${id} in range(2):`, `i${id}`));
  const gone: GoneLine[] = [];
  for (let round = 0; round < 12; round++) {
    const at = (round * 17) % lines.length;
    gone.push({ before: at, text: lines[at]!.text, tokens: [] });
    gone.sort((a, b) => a.before - b.before);
    lines = [...lines.slice(0, at), line(100 + round, `    for new${round} in range(2):`, `new${round}`), ...lines.slice(at + 1)];
    pane.update(program(lines, { gone: [...gone] }));
    const expected = lines.flatMap(({ text }, n) => [...gone.filter(({ before }) => before === n).map((old) => `−${old.text}`), `${n + 1}${text}`]);
    expect(texts()).toEqual(expected.slice(0, texts().length));
  }
});

test("ten thousand lines draw a screenful", () => {
  const many = Array.from({ length: 10_000 }, (_, id) => line(id, `    for i${id} in range(2):`, `i${id}`));
  pane.update(program(many));
  expect(rows().length).toBeLessThan(200);
});

test("an overlay is asked for, and its figures stand beside the loops they are of", () => {
  const marks = [{ line: 1, share: 0.5, text: "8 kB A", words: "An iteration of y touches 8 kB." }];
  pane.update(program(LINES, { overlay: "reuse", marks }));
  const figures = [...root.querySelectorAll<HTMLElement>(".tv-loop-figure")];
  expect(figures.map((node) => node.closest<HTMLElement>(".tv-row")!.dataset["loop"])).toEqual(["y"]);
  expect(figures[0]!.querySelector(".tv-hidden")!.textContent).toBe("An iteration of y touches 8 kB.");
  expect(figures[0]!.querySelector<HTMLElement>(".tv-bar-fill")!.style.width).toBe("50%");
  const select = root.querySelector("select")!;
  expect(select.value).toBe("reuse");
  select.value = "cost";
  select.dispatchEvent(new Event("change"));
  expect(host.last).toEqual({ intent: "overlay", kind: "cost" });
  pane.update(program(LINES));
  expect(root.querySelector(".tv-loop-figure")).toBeNull();
});

const C_Y = { block: "C", loop: "y" };
const C_X = { block: "C", loop: "x" };
const part = (words: string, weight: number | null, loops: LoopRef[], steps: number[] = []) => ({ name: words, words, value: "8", unit: "iterations", weight, loops, steps });

test("the cost model is asked once for a state, and what it says is signed, told and linked", () => {
  const asked = () => host.asked.filter(({ intent }) => intent === "contributions").length;
  pane.update(program(LINES, { overlay: "model" }));
  expect(asked()).toBe(1);
  pane.update(program(LINES, { overlay: "model", contributions: contributions([], { status: "working" }) }));
  pane.update(program(LINES, { overlay: "model", contributions: contributions([], { status: "working", is_stale: true }) }));
  expect(asked()).toBe(1);
  const marks = [
    { line: 1, share: 1, text: "+0.40", words: "Loop y of C speaks for it." },
    { line: 2, share: -0.5, text: "−0.20", words: "Loop x of C speaks against it." },
  ];
  const parts = [part("length", 0.4, [C_Y]), part("A stride", -0.2, [C_X]), part("no loop 3: length", 0.1, []), part("serial", 0, [C_Y])];
  pane.update(program(LINES, { overlay: "model", marks, contributions: contributions(parts) }));
  expect(asked()).toBe(1);
  const bar = (n: number) => root.querySelectorAll<HTMLElement>(".tv-loop-figure")[n]!.querySelector<HTMLElement>(".tv-signed-box > *")!;
  expect([bar(0).className, bar(0).style.left, bar(0).style.width]).toEqual(["tv-adds", "50%", "50%"]);
  expect([bar(1).className, bar(1).style.right, bar(1).style.width]).toEqual(["tv-takes", "50%", "25%"]);
  const features = () => [...root.querySelectorAll<HTMLTableRowElement>(".tv-contribution-table tbody tr")];
  const names = () => features().map((row) => row.cells[0]!.textContent);
  expect(names()).toEqual(["length", "A stride", "no loop 3: length"]);
  expect(features()[2]!.cells[3]!.textContent).toBe("no loop");

  const hover = (node: Element, kind: string) => node.dispatchEvent(new MouseEvent(kind, { bubbles: kind === "mouseover" }));
  hover(rows()[1]!, "mouseover");
  expect(names()).toEqual(["length", "serial"]);
  hover(root.querySelector(".tv-canvas")!, "mouseleave");
  hover(features()[1]!, "mouseenter");
  expect(rows().map((row) => row.classList.contains("tv-lit"))).toEqual([false, false, true, false]);
  hover(root.querySelector(".tv-contribution-table")!, "mouseleave");
  expect(root.querySelector(".tv-lit")).toBeNull();
  features()[0]!.querySelector("button")!.click();
  expect(host.last).toEqual({ intent: "select", ...C_Y });
  expect(names()).toEqual(["length", "serial"]);

  pane.update(program(LINES, { overlay: "model", marks: [], contributions: contributions(parts, { is_stale: true }) }));
  expect(asked()).toBe(2);
  const fold = [...root.querySelectorAll("button")].find((button) => button.textContent === "Features")!;
  fold.click();
  expect(root.querySelector<HTMLElement>(".tv-drawer")!.hidden).toBe(true);
  pane.update(program(LINES));
  expect(fold.hidden).toBe(true);
});

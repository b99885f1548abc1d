import { nullTranslator } from "@jupyterlab/translation";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { line, program } from "../double.js";
import type { Query } from "./server.js";
import { TraceView, type TraceAnswer } from "./trace_view.js";

const STEPS = [{ text: "split", cautions: [] }, { text: "reorder", cautions: ["lanes scatter."] }];

let root: HTMLElement;
let asked: Query[];
let edition: string;
let view: TraceView;

const answer = (query: Query): TraceAnswer => {
  const position = Number(query["position"] ?? 2);
  return {
    edition,
    head: "s = t.create_schedule(C)",
    steps: STEPS,
    position,
    program: program([line(1, `program ${position}`, "y")], { overlay: query["overlay"] as "none" }),
    refusal: { asked: "fuse", where: "y", why: "y is gone", instead: "" },
    refused: 3,
  };
};

beforeEach(async () => {
  vi.useFakeTimers();
  root = document.createElement("div");
  document.body.replaceChildren(root);
  [asked, edition] = [[], "e1"];
  const ask = async <T>(_: string, query: Query) => (asked.push(query), answer(query) as T);
  view = new TraceView(root, ask, nullTranslator.load("tvmlab"));
  await view.refresh();
});

afterEach(() => {
  view.dispose();
  vi.useRealTimers();
});

const shown = () => root.querySelector(".tv-source")!.textContent;
const current = () => root.querySelector('[aria-current="step"]')!.textContent;

test("it opens at the last step, with what was slow and what was refused", () => {
  expect(shown()).toContain("program 2");
  expect(current()).toBe("reorder");
  expect(root.querySelector(".tv-caution")!.textContent).toBe("lanes scatter.");
  expect(root.querySelector(".tv-refusal")!.textContent).toContain("y is gone");
});

test("scrubber, steps and keys lead to the same programs, each asked for once", async () => {
  const scrubber = root.querySelector<HTMLInputElement>(".tv-scrubber")!;
  scrubber.value = "0";
  scrubber.dispatchEvent(new Event("input"));
  await vi.advanceTimersByTimeAsync(1);
  expect(shown()).toContain("program 0");
  const before = asked.length;
  [...root.querySelectorAll<HTMLElement>(".tv-trace-steps button")][2]!.click();
  await vi.advanceTimersByTimeAsync(1);
  expect([shown()!.includes("program 2"), asked.length]).toEqual([true, before]);
});

test("playing goes through the steps and ends", async () => {
  const play = [...root.querySelectorAll("button")].find((button) => button.textContent === "Play")!;
  play.click();
  await vi.advanceTimersByTimeAsync(1);
  expect(current()).toBe("s = t.create_schedule(C)");
  await vi.advanceTimersByTimeAsync(3000);
  expect([current(), play.textContent]).toEqual(["reorder", "Play"]);
});

test("an overlay and a changed file are asked for anew", async () => {
  const overlay = root.querySelector<HTMLSelectElement>(".tv-overlay")!;
  overlay.value = "cost";
  overlay.dispatchEvent(new Event("change"));
  await vi.advanceTimersByTimeAsync(1);
  expect(asked.at(-1)).toEqual({ overlay: "cost", position: 2 });
  edition = "e2";
  await view.refresh();
  expect(root.querySelectorAll(".tv-trace-steps li").length).toBe(3);
});

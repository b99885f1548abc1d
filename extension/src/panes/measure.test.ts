import { expect, test } from "vitest";
import type { MeasureView, PriceView, ResultView, RooflineView } from "../schema.js";
import { RecordingHost } from "../double.js";
import { plot } from "../measuring/plot.js";
import { gain } from "../measuring/result.js";
import { Measure } from "./measure.js";

const RESULT: ResultView = {
  number: 1,
  label: "no step",
  steps: 0,
  status: "ok",
  reason: "",
  is_certified: false,
  low_s: 0.0108,
  high_s: 0.0113,
  confidence: 0.96,
  doubt: "",
  median_s: 0.011,
  min_s: 0.01,
  spread: 0.02,
  repeats: 9,
  gflop_per_s: 195,
  gb_per_s: 1.1,
  share_of_peak: 0.49,
  peak_words: "400 GFLOP/s",
  agreement: "Agrees with numpy.",
  counted: "",
  is_current: true,
};

const view = (more: Partial<MeasureView>): MeasureView => ({
  status: "ready",
  stage: "",
  last: null,
  history: [],
  reason: "",
  going: "",
  refusal: null,
  why_not_counted: "This machine shows no counters.",
  pinned: "",
  is_pinned_shown: false,
  duel: null,
  roofline: null,
  waterfall: null,
  ...more,
});

function pane() {
  const root = document.createElement("section");
  const host = new RecordingHost();
  return { root, host, pane: new Measure(root, host) };
}

const ROOFLINE: RooflineView = {
  unit: "GFLOP/s",
  intensity: 100,
  ceilings: [
    { name: "L2", threads: 1, kind: "memory", rate: 100, allows: 10000, role: "" },
    { name: "DRAM", threads: 1, kind: "memory", rate: 15, allows: 1500, role: "" },
    { name: "float32", threads: 1, kind: "arithmetic", rate: 200, allows: 200, role: "binding" },
    { name: "DRAM", threads: 2, kind: "memory", rate: 20, allows: 2000, role: "" },
    { name: "float32", threads: 2, kind: "arithmetic", rate: 400, allows: 400, role: "roof" },
  ],
  points: [
    { number: 1, steps: 0, label: "no step", rate: 2, low: 1.9, high: 2.1, share: 0.005, is_current: false },
    { number: 4, steps: 3, label: "tile", rate: 195, low: 190, high: 199, share: 0.49, is_current: true },
  ],
  words: ["At 100 operations a byte the roof is arithmetic."],
};

const PRICE: PriceView = {
  index: 0,
  text: "tile",
  way: "without",
  reason: "",
  status: "done",
  ratio: 3.2,
  low: 3.1,
  high: 3.3,
  verdict: "paid",
  words: "3.2 times faster with it",
};

const press = (root: HTMLElement, key: string) =>
  root.querySelector("header")!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const tab = (root: HTMLElement, name: string) =>
  [...root.querySelectorAll<HTMLElement>('[role="tab"]')].find((node) => node.textContent === name)!;
const buttonOf = (root: HTMLElement, name: string) =>
  [...root.querySelectorAll("button")].find((node) => node.textContent === name)!;

test("before the first measurement it says what to press", () => {
  const { root, host, pane: drawn } = pane();
  drawn.update(view({ status: "idle" }));
  expect(root.querySelector<HTMLElement>(".tv-empty")!.hidden).toBe(false);
  root.querySelector<HTMLButtonElement>(".tv-primary")!.click();
  expect(host.last).toEqual({ intent: "measure", certified: false });
});

test("a result stands with its interval, its share of the peak and its agreement", () => {
  const { root, host, pane: drawn } = pane();
  drawn.update(view({ last: RESULT, history: [RESULT, { ...RESULT, number: 2, is_current: false }] }));
  const text = root.querySelector(".tv-result")!.textContent!;
  for (const part of ["11.0 ms", "10.8 – 11.3 ms, 96 % sure", "2.0 % spread", "195 GFLOP/s", "49 % of peak", "Agrees with numpy."]) {
    expect(text).toContain(part);
  }
  const rows = root.querySelectorAll(".tv-history tbody tr");
  expect(rows.length).toBe(2);
  expect(rows[0]!.querySelector('[role="img"]')!.getAttribute("aria-label")).toContain("10.8 – 11.3 ms");
  root.querySelector<HTMLElement>(".tv-history .tv-go")!.click();
  expect(host.last).toEqual({ intent: "open_result", number: 2 });
});

test("what the processor counted stands there, or why it did not", () => {
  const { root, pane: drawn } = pane();
  drawn.update(view({ last: RESULT }));
  expect(root.querySelector(".tv-result")!.textContent).toContain("This machine shows no counters.");
  drawn.update(view({ last: { ...RESULT, counted: "Counted: 2 k cycles." }, why_not_counted: "" }));
  expect(root.querySelector(".tv-result")!.textContent).toContain("Counted: 2 k cycles.");
});

test("a failure is shown with its reason, in place and in the history", () => {
  const { root, pane: drawn } = pane();
  const failed = { ...RESULT, status: "timeout", reason: "still busy after 10 s", median_s: 0 };
  drawn.update(view({ status: "failed", reason: "Timeout: still busy", history: [failed] }));
  expect(root.querySelector(".tv-refusal")!.textContent).toBe("Timeout: still busy");
  expect(root.querySelector(".tv-history tbody")!.textContent).toContain("still busy after 10 s");
});

test("what is not known well enough says so", () => {
  const { root, pane: drawn } = pane();
  drawn.update(view({ last: { ...RESULT, doubt: "can't tell to 1 %" }, history: [] }));
  expect(root.querySelector(".tv-agreement")!.textContent).toContain("can't tell to 1 %");
});

test("keys measure, certify and compare, and Escape ends what goes on", () => {
  const { root, host, pane: drawn } = pane();
  document.body.append(root);
  drawn.update(view({ last: RESULT }));
  press(root, "c");
  expect(host.last).toEqual({ intent: "measure", certified: true });
  press(root, "v");
  expect(host.last).toEqual({ intent: "compare" });
  buttonOf(root, "Certify").focus();
  drawn.update(view({ status: "working", going: "certified", stage: "Timing…" }));
  expect(document.activeElement!.textContent).toBe("Cancel");
  const asked = host.asked.length;
  press(root, "m");
  expect(host.asked.length).toBe(asked);
  press(root, "Escape");
  expect(host.last).toEqual({ intent: "cancel_measuring" });
  root.remove();
});

test("a comparison needs a pinned state other than the one shown, and tells its verdict", () => {
  const { root, host, pane: drawn } = pane();
  drawn.update(view({ last: RESULT }));
  expect(buttonOf(root, "Compare").disabled).toBe(true);
  buttonOf(root, "Pin this state").click();
  expect(host.last).toEqual({ intent: "pin" });
  drawn.update(view({ last: RESULT, pinned: "tile", is_pinned_shown: true }));
  expect(buttonOf(root, "Compare").disabled).toBe(true);
  const duel = { verdict: "faster" as const, ratio: 1.4, low: 1.3, high: 1.5, words: "1.4 times faster", is_current: true };
  drawn.update(view({ last: RESULT, pinned: "tile", duel }));
  expect(buttonOf(root, "Compare").disabled).toBe(false);
  expect(root.querySelector(".tv-duel")!.textContent).toContain("▲ faster");
});

test("the roofline asks for the peaks where none are known, and has a table twin", () => {
  const { root, host, pane: drawn } = pane();
  drawn.update(view({ status: "idle" }));
  tab(root, "Roofline").click();
  expect(host.last).toEqual({ intent: "peaks" });
  drawn.update(view({ roofline: ROOFLINE }));
  const tables = root.querySelectorAll(".tv-roofline table");
  expect(tables[0]!.querySelectorAll("tbody tr").length).toBe(5);
  expect(tables[0]!.textContent).toContain("binds this program");
  expect(tables[1]!.textContent).toContain("190 – 199");
  press(root, "t");
  expect(root.querySelector<HTMLElement>(".tv-picture")!.hidden).toBe(true);
});

test.each([{}, { intensity: 0, unit: "GB/s" as const }])("the plot keeps to its frame and opens a state (%o)", (more) => {
  const opened: number[] = [];
  const drawn = plot({ ...ROOFLINE, ...more }, 600, 200, (number) => opened.push(number));
  for (const line of drawn.querySelectorAll("line")) {
    for (const [name, most] of [["x1", 600], ["x2", 600], ["y1", 200], ["y2", 200]] as const) {
      const at = Number(line.getAttribute(name));
      expect(at).toBeGreaterThanOrEqual(0);
      expect(at).toBeLessThanOrEqual(most);
    }
  }
  const points = drawn.querySelectorAll(".tv-point");
  points[1]!.dispatchEvent(new MouseEvent("click"));
  points[0]!.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  expect(opened).toEqual([4, 1]);
});

test("steps stand with their price, or with why there is none", () => {
  const { root, host, pane: drawn } = pane();
  const waiting = { ...PRICE, index: 1, status: "waiting" as const, ratio: 0, low: 0, high: 0, verdict: "" as const, words: "" };
  const before = { ...PRICE, index: 2, way: "before" as const, reason: "step 4 needs it: no loop yo" };
  const failed = { ...waiting, index: 3, status: "failed" as const, words: "without it: timeout" };
  const rows = [PRICE, waiting, before, failed];
  drawn.update(view({ waterfall: { rows, words: "Step 1 paid most.", is_stale: false } }));
  const shown = [...root.querySelectorAll(".tv-waterfall tbody tr")].map((row) => row.textContent!);
  expect(shown[0]).toContain("3.20×▲ 3.2 times faster with it3.10 – 3.30");
  expect(shown[2]).toContain("step 4 needs it: no loop yo");
  expect(shown[3]).toContain("✕ without it: timeout");
  buttonOf(root, "Price the steps").click();
  expect(host.last).toEqual({ intent: "price" });
});

test("a measurement says what was gained since another state was measured, where intervals tell", () => {
  const slow = { ...RESULT, low_s: 8.6, median_s: 8.65, high_s: 8.7 };
  const failed = { ...RESULT, number: 2, label: "tile", status: "wrong_answer", median_s: 0 };
  const last = { ...RESULT, number: 4, label: "reorder", steps: 1 };
  expect(gain([RESULT], RESULT)).toBe("");
  expect(gain([slow, failed, { ...last, number: 3 }, last], last)).toBe("▲ 786 times as fast as measurement 1 (8.65 s, no step)");
  expect(gain([last, { ...slow, number: 5 }], { ...slow, number: 5 })).toBe("▼ takes 786 times as long as measurement 4 (11.0 ms, reorder)");
  expect(gain([RESULT, last], last)).toMatch(/^≈ can't tell from measurement 1/);
  const { root, pane: measure } = pane();
  measure.update(view({ last, history: [slow, last] }));
  expect(root.querySelector(".tv-gain")!.textContent).toContain("786 times as fast");
});

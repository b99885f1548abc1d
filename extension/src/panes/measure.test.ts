import { expect, test } from "vitest";
import type { MeasureView, ResultView } from "../schema.js";
import { RecordingHost } from "../double.js";
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

test("before the first measurement it says what to press", () => {
  const { root, host, pane: drawn } = pane();
  drawn.update(view({ status: "idle" }));
  expect(root.querySelector<HTMLElement>(".tv-empty")!.hidden).toBe(false);
  root.querySelector<HTMLButtonElement>(".tv-primary")!.click();
  expect(host.last).toEqual({ intent: "measure" });
});

test("a result stands with its spread, its share of the peak and its agreement", () => {
  const { root, host, pane: drawn } = pane();
  drawn.update(view({ last: RESULT, history: [RESULT, { ...RESULT, number: 2, is_current: false }] }));
  const text = root.querySelector(".tv-result")!.textContent!;
  for (const part of ["11.0 ms", "spread 2.0 %", "195 GFLOP/s", "49 % of peak", "Agrees with numpy."]) {
    expect(text).toContain(part);
  }
  expect(root.querySelectorAll("tbody tr").length).toBe(2);
  root.querySelector<HTMLElement>("tbody .tv-go")!.click();
  expect(host.last).toEqual({ intent: "open_result", number: 2 });
});

test("a failure is shown with its reason, in place and in the history", () => {
  const { root, pane: drawn } = pane();
  const failed = { ...RESULT, status: "timeout", reason: "still busy after 10 s", median_s: 0 };
  drawn.update(view({ status: "failed", reason: "Timeout: still busy", history: [failed] }));
  expect(root.querySelector(".tv-refusal")!.textContent).toBe("Timeout: still busy");
  expect(root.querySelector("tbody")!.textContent).toContain("still busy after 10 s");
});

import { beforeEach, expect, test } from "vitest";
import { RecordingHost } from "../double.js";
import type { ExplainView } from "../schema.js";
import { Explain } from "./explain.js";

let root: HTMLElement;
let host: RecordingHost;
let pane: Explain;

const machine = { cores: 2, vector_bits: 512, cache_times: 1, memory_times: 1 };
const view = (more: Partial<ExplainView> = {}): ExplainView => ({
  status: "ready",
  reason: "",
  is_stale: false,
  facts: [
    { kind: "bound", text: "A call should take 2 ms.", at: null },
    { kind: "vectors", text: "C computes one element at a time.", at: { block: "C", loop: "k" } },
  ],
  shares: [{ name: "arithmetic", time: "1 ms", share: 1 }],
  ideas: [{ line: "s.vectorize", ratio: 0.25, low: 0.1, high: 0.5 }],
  machine,
  this_machine: machine,
  states: [{ label: "shown", here_s: 0.002, there_s: 0.001, rank: 1, bound: "arithmetic", is_current: true }],
  refusal: null,
  ...more,
});
const press = (label: string) => [...root.querySelectorAll("button")].find((b) => b.textContent === label)!.click();

beforeEach(() => {
  root = document.createElement("section");
  document.body.replaceChildren(root);
  host = new RecordingHost();
  pane = new Explain(root, host);
  pane.update(view());
});

test("a sentence leads to its loop, an idea is taken", () => {
  press("C computes one element at a time.");
  expect(host.last).toEqual({ intent: "select", block: "C", loop: "k" });
  press("s.vectorize");
  expect(host.last).toEqual({ intent: "apply", line: "s.vectorize", place: "explain" });
  expect(root.querySelector(".tv-ideas")!.textContent).toContain("×0.25 the time (0.10 to 0.50)");
});

test("a slider asks about another machine, and there is a way back", () => {
  expect(root.querySelector<HTMLElement>("header button")!.hidden).toBe(true);
  const cores = root.querySelector<HTMLInputElement>('[name="cores"]')!;
  cores.value = "4";
  cores.dispatchEvent(new Event("change"));
  expect(host.last).toEqual({ intent: "explain", machine: { ...machine, cores: 16 } });
  pane.update(view({ machine: { ...machine, cores: 16 } }));
  expect(root.querySelector('[role="status"]')!.textContent).toContain("cores 16");
  press("This machine");
  expect(host.last).toEqual({ intent: "explain", machine: {} });
});

test("what failed is said, and that nothing helps as well", () => {
  pane.update(view({ status: "failed", reason: "nothing can be told of this one" }));
  expect(root.querySelector('[role="status"]')!.textContent).toBe("nothing can be told of this one");
  pane.update(view({ ideas: [] }));
  expect(root.textContent).toContain("No single step should make it 5 % faster.");
});

import { beforeEach, expect, test, vi } from "vitest";
import type { LocalityView } from "../schema.js";
import { RecordingHost } from "../double.js";
import { cellWords, depth } from "../heat_map.js";
import { bytes, ratio } from "../locality_tables.js";
import { Locality } from "./locality.js";

const MAP = {
  buffer: "A",
  facts: "float32[2, 2]",
  rows: 2,
  columns: 2,
  cell_rows: 1,
  cell_columns: 1,
  values: [4, 5, -1, 9],
  now: [3],
  written: [3],
};

const view = (more: Partial<LocalityView> = {}): LocalityView => ({
  status: "ready",
  reason: "",
  is_stale: false,
  sizes: "36 accesses of a serial run at toy sizes: y = 4 of 64.",
  measure: "last",
  moment: 9,
  moments: 12,
  accesses: 36,
  block: "C",
  loops: [
    { name: "y", value: 1, extent: 4 },
    { name: "x", value: 0, extent: 4 },
  ],
  touches: "reads A[1, 1]; writes C[0, 0]",
  maps: [MAP],
  bins: [
    { low: 0, high: 0, elements: 10, lines: 20 },
    { low: 1, high: 1, elements: 20, lines: 10 },
  ],
  first_elements: 6,
  first_lines: 6,
  line_bytes: 64,
  l1_bytes: 2048,
  l2_bytes: 4096,
  ways: 8,
  machine: "this machine's 32 KB and 1 MB",
  is_own: false,
  misses: [
    { buffer: "A", accesses: 36, l1_misses: 9, l2_misses: 3, before_l1: 18, before_l2: 3 },
    { buffer: "all", accesses: 36, l1_misses: 9, l2_misses: 3, before_l1: 18, before_l2: 3 },
  ],
  before: "the state before tile",
  verdict: "Against the state before tile: 2 times fewer L1 misses.",
  ...more,
});

let root: HTMLElement;
let host: RecordingHost;
let pane: Locality;

beforeEach(() => {
  HTMLCanvasElement.prototype.getContext = () => null;
  root = document.createElement("section");
  document.body.replaceChildren(root);
  host = new RecordingHost();
  pane = new Locality(root, host);
});

const click = (label: string) =>
  [...root.querySelectorAll("button")].find((b) => b.textContent === label || b.getAttribute("aria-label") === label)!.click();
const slider = () => root.querySelector<HTMLInputElement>(".tv-scrubber")!;
const scrub = (to: number) => {
  slider().value = String(to);
  slider().dispatchEvent(new Event("input"));
};

test("looked at for the first time it follows the program, and once", () => {
  pane.update(view({ status: "idle", moments: 0, maps: [], sizes: "" }));
  pane.update(view({ status: "working", moments: 0, maps: [] }));
  expect(host.asked).toEqual([{ intent: "locality" }]);
  expect(root.querySelector(".tv-empty")!.textContent).toBe("Following every access…");
});

test("a stale run is followed anew and says that it is of an earlier state", () => {
  pane.update(view({ is_stale: true }));
  expect(host.last).toEqual({ intent: "locality" });
  expect(root.querySelector("[role=status]")!.textContent).toContain("Of an earlier state");
});

test("what cannot be followed says why and asks for nothing", () => {
  pane.update(view({ status: "failed", reason: "step 3 is refused", moments: 0, maps: [] }));
  expect(root.querySelector(".tv-empty")!.textContent).toBe("step 3 is refused");
  expect(host.asked).toEqual([]);
});

test("of many moments wished for while one is awaited only the last is asked for", () => {
  pane.update(view());
  for (const moment of [1, 2, 3, 4]) scrub(moment);
  expect(host.asked).toEqual([{ intent: "locality_at", moment: 1 }]);
  pane.update(view({ moment: 1 }));
  expect(host.last).toEqual({ intent: "locality_at", moment: 4 });
  pane.update(view({ moment: 4 }));
  expect(host.asked.length).toBe(2);
  expect(slider().value).toBe("4");
});

test("loops go on and back by buttons that keep the focus", () => {
  pane.update(view());
  click("Next iteration of y");
  expect(host.last).toEqual({ intent: "locality_at", loop: "y", by: 1 });
  expect(root.querySelector('[data-focus="x -1"]')!.getAttribute("aria-disabled")).toBe("true");
  const node = root.querySelector<HTMLElement>('[data-focus="y 1"]')!;
  node.focus();
  pane.update(view({ moment: 10 }));
  expect((document.activeElement as HTMLElement).dataset["focus"]).toBe("y 1");
});

test("playing goes frame by frame to the end, and is one frame where motion is reduced", () => {
  vi.useFakeTimers();
  pane.update(view({ moment: 10 }));
  click("Play");
  expect(host.last).toEqual({ intent: "locality_at", moment: 11 });
  pane.update(view({ moment: 11 }));
  vi.runAllTimers();
  expect(host.asked.length).toBe(1);
  expect([...root.querySelectorAll("button")].some((b) => b.textContent === "Play")).toBe(true);
  window.matchMedia = () => ({ matches: true }) as MediaQueryList;
  click("Play");
  expect(host.last).toEqual({ intent: "locality_at", moment: 0 });
  pane.update(view({ moment: 0 }));
  vi.runAllTimers();
  expect(host.asked.length).toBe(2);
  vi.useRealTimers();
});

test("misses stand with their ratio to those before, and every chart has a table", () => {
  pane.update(view());
  expect(root.querySelector(".tv-misses")!.textContent).toContain("÷2.00");
  expect(root.querySelector(".tv-against")!.textContent).toContain("2 times fewer");
  expect(root.querySelectorAll(".tv-bar-elements").length).toBe(2);
  click("Table");
  expect(root.querySelector("canvas, svg")).toBeNull();
  const captions = [...root.querySelectorAll("caption")].map((node) => node.textContent);
  expect(captions).toEqual(["Last touched, in statements ago", "Misses by buffer", "Accesses by reuse distance"]);
  expect(root.querySelector(".tv-maps tbody")!.textContent).toBe("A43045[1, 1]");
  click("Table");
  expect(root.querySelectorAll("canvas").length).toBe(1);
});

test("sizes of caches are sent as typed, and brought back", () => {
  pane.update(view());
  const fields = [...root.querySelectorAll<HTMLInputElement>(".tv-cache-fields input")];
  expect(fields.map((field) => field.value)).toEqual(["64 B", "2 KB", "4 KB"]);
  fields[1]!.value = "8 KB";
  fields[1]!.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  expect(host.last).toEqual({ intent: "locality_caches", line: "64 B", l1: "8 KB", l2: "4 KB" });
  click("Scaled");
  expect(host.last).toEqual({ intent: "locality_caches", line: "", l1: "", l2: "" });
});

test("cells are read from the keyboard", () => {
  pane.update(view());
  const canvas = root.querySelector("canvas")!;
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true, cancelable: true }));
  expect(root.querySelector(".tv-said")!.textContent).toBe("A, row 1, column 1: touched now");
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true, cancelable: true }));
  expect(root.querySelector(".tv-said")!.textContent).toBe("A, row 0, column 0: last touched 5 statements ago");
});

test("values in words and as colour", () => {
  expect(cellWords({ ...MAP, cell_rows: 4 }, 2, "times", 9)).toBe("A, row 4…7, column 0: not touched yet");
  expect(cellWords(MAP, 0, "times", 9)).toBe("A, row 0, column 0: touched 4 times");
  expect(cellWords(MAP, 1, "distance", 9)).toBe("A, row 0, column 1: 5 other elements between its last two uses");
  expect(depth(9, "last", 9, 9)).toBe(1);
  expect(depth(-1, "times", 9, 9)).toBe(0);
  expect(depth(3, "times", 9, 9)).toBeLessThan(depth(4, "times", 9, 9));
  expect([bytes(2048), bytes(100), bytes(1 << 20), bytes(1536)]).toEqual(["2 KB", "100 B", "1 MB", "1.5 KB"]);
  expect([ratio(1, 4), ratio(4, 4), ratio(3, 0), ratio(1, -1)]).toEqual(["÷4.00", "=", "+3", "new"]);
});

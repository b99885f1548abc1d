import { beforeEach, expect, test } from "vitest";
import type { AccessView, GpuView, KernelView, MappingView } from "../schema.js";
import { RecordingHost } from "../double.js";
import { extents, figureWords } from "../kernel_tables.js";
import { position, threadWords } from "../thread_canvas.js";
import { Gpu } from "./gpu.js";

const MAP: MappingView = {
  access: 1,
  buffer: "B",
  facts: "float32 4×4",
  grid: [2, 1, 1],
  block: [0, 0, 0],
  moment: 3,
  moments: 8,
  loops: [{ name: "k", value: 3, extent: 8 }],
  rows: [0, 1],
  columns: [0, 1],
  threads: [0, 1, 32, -1],
  counts: [1, 1, 3, 0],
  all_rows: 4,
  all_columns: 4,
  boxes: [
    [0, 0, 4, 2],
    [0, 2, 4, 2],
  ],
  box: [0, 0, 4, 2],
  words: "3 threads load 3 elements.",
};
const KERNEL: KernelView = {
  line: 2,
  at: { block: "C", loop: "yo" },
  grid: [2, 1, 1],
  threads: [2, 32, 1],
  virtual: 1,
  warps: 2,
  shared_bytes: 4096,
  registers: 24,
  registers_words: "told from its sums",
  words: "8 blocks, 64 of 64 warps (100%).",
  occupancy: [
    { threads: 32, blocks: 32, warps: 32, share: 0.5, limiting: "blocks", is_own: false },
    { threads: 64, blocks: 32, warps: 64, share: 1, limiting: "threads", is_own: true },
  ],
};
const access = (number: number, more: Partial<AccessView> = {}): AccessView => ({
  number,
  kernel: 0,
  name: "load A",
  memory: "global",
  block: "C",
  line: 7,
  at: { block: "C", loop: "xi" },
  figure: 32,
  least: 4,
  share: 0.125,
  step: "+64",
  width: 1,
  words: "A request of a warp touches 32 sectors of 32 bytes, where 4 would do.",
  ...more,
});
const machine = { gpu: "H100", multiprocessors: 132, shared_kb: 228, registers_k: 64 };
const view = (more: Partial<GpuView> = {}): GpuView => ({
  status: "ready",
  reason: "",
  is_stale: false,
  gpus: ["H100", "T4"],
  machine,
  this_machine: machine,
  target: "cuda",
  targets: [
    { name: "cpu", title: "Processor", problem: "" },
    { name: "cuda", title: "CUDA", problem: "No driver is installed; install one." },
  ],
  target_told: "",
  kernels: [KERNEL],
  accesses: [access(0), access(1, { name: "load B", memory: "shared", figure: 1, least: 1, share: 1, step: "+1" })],
  mapping: MAP,
  barriers: [],
  states: [{ label: "shown", here_s: 1e-3, there_s: 1e-3, rank: 1, bound: "L1", is_current: true }],
  told: "",
  refusal: null,
  ...more,
});

let root: HTMLElement;
let host: RecordingHost;
let pane: Gpu;

beforeEach(() => {
  HTMLCanvasElement.prototype.getContext = () => null;
  root = document.createElement("section");
  document.body.replaceChildren(root);
  host = new RecordingHost();
  pane = new Gpu(root, host);
});

const named = (label: string) => [...root.querySelectorAll<HTMLElement>("button")].find((b) => b.textContent === label || b.getAttribute("aria-label") === label)!;

test("looked at for the first time it looks into the program, and once", () => {
  pane.update(view({ status: "idle", kernels: [], accesses: [], mapping: null }));
  pane.update(view({ status: "working", kernels: [], accesses: [], mapping: null }));
  expect(host.asked).toEqual([{ intent: "gpu" }]);
  expect(named("Choose a loop to bind").hidden).toBe(true);
});

test("without a bound loop one sentence says so and what to do", () => {
  pane.update(view({ kernels: [], accesses: [], mapping: null, told: "block C is bound to nothing" }));
  expect(root.querySelector(".tv-empty")!.textContent).toMatch(/^No loop is bound .* bind it\.$/);
  expect(named("Choose a loop to bind").hidden).toBe(false);
  expect(root.querySelector<HTMLElement>(".tv-gpu-body")!.hidden).toBe(true);
});

test("accesses tell what they cost, show their threads, and lead to their lines", () => {
  pane.update(view());
  const rows = [...root.querySelectorAll(".tv-accesses tbody tr")];
  expect(rows.map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
    ["load A", "7", "global", "32 of 4", "▼ 13 %", "+64", "1"],
    ["load B", "7", "shared", "no conflict", "100 %", "+1", "1"],
  ]);
  expect(named("load B").getAttribute("aria-pressed")).toBe("true");
  named("load A").click();
  expect(host.last).toEqual({ intent: "gpu_at", access: 0 });
  let lit = 0;
  document.addEventListener("tvmlab-link", (event) => (lit = (event as CustomEvent<{ origin: number }>).detail.origin));
  named("7").click();
  expect(lit).toBe(7);
  named("The kernel").click();
  expect(host.last).toEqual({ intent: "select", block: "C", loop: "yo" });
});

test("blocks and loops go on and back by buttons, iterations by the slider", () => {
  pane.update(view());
  named("Next block.x").click();
  expect(host.last).toEqual({ intent: "gpu_at", block: [1, 0, 0] });
  named("Previous block.x").click();
  expect(host.asked.length).toBe(1);
  named("Previous k").click();
  expect(host.last).toEqual({ intent: "gpu_at", loop: "k", by: -1 });
  const slider = root.querySelector<HTMLInputElement>(".tv-scrubber")!;
  for (const moment of ["4", "5", "6"]) {
    slider.value = moment;
    slider.dispatchEvent(new Event("input"));
  }
  expect(host.last).toEqual({ intent: "gpu_at", moment: 4 });
  pane.update(view({ mapping: { ...MAP, moment: 4 } }));
  expect(host.last).toEqual({ intent: "gpu_at", moment: 6 });
});

test("cells are read from the keyboard, and the picture has a table", () => {
  pane.update(view());
  const canvas = root.querySelector("canvas")!;
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
  expect(root.querySelector(".tv-said")!.textContent).toBe("B, row 1, column 1: no thread");
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
  expect(root.querySelector(".tv-said")!.textContent).toBe("B, row 1, column 0: thread 32 (0, 16, 0), warp 1, and 2 others");
  named("Table").click();
  expect(root.querySelector("canvas")).toBeNull();
  expect(root.querySelectorAll(".tv-thread-table tbody tr").length).toBe(3);
  named("Table").click();
  expect(root.querySelectorAll(".tv-overview .tv-block").length).toBe(2);
});

test("another GPU is asked for as a whole, and sliders go back", () => {
  pane.update(view());
  const gpu = root.querySelector<HTMLSelectElement>("[aria-label=GPU]")!;
  gpu.value = "T4";
  gpu.dispatchEvent(new Event("change"));
  expect(host.last).toEqual({ intent: "gpu", machine: { gpu: "T4" } });
  const slider = root.querySelector<HTMLInputElement>('input[name="shared_kb"]')!;
  slider.value = "0";
  slider.dispatchEvent(new Event("change"));
  expect(host.last).toEqual({ intent: "gpu", machine: { ...machine, shared_kb: 32 } });
  pane.update(view({ machine: { ...machine, shared_kb: 32 } }));
  expect(root.querySelector("[role=status]")!.textContent).toContain("shared 32 KB");
  named("As it is").click();
  expect(host.last).toEqual({ intent: "gpu", machine: { gpu: "H100" } });
});

test("another target is asked for, and one that cannot run here says so", () => {
  pane.update(view({ target_told: "It cannot run here: No driver is installed; install one." }));
  const targets = root.querySelector<HTMLSelectElement>("[aria-label=Target]")!;
  expect([targets.value, ...[...targets.options].map((option) => option.text)]).toEqual(["cuda", "Processor", "CUDA (read only)"]);
  expect(root.querySelector(".tv-target-said")!.textContent).toContain("No driver is installed");
  targets.value = "cpu";
  targets.dispatchEvent(new Event("change"));
  expect(host.last).toEqual({ intent: "target", name: "cpu" });
});

test("words of figures, threads and extents", () => {
  const kinds = [{}, { figure: 4 }, { figure: 0 }, { memory: "shared", figure: 8 }, { memory: "registers" }] as Partial<AccessView>[];
  expect(kinds.map((more) => figureWords(access(0, more)))).toEqual(["32 of 4", "4", "not known", "8-way", "–"]);
  expect(position(70, [16, 4, 2])).toEqual([6, 0, 1]);
  expect(threadWords(MAP, 0, [2, 32, 1])).toBe("B, row 0, column 0: thread 0 (0, 0, 0), warp 0");
  expect([extents([32, 8, 1]), extents([4, 1, 1]), extents([1, 1, 2])]).toEqual(["32 × 8", "4", "1 × 1 × 2"]);
});

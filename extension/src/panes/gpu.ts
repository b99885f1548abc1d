// How the kernels of a program lie on a GPU: which thread touches which element, what each access
// costs, what fits a multiprocessor, and how other GPUs would run it.

import type { GpuMachineView, GpuView, KernelView, LoopValue, MappingView } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { accessTable, extents, occupancyTable } from "../kernel_tables.js";
import { Links } from "../links.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import { svg } from "../svg.js";
import { sayTo, ThreadCanvas, threadTable } from "../thread_canvas.js";
import { WhatIf, type Slider } from "../what_if.js";
import "../figures_table.css";
import "../scrubber.css";
import "./gpu.css";

const SLIDERS: Slider<GpuMachineView>[] = [
  { name: "multiprocessors", label: "Processors", values: [20, 40, 80, 108, 132, 160, 264], words: String },
  { name: "shared_kb", label: "Shared", values: [32, 64, 100, 164, 228, 456], words: (v) => `${v} KB` },
  { name: "registers_k", label: "Registers", values: [16, 32, 64, 128], words: (v) => `${v} K` },
];
const AXES = ["x", "y", "z"];
const LEAST_HEIGHT = 96;
const OVERVIEW = 88;

export class Gpu implements Drawn<GpuView> {
  private readonly status = el("span", { class: "tv-dim tv-grow tv-ellipsis", role: "status" });
  private readonly gpus = el("select", { class: "tv-input", "aria-label": "GPU", onchange: () => this.ask({ gpu: this.gpus.value }) });
  private readonly targets = el("select", {
    class: "tv-input",
    "aria-label": "Target",
    onchange: () => this.host.ask({ intent: "target", name: this.targets.value }),
  });
  private readonly targetSaid = el("p", { class: "tv-target-said tv-dim", role: "status" });
  private readonly reset: HTMLButtonElement;
  private readonly twin: HTMLButtonElement;
  private readonly refusal = refusalBox();
  private readonly message = el("p", { class: "tv-empty" });
  private readonly offer: HTMLButtonElement;
  private readonly empty: HTMLElement;
  private readonly body = el("div", { class: "tv-gpu-body" });
  private readonly canvas: ThreadCanvas;
  private readonly board = el("div", { class: "tv-board" });
  private readonly overview = el("figure", { class: "tv-overview" });
  private readonly slider: HTMLInputElement;
  private readonly clock = el("output", { class: "tv-num tv-dim tv-clock" });
  private readonly scrub: HTMLElement;
  private readonly steps = el("div", { class: "tv-loop-values", role: "group", "aria-label": "Block and loops at this moment" });
  private readonly said = el("div", { class: "tv-said tv-dim tv-ellipsis", role: "status" });
  private readonly accesses = el("div");
  private readonly kernels = el("div");
  private readonly told = el("p", { class: "tv-dim" });
  private readonly whatIf = new WhatIf<GpuMachineView>(SLIDERS, (machine) => this.ask(machine), ["As it is", "Changed"]);
  private readonly links: Links;
  private readonly sized: ResizeObserver | null;
  private readonly themes: MutationObserver;
  private state: GpuView | null = null;
  private isTable = false;
  private isAsked = false;
  private wanted: number | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly host: Host,
  ) {
    this.reset = button("As it is", () => this.ask({ gpu: this.state!.machine.gpu }), { title: "Put the sliders back to the GPU as it is" });
    this.twin = button("Table", () => this.toggleTable(), { class: "tv-toggle", title: "Show the picture as a table" });
    this.twin.setAttribute("aria-pressed", "false");
    this.offer = button("Choose a loop to bind", () => this.chooseLoop(), { class: "tv-primary", title: "Select the outermost loop: bind is among its moves" });
    this.empty = el("div", { class: "tv-gpu-empty" }, this.message, this.offer);
    this.canvas = new ThreadCanvas(sayTo(this.said, () => this.state?.mapping?.words ?? ""));
    this.slider = el("input", {
      type: "range",
      class: "tv-scrubber",
      min: 0,
      "aria-label": "Iteration of the loops of a thread: arrow keys go one on or back",
      oninput: () => this.goTo(Number(this.slider.value)),
    });
    this.scrub = el("div", { class: "tv-scrub" }, this.slider, this.clock);
    this.build();
    this.links = new Links(root, () => undefined);
    this.sized = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => this.onSize());
    this.sized?.observe(root);
    this.themes = new MutationObserver(() => this.canvas.draw());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"] });
  }

  update(state: GpuView): void {
    this.state = state;
    this.isAsked = false;
    const isWorking = state.status === "working";
    const hasKernels = state.kernels.length > 0;
    setText(this.status, statusWords(state, this.whatIf));
    this.status.title = this.status.textContent!;
    if (this.gpus.childElementCount !== state.gpus.length) fill(this.gpus, ...state.gpus.map((name) => el("option", { value: name }, name)));
    this.gpus.value = state.machine.gpu;
    this.drawTargets(state);
    this.reset.hidden = !this.whatIf.isOther(state.machine, state.this_machine);
    this.twin.hidden = !state.mapping;
    showRefusal(this.refusal, state.refusal);
    this.empty.hidden = hasKernels && state.status !== "failed";
    this.body.hidden = !this.empty.hidden;
    setText(this.message, emptyWords(state));
    this.offer.hidden = state.status !== "ready";
    this.body.classList.toggle("tv-stale", state.is_stale || isWorking);
    if (!this.body.hidden) this.draw(state, isWorking);
    this.lookIfSeen();
    this.goOn();
  }

  dispose(): void {
    this.sized?.disconnect();
    this.themes.disconnect();
    this.links.dispose();
  }

  private build(): void {
    const picture = el("div", { class: "tv-mapping" }, this.board, this.scrub, el("div", { class: "tv-at" }, this.steps, this.said));
    const figures = el(
      "div",
      { class: "tv-gpu-figures", tabindex: 0, role: "group", "aria-label": "Accesses and occupancy" },
      el("div", {}, this.accesses, this.kernels),
      el("div", {}, el("h4", {}, "What if the GPU were another"), this.whatIf.sliders, this.told, this.whatIf.ranking),
    );
    this.body.append(picture, figures);
    const named = (words: string, choice: HTMLElement) => el("label", { class: "tv-gpu-choice tv-dim" }, words, choice);
    const choices = [named("Code for", this.targets), named("judged on", this.gpus)];
    this.root.append(el("header", { class: "tv-bar" }, this.status, this.reset, ...choices, this.twin), this.refusal, this.targetSaid, this.empty, this.body);
  }

  /** What code is made for; a target that cannot run here says why in its title. */
  private drawTargets(state: GpuView): void {
    const options = state.targets.map(({ name, title, problem }) => {
      return el("option", { value: name, title: problem }, problem ? `${title} (read only)` : title);
    });
    fill(this.targets, ...options);
    this.targets.hidden = options.length === 0;
    this.targets.value = state.target;
    this.targets.title = state.targets.find(({ name }) => name === state.target)?.problem || "What code is made for, and what measures and tunes";
    setText(this.targetSaid, state.target_told);
    this.targetSaid.hidden = !state.target_told;
  }

  private draw(state: GpuView, isWorking: boolean): void {
    const focus = (document.activeElement as HTMLElement | null)?.dataset["focus"];
    this.drawPicture(state);
    const point = (line: number, isChosen: boolean) => this.links.point(line, isChosen);
    fill(this.accesses, accessTable(state.accesses, state.mapping?.access ?? -1, (access) => this.askFor({ access }), point));
    fill(this.kernels, ...state.kernels.map((kernel, n) => this.kernel(kernel, n, state)));
    setText(this.told, state.told);
    this.told.hidden = !state.told;
    this.whatIf.update(state.machine, state.states, isWorking);
    const again = focus && [...this.root.querySelectorAll<HTMLElement>("[data-focus]")].find((node) => node.dataset["focus"] === focus);
    if (again && !this.root.contains(document.activeElement)) again.focus();
  }

  private kernel(kernel: KernelView, n: number, state: GpuView): HTMLElement {
    const name = state.kernels.length > 1 ? `Kernel ${n + 1}` : "The kernel";
    const virtual = kernel.virtual > 1 ? `, ${kernel.virtual} virtual threads each` : "";
    const facts = `${extents(kernel.grid)} blocks of ${extents(kernel.threads)} threads (${kernel.warps} warp${kernel.warps > 1 ? "s" : ""})${virtual}, ${kernel.shared_bytes.toLocaleString("en")} bytes of shared memory, ${kernel.registers} registers a thread (${kernel.registers_words})`;
    const title = button(name, () => this.select(kernel), { class: "tv-link", title: `Line ${kernel.line} of the program` });
    const barriers = state.barriers.map((barrier) => {
      const line = button(`Line ${barrier.line}`, () => this.links.point(barrier.line, true), { class: "tv-link" });
      return el("li", {}, line, ` ${barrier.words}`);
    });
    return el(
      "section",
      { class: "tv-kernel" },
      el("p", {}, title, `: ${facts}.`),
      el("p", {}, kernel.words),
      n === 0 && barriers.length > 0 && el("ul", { class: "tv-barriers", "aria-label": "Barriers" }, ...barriers),
      occupancyTable(kernel),
    );
  }

  private drawPicture(state: GpuView): void {
    const map = state.mapping;
    this.scrub.hidden = !map || map.moments < 2;
    if (!map) {
      fill(this.board, el("p", { class: "tv-empty" }, "No access of these kernels can be drawn."));
      fill(this.steps);
      setText(this.said, "");
      return;
    }
    const threads = this.threads(state);
    if (this.isTable) fill(this.board, threadTable(map, threads));
    else {
      if (this.canvas.node.parentElement !== this.board) fill(this.board, this.canvas.node, this.overview);
      const height = Math.max(LEAST_HEIGHT, this.board.clientHeight - 16);
      this.canvas.update(map, threads, Math.max(64, this.board.clientWidth - OVERVIEW - 48), height);
      fill(this.overview, overview(map), el("figcaption", { class: "tv-dim" }, el("b", {}, map.buffer), ` ${map.facts}`));
    }
    this.slider.max = String(map.moments - 1);
    if (this.wanted === null) this.slider.value = String(map.moment);
    this.slider.setAttribute("aria-valuetext", `iteration ${map.moment + 1} of ${map.moments}: ${map.words}`);
    setText(this.clock, `${(map.moment + 1).toLocaleString("en")} of ${map.moments.toLocaleString("en")}`);
    this.drawSteps(map);
    if (document.activeElement !== this.canvas.node) setText(this.said, map.words);
    this.said.title = map.words;
  }

  private threads(state: GpuView): number[] {
    const access = state.accesses.find(({ number }) => number === state.mapping?.access);
    return state.kernels[access?.kernel ?? 0]?.threads ?? [1, 1, 1];
  }

  /** The block shown and the loops of its threads, each with buttons that go one on and back. */
  private drawSteps(map: MappingView): void {
    const blocks: LoopValue[] = AXES.map((axis, n) => ({ name: `block.${axis}`, value: map.block[n]!, extent: map.grid[n]! }));
    const block = (n: number, by: number) => () => this.askFor({ block: map.block.map((at, m) => (m === n ? at + by : at)) });
    const loop = (name: string, by: number) => () => this.askFor({ loop: name, by });
    fill(
      this.steps,
      ...blocks.map((at, n) => (at.extent > 1 ? stepper(at, block(n, -1), block(n, 1)) : false)),
      ...map.loops.map((at) => stepper(at, loop(at.name, -1), loop(at.name, 1))),
    );
  }

  private toggleTable(): void {
    this.isTable = !this.isTable;
    this.twin.setAttribute("aria-pressed", String(this.isTable));
    if (this.state && !this.body.hidden) this.drawPicture(this.state);
  }

  private select(kernel: KernelView): void {
    this.links.point(kernel.line, true);
    if (kernel.at) this.host.ask({ intent: "select", ...kernel.at });
  }

  /** Selects the outermost loop of the program, where the moves offer to bind it. */
  private chooseLoop(): void {
    this.root.closest(".tvmlab-lab")?.querySelector<HTMLElement>(".tv-program .tv-loop")?.click();
  }

  private ask(machine?: object): void {
    this.isAsked = true;
    this.host.ask(machine === undefined ? { intent: "gpu" } : { intent: "gpu", machine });
  }

  /** Looks into the program by itself where the pane is seen and what it has is not of it. */
  private lookIfSeen(): void {
    const { state } = this;
    if (!state || this.isAsked || state.status === "working") return;
    const isSeen = this.sized === null || this.root.clientHeight > 0;
    if (isSeen && (state.is_stale || state.status === "idle")) this.ask();
  }

  private onSize(): void {
    if (this.state && this.root.clientHeight > 0 && !this.body.hidden) this.drawPicture(this.state);
    this.lookIfSeen();
  }

  /** Asks for a moment; while an answer is awaited only the last wish counts. */
  private goTo(moment: number): void {
    const isWaiting = this.wanted !== null;
    this.wanted = moment;
    if (!isWaiting) this.host.ask({ intent: "gpu_at", moment });
  }

  private askFor(what: object): void {
    this.wanted = null;
    this.host.ask({ intent: "gpu_at", ...what });
  }

  private goOn(): void {
    const moment = this.state?.mapping?.moment;
    if (this.wanted !== null && moment !== undefined && this.wanted !== moment) this.host.ask({ intent: "gpu_at", moment: this.wanted });
    else this.wanted = null;
  }
}

function stepper({ name, value, extent }: LoopValue, back: () => void, on: () => void): HTMLElement {
  const step = (by: number, go: () => void) => {
    const title = `${by > 0 ? "Next" : "Previous"} ${name}`;
    const isAtEnd = by > 0 ? value + 1 >= extent : value === 0;
    const node = button(by > 0 ? "+" : "−", () => !isAtEnd && go(), { class: "tv-step-loop", title });
    node.setAttribute("aria-label", title);
    node.setAttribute("aria-disabled", String(isAtEnd));
    node.dataset["focus"] = `${name} ${by}`;
    return node;
  };
  const words = el("span", { class: "tv-mono", title: `${name} is ${value} of 0 to ${extent - 1}` }, `${name} = ${value}`);
  return el("span", { class: "tv-loop-value" }, step(-1, back), words, step(1, on));
}

/** The whole buffer: what each block touches outlined, the chosen one filled, what is shown framed. */
function overview(map: MappingView): SVGSVGElement {
  const scale = OVERVIEW / Math.max(map.all_rows, map.all_columns, 1);
  const [wide, high] = [map.all_columns, map.all_rows].map((n) => Math.max(4, n * scale)) as [number, number];
  const rectangle = ([row = 0, column = 0, rows = 0, columns = 0]: number[], kind: string) =>
    svg("rect", {
      class: kind,
      x: (column / map.all_columns) * wide,
      y: (row / map.all_rows) * high,
      width: Math.max(1, (columns / map.all_columns) * wide),
      height: Math.max(1, (rows / map.all_rows) * high),
    });
  const words = `Block ${map.block.join(", ")} touches rows ${map.box[0]} to ${map.box[0]! + map.box[2]! - 1}, columns ${map.box[1]} to ${map.box[1]! + map.box[3]! - 1} of ${map.buffer} in all`;
  const [rows, columns] = [map.rows, map.columns];
  const now = rows.length ? [rows[0]!, columns[0]!, rows.at(-1)! - rows[0]! + 1, columns.at(-1)! - columns[0]! + 1] : [];
  return svg(
    "svg",
    { viewBox: `-1 -1 ${wide + 2} ${high + 2}`, width: wide + 2, height: high + 2, role: "img", "aria-label": words },
    svg("title", {}, words),
    svg("rect", { class: "tv-whole", x: 0, y: 0, width: wide, height: high }),
    ...map.boxes.map((box) => rectangle(box, "tv-block")),
    rectangle(map.box, "tv-block-chosen"),
    now.length > 0 && rectangle(now, "tv-block-now"),
  );
}

function statusWords(state: GpuView, whatIf: WhatIf<GpuMachineView>): string {
  if (state.status === "working") return "Looking into the kernels…";
  if (!state.kernels.length) return "";
  const count = `${state.kernels.length} kernel${state.kernels.length > 1 ? "s" : ""}, ${state.accesses.length} accesses`;
  const other = whatIf.isOther(state.machine, state.this_machine) ? `; on ${whatIf.words(state.machine)}` : "";
  return `${state.is_stale ? "Of an earlier state: " : ""}${count}; counted from the program, times are told, not measured${other}`;
}

function emptyWords(state: GpuView): string {
  if (state.status === "failed") return state.reason;
  if (state.status !== "ready") return "Looking into the kernels…";
  return "No loop is bound to blocks or threads, so nothing of this program runs on a GPU: choose a loop and bind it.";
}

export default pane<GpuView>("gpu", (root, host) => new Gpu(root, host));

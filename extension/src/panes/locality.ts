// Which elements each buffer is touched at, moment by moment, how far apart its uses are, and what
// caches would have missed: a serial run at toy sizes, followed access by access in the kernel.

import type { LocalityView, LoopValue } from "../schema.js";
import { distanceChart, distanceTable } from "../distance_chart.js";
import { button, el, fill, setText } from "../dom.js";
import { HeatCanvas } from "../heat_map.js";
import { bytes, mapTable, MEASURES, missTable } from "../locality_tables.js";
import { pane, type Drawn, type Host } from "../pane.js";
import "../figures_table.css";
import "../scrubber.css";
import "./locality.css";

/** Frames of a whole run, and milliseconds between two. */
const FRAMES = 160;
const FRAME_MS = 60;
const MAP_WIDTH = 64;
/** Pixels beside a map for its name, and around it. */
const CAPTION = 92;
const LEAST_MAP_HEIGHT = 96;

export class Locality implements Drawn<LocalityView> {
  private readonly measures: HTMLButtonElement[];
  private readonly sizes = el("span", { class: "tv-dim tv-grow tv-ellipsis", role: "status" });
  private readonly twin: HTMLButtonElement;
  private readonly refresh: HTMLButtonElement;
  private readonly message = el("p", { class: "tv-empty" });
  private readonly body = el("div", { class: "tv-locality-body" });
  private readonly maps = el("div", { class: "tv-maps", role: "group", "aria-label": "Buffers" });
  private readonly play: HTMLButtonElement;
  private readonly slider: HTMLInputElement;
  private readonly clock = el("output", { class: "tv-num tv-dim tv-clock" });
  private readonly loops = el("div", { class: "tv-loop-values", role: "group", "aria-label": "Loops at this moment" });
  private readonly said = el("div", { class: "tv-said tv-dim tv-ellipsis", role: "status" });
  private readonly figures = el("div", { class: "tv-figures", tabindex: 0, role: "group", "aria-label": "Caches" });
  private readonly chart = el("div", { class: "tv-chart-box" });
  private readonly missBox = el("div");
  private readonly verdict = el("p", { class: "tv-against", role: "status" });
  private readonly fields: Record<"line" | "l1" | "l2", HTMLInputElement>;
  private readonly origin = el("p", { class: "tv-dim tv-origin" });
  private readonly canvases: HeatCanvas[] = [];
  private readonly sized: ResizeObserver | null;
  private readonly themes: MutationObserver;
  private state: LocalityView | null = null;
  private isTable = false;
  private isPlaying = false;
  private timer = 0;
  private wanted: number | null = null;
  private isAsked = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly host: Host,
  ) {
    this.measures = MEASURES.map(([measure, label, title]) =>
      button(label, () => host.ask({ intent: "locality_show", measure }), { class: "tv-toggle", title }),
    );
    this.twin = button("Table", () => this.toggleTable(), { class: "tv-toggle", title: "Show the charts as tables" });
    this.twin.setAttribute("aria-pressed", "false");
    this.refresh = button("Follow", () => this.follow(), { class: "tv-primary", title: "Follow the accesses of the program shown" });
    this.play = button("Play", () => this.togglePlay(), { title: "Run through the program's statements (Space)" });
    this.slider = el("input", {
      type: "range",
      class: "tv-scrubber",
      min: 0,
      "aria-label": "Statement: arrow keys go one on or back",
      oninput: () => this.goTo(Number(this.slider.value)),
    });
    const field = (label: string) =>
      el("input", { class: "tv-input", type: "text", "aria-label": label, onkeydown: (event) => this.onFieldKey(event as KeyboardEvent) });
    this.fields = { line: field("Bytes of a cache line"), l1: field("Size of the L1 cache"), l2: field("Size of the L2 cache") };
    root.append(this.header(), this.message, this.build());
    root.addEventListener("keydown", (event) => this.onKey(event));
    this.sized = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => this.onSize());
    this.sized?.observe(root);
    this.themes = new MutationObserver(() => this.canvases.forEach((canvas) => canvas.draw()));
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"] });
  }

  update(state: LocalityView): void {
    const isNew = this.state?.sizes !== state.sizes || this.state?.maps.length !== state.maps.length;
    this.state = state;
    this.isAsked = false;
    const isWorking = state.status === "working";
    const hasRun = state.moments > 0;
    this.measures.forEach((node, n) => {
      node.setAttribute("aria-pressed", String(MEASURES[n]![0] === state.measure));
      node.disabled = !hasRun;
    });
    setText(this.sizes, state.is_stale && hasRun ? `Of an earlier state: ${state.sizes}` : state.sizes);
    this.sizes.title = state.sizes;
    this.refresh.hidden = !(state.is_stale || isWorking || !hasRun);
    this.refresh.disabled = isWorking;
    setText(this.refresh, isWorking ? "Following…" : "Follow");
    setText(this.message, words(state));
    this.message.hidden = hasRun && state.status !== "failed";
    this.body.hidden = !this.message.hidden;
    this.body.classList.toggle("tv-stale", state.is_stale || isWorking);
    if (!this.body.hidden) this.draw(isNew);
    this.followIfSeen();
    this.goOn();
  }

  dispose(): void {
    window.clearTimeout(this.timer);
    this.sized?.disconnect();
    this.themes.disconnect();
  }

  private header(): HTMLElement {
    const group = el("div", { class: "tv-tabs", role: "group", "aria-label": "What the maps show" }, ...this.measures);
    return el("header", { class: "tv-bar" }, group, this.sizes, this.refresh, this.twin);
  }

  private build(): HTMLElement {
    const { line, l1, l2 } = this.fields;
    const use = button("Use", () => this.takeCaches(line.value, l1.value, l2.value), { title: "Simulate caches of these sizes" });
    const own = button("Scaled", () => this.takeCaches("", "", ""), { title: "Back to this machine's sizes, scaled to the toy" });
    const labels = [el("label", {}, "Line", line), el("label", {}, "L1", l1), el("label", {}, "L2", l2)];
    const caches = el("div", { class: "tv-cache-fields" }, ...labels, use, own);
    this.figures.append(el("div", {}, this.verdict, this.missBox, caches, this.origin), this.chart);
    const scrub = el("div", { class: "tv-scrub" }, this.play, this.slider, this.clock);
    const at = el("div", { class: "tv-at" }, this.loops, this.said);
    this.body.append(el("div", { class: "tv-time" }, this.maps, scrub, at), this.figures);
    return this.body;
  }

  private draw(isNew: boolean): void {
    const state = this.state!;
    this.drawMaps(state);
    this.slider.max = String(state.moments - 1);
    if (this.wanted === null || isNew) this.slider.value = String(state.moment);
    this.slider.setAttribute("aria-valuetext", `statement ${state.moment + 1} of ${state.moments}: ${state.touches}`);
    setText(this.clock, `${(state.moment + 1).toLocaleString("en")} of ${state.moments.toLocaleString("en")}`);
    this.clock.title = "Statements run so far, of the whole run";
    this.drawLoops(state);
    setText(this.said, state.touches);
    this.said.title = state.touches;
    setText(this.verdict, state.verdict);
    this.verdict.hidden = !state.verdict;
    fill(this.missBox, missTable(state));
    fill(this.chart, this.isTable ? distanceTable(state) : distanceChart(state));
    setText(this.origin, state.is_own ? `Caches as given, ${state.ways} ways.` : `${state.ways} ways; ${state.machine}.`);
    this.fillFields(state);
  }

  private drawMaps(state: LocalityView): void {
    if (this.isTable) {
      fill(this.maps, mapTable(state));
      return;
    }
    while (this.canvases.length < state.maps.length) {
      this.canvases.push(new HeatCanvas((said) => setText(this.said, said || (this.state?.touches ?? ""))));
    }
    const nodes = this.canvases.slice(0, state.maps.length).map((canvas) => canvas.node);
    if (this.maps.childElementCount !== nodes.length || this.maps.firstChild !== nodes[0]) fill(this.maps, ...nodes);
    const height = Math.max(LEAST_MAP_HEIGHT, this.maps.clientHeight - 12);
    const room = Math.max(MAP_WIDTH, Math.floor(this.maps.clientWidth / Math.max(1, state.maps.length)) - CAPTION);
    state.maps.forEach((map, n) => this.canvases[n]!.update(map, state.measure, state.moment, room, height));
  }

  /** The loops as they stand; the buttons beside each go to its next and last iteration. */
  private drawLoops(state: LocalityView): void {
    const focus = (document.activeElement as HTMLElement | null)?.dataset["focus"];
    const step = (loop: LoopValue, by: number) => {
      const isAtEnd = by > 0 ? loop.value + 1 >= loop.extent : loop.value === 0;
      const title = `${by > 0 ? "Next" : "Previous"} iteration of ${loop.name}`;
      const node = button(by > 0 ? "+" : "−", () => this.askFor({ loop: loop.name, by }), { class: "tv-step-loop", title });
      node.setAttribute("aria-label", title);
      node.setAttribute("aria-disabled", String(isAtEnd));
      node.dataset["focus"] = `${loop.name} ${by}`;
      return node;
    };
    fill(
      this.loops,
      el("b", {}, state.block),
      ...state.loops.map((loop) =>
        el(
          "span",
          { class: "tv-loop-value" },
          step(loop, -1),
          el("span", { class: "tv-mono", title: `${loop.name} is ${loop.value} of 0 to ${loop.extent - 1}` }, `${loop.name} = ${loop.value}`),
          step(loop, 1),
        ),
      ),
    );
    const again = [...this.loops.querySelectorAll("button")].find((node) => node.dataset["focus"] === focus);
    if (focus) again?.focus();
  }

  private fillFields(state: LocalityView): void {
    const texts = { line: `${state.line_bytes} B`, l1: bytes(state.l1_bytes), l2: bytes(state.l2_bytes) };
    for (const key of ["line", "l1", "l2"] as const) {
      if (document.activeElement !== this.fields[key]) this.fields[key].value = texts[key];
    }
  }

  private onFieldKey(event: KeyboardEvent): void {
    event.stopPropagation();
    const { line, l1, l2 } = this.fields;
    if (event.key === "Enter") this.takeCaches(line.value, l1.value, l2.value);
  }

  private onKey(event: KeyboardEvent): void {
    const isButton = (event.target as Element).tagName === "BUTTON";
    if (event.key !== " " || isButton || this.body.hidden) return;
    this.togglePlay();
    event.preventDefault();
  }

  private takeCaches(line: string, l1: string, l2: string): void {
    this.host.ask({ intent: "locality_caches", line, l1, l2 });
  }

  private toggleTable(): void {
    this.isTable = !this.isTable;
    this.twin.setAttribute("aria-pressed", String(this.isTable));
    this.maps.replaceChildren();
    if (this.state && !this.body.hidden) this.draw(false);
  }

  private follow(): void {
    this.isAsked = true;
    this.host.ask({ intent: "locality" });
  }

  /** Follows the program by itself where the pane is looked at and what it has is not of it. */
  private followIfSeen(): void {
    const { state } = this;
    if (!state || this.isAsked || state.status === "working") return;
    const isSeen = this.sized === null || this.root.clientHeight > 0;
    if (isSeen && (state.is_stale || state.status === "idle")) this.follow();
  }

  private onSize(): void {
    if (this.state && this.root.clientHeight > 0 && !this.body.hidden) this.drawMaps(this.state);
    this.followIfSeen();
  }

  /** Asks for a moment; while an answer is awaited only the last wish counts. */
  private goTo(moment: number): void {
    const isWaiting = this.wanted !== null;
    this.wanted = moment;
    if (!isWaiting) this.host.ask({ intent: "locality_at", moment });
  }

  private askFor(what: { loop: string; by: number }): void {
    this.wanted = null;
    this.host.ask({ intent: "locality_at", ...what });
  }

  /** After an answer: the wish that came meanwhile, or the next frame. */
  private goOn(): void {
    const { state } = this;
    if (!state) return;
    if (this.wanted !== null && this.wanted !== state.moment) {
      this.host.ask({ intent: "locality_at", moment: this.wanted });
      return;
    }
    this.wanted = null;
    if (!this.isPlaying) return;
    window.clearTimeout(this.timer);
    if (state.moment + 1 >= state.moments || state.is_stale) this.stop();
    else this.timer = window.setTimeout(() => this.goTo(this.nextFrame()), FRAME_MS);
  }

  private nextFrame(): number {
    const { moment, moments } = this.state!;
    return Math.min(moments - 1, moment + Math.max(1, Math.round(moments / FRAMES)));
  }

  private togglePlay(): void {
    const { state } = this;
    if (!state || state.moments === 0) return;
    if (this.isPlaying) {
      this.stop();
      return;
    }
    const isStill = window.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
    const next = state.moment + 1 >= state.moments ? 0 : this.nextFrame();
    if (!isStill) {
      this.isPlaying = true;
      setText(this.play, "Pause");
    }
    this.goTo(next);
  }

  private stop(): void {
    this.isPlaying = false;
    window.clearTimeout(this.timer);
    setText(this.play, "Play");
  }
}

function words(state: LocalityView): string {
  if (state.status === "failed") return state.reason;
  if (state.status === "working") return "Following every access…";
  return "Nothing followed yet: press Follow to see what this program touches.";
}

export default pane<LocalityView>("locality", (root, host) => new Locality(root, host));

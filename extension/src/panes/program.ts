// The program as the lab's canvas: highlighted IR text, one loop header a line, the loops
// selectable by mouse and keyboard, and what the last step changed marked in the gutter.

import type { LineView, LoopRef, OverlayKind, OverlayMark, ProgramView } from "../schema.js";
import { Contributions } from "../contributions.js";
import { button, copyText, el, setText } from "../dom.js";
import { loopFigure } from "../loop_figure.js";
import { isSame, Links, type Link } from "../links.js";
import { loopUses, type Stretch } from "../loop_uses.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { Rows, type Row } from "../rows.js";
import { coloured, marked } from "../tokens.js";
import "../lab.css";
import "./program.css";

/** A drawn line: of the program, or one that the last step removed. */
interface CanvasLine {
  line: LineView | null;
  number: number;
  row: Row;
}

const OVERLAYS: [OverlayKind, string][] = [
  ["none", "No overlay"],
  ["cost", "Cost share"],
  ["bytes", "Bytes moved"],
  ["reuse", "Reuse distance"],
  ["model", "Cost model"],
];

let views = 0;

export class Program implements Drawn<ProgramView> {
  private readonly prefix = `tv-line-${++views}`;
  private readonly title = el("span", { class: "tv-title" });
  private readonly subtitle = el("span", { class: "tv-dim tv-ellipsis tv-grow" });
  private readonly summary = el("span", { class: "tv-summary", role: "status" });
  private readonly changes: HTMLButtonElement;
  private readonly compared: HTMLButtonElement;
  private readonly notice = el("div", { class: "tv-notice", role: "status", hidden: true });
  private readonly noticeText = el("span", { class: "tv-grow" });
  private readonly startOver: HTMLButtonElement;
  private readonly overlay: HTMLSelectElement;
  private readonly features: Contributions;
  private readonly drawer: HTMLElement;
  private readonly fold: HTMLButtonElement;
  private readonly rows: Rows;
  private readonly links: Links;
  private state: ProgramView | null = null;
  private canvas: CanvasLine[] = [];
  private marks = new Map<number, OverlayMark>();
  private uses = new Map<number, Stretch[]>();
  private showsGone = true;
  private active = -1;
  private activeNode: HTMLElement | undefined;
  private selected: LoopRef | null = null;
  private isUnfolded = true;
  private link: Link = { origin: 0, loops: [], step: 0, isChosen: false };

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    this.changes = button("Changes", () => this.toggleGone(), {
      title: "Show the lines that were removed",
      class: "tv-toggle",
    });
    this.changes.setAttribute("aria-pressed", "true");
    this.compared = button("Since pinned", () => this.toggleCompared(), {
      title: "Compare with the pinned state instead of the one before the last step",
      class: "tv-toggle",
    });
    const copy = button("Copy", () => copyText(this.text(), copy), { title: "Copy the program" });
    this.overlay = el(
      "select",
      {
        class: "tv-input tv-overlay",
        "aria-label": "Figures beside the loops",
        onchange: () => host.ask({ intent: "overlay", kind: this.overlay.value }),
      },
      ...OVERLAYS.map(([kind, label]) => el("option", { value: kind }, label)),
    );
    this.fold = button("Features", () => this.unfold(!this.isUnfolded), {
      title: "The features behind the figures, and what each adds",
      class: "tv-toggle",
    });
    this.features = new Contributions({
      point: (loops) => this.links.point(0, false, { loops }),
      select: (loop) => this.select(this.canvas.findIndex(({ line }) => isSame(line?.loop, loop))),
    });
    this.drawer = el("div", { class: "tv-drawer", hidden: true }, this.features.root);
    this.startOver = button("Start over", () => host.ask({ intent: "start_over" }));
    this.notice.append(this.noticeText, this.startOver);
    const scroller = el("div", {
      class: "tv-canvas",
      role: "listbox",
      tabindex: 0,
      "aria-label": "Program: arrow keys move between loops, Enter selects",
      onkeydown: (event) => this.onKey(event as KeyboardEvent),
      onclick: (event) => this.onClick(event),
      onmouseover: (event) => this.point(this.canvas[this.rows.indexAt(event)]?.line ?? null),
      onmouseleave: () => this.point(null),
    });
    root.append(
      el("header", { class: "tv-bar" }, this.title, this.subtitle, this.summary, this.changes, this.compared, this.fold, this.overlay, copy),
      this.notice,
      scroller,
      this.drawer,
    );
    this.rows = new Rows(scroller);
    this.links = new Links(root, (link) => this.showLink(link));
  }

  update(state: ProgramView): void {
    const before = this.state;
    this.state = state;
    this.selected = state.selection;
    setText(this.title, state.title);
    setText(this.subtitle, state.subtitle);
    this.subtitle.title = state.subtitle;
    setText(this.noticeText, state.notice);
    this.notice.hidden = !state.notice;
    this.startOver.hidden = !state.can_start_over;
    const added = state.lines.filter((line) => line.mark === "new").length;
    const changed = added + state.gone.length > 0;
    setText(this.summary, changed ? `+${added} −${state.gone.length}` : "");
    const since = state.compared === "pinned" ? "Since the pinned state" : "By the last step";
    this.summary.title = changed ? `${since}: ${added} lines new, ${state.gone.length} removed` : "";
    this.compared.hidden = !state.can_compare;
    this.compared.setAttribute("aria-pressed", String(state.compared === "pinned"));
    this.changes.hidden = state.gone.length === 0;
    this.overlay.value = state.overlay;
    this.marks = new Map(state.marks.map((mark) => [mark.line, mark]));
    this.showFeatures(state);
    this.redraw();
    // What is pointed at elsewhere stays lit; a line's number means another one in another program.
    const isSameProgram = before?.lines.length === state.lines.length && state.lines.every((line, n) => line.id === before.lines[n]!.id);
    this.showLink({ ...this.link, origin: isSameProgram ? this.link.origin : 0, isChosen: false });
    const focus = this.canvas.findIndex(({ line }) => isSame(line?.loop, this.selected));
    this.setActive(focus >= 0 ? focus : this.canvas.findIndex(({ line }) => line?.mark === "new"));
    // The rest of a long program is asked for once its beginning is on the screen.
    if (state.missing > 0) requestAnimationFrame(() => setTimeout(() => this.host.ask({ intent: "all_lines" })));
  }

  dispose(): void {
    this.links.dispose();
    this.rows.dispose();
  }

  /** What the cost model says of the program, asked for while its overlay is chosen. */
  private showFeatures({ overlay, contributions }: ProgramView): void {
    const isOn = overlay === "model";
    this.fold.hidden = !isOn;
    this.fold.setAttribute("aria-pressed", String(this.isUnfolded));
    this.drawer.hidden = !isOn || !this.isUnfolded;
    if (!isOn) return;
    this.features.update(contributions);
    this.features.focus(this.selected);
    const { status, is_stale: isStale } = contributions;
    if (status === "idle" || (isStale && status !== "working")) this.host.ask({ intent: "contributions" });
  }

  private unfold(isUnfolded: boolean): void {
    this.isUnfolded = isUnfolded;
    if (this.state) this.showFeatures(this.state);
  }

  /** Tells every pane which line is pointed at; null for none. */
  private point(line: LineView | null): void {
    this.links.point(line?.origin ?? 0, false, { loops: line?.loop ? [line.loop] : [], step: line?.step ?? 0 });
    this.features.focus(line?.loop ?? this.selected);
  }

  /** Lights the lines that code, features or a step elsewhere come from. */
  private showLink(link: Link): void {
    this.link = link;
    const { origin, loops, step, isChosen } = link;
    const isMeant = ({ line }: CanvasLine) =>
      line !== null &&
      (origin > 0 ? line.origin === origin : loops.some((loop) => isSame(line.loop, loop)) || (step > 0 && line.step === step));
    this.rows.light((index) => isMeant(this.canvas[index]!));
    this.markUses(this.canvas.filter((row) => row.line?.loop && isMeant(row)).map(({ number }) => number - 1));
    const first = this.canvas.findIndex(isMeant);
    if (isChosen && first >= 0) this.rows.reveal(first);
  }

  /** Marks what the loops at these lines reach. */
  private markUses(loops: number[]): void {
    const before = this.uses;
    const lines = this.state?.lines ?? [];
    this.uses = new Map(loops.flatMap((at) => [...loopUses(lines, at)]));
    const changed = new Set([...before.keys(), ...this.uses.keys()]);
    if (changed.size === 0) return;
    this.canvas = this.canvas.map((at) => (at.line && changed.has(at.number - 1) ? this.lineAt(at.line, at.number) : at));
    this.rows.set(this.canvas.map(({ row }) => row));
  }

  private text(): string {
    return this.state?.lines.map((line) => line.text).join("\n") ?? "";
  }

  private toggleGone(): void {
    this.showsGone = !this.showsGone;
    this.changes.setAttribute("aria-pressed", String(this.showsGone));
    this.redraw();
  }

  private toggleCompared(): void {
    this.host.ask({ intent: "compare_program", with: this.state?.compared === "pinned" ? "previous" : "pinned" });
  }

  /** Lays program lines and removed lines out in one column, and marks the selected loop. */
  private redraw(): void {
    const { lines, gone } = this.state!;
    this.canvas = [];
    let next = 0;
    lines.forEach((line, index) => {
      if (this.showsGone) {
        for (; next < gone.length && gone[next]!.before <= index; next++) this.addGone(next);
      }
      this.canvas.push(this.lineAt(line, index + 1));
    });
    if (this.showsGone) for (; next < gone.length; next++) this.addGone(next);
    this.rows.set(this.canvas.map(({ row }) => row));
  }

  private lineAt(line: LineView, number: number): CanvasLine {
    const isSelected = isSame(line.loop, this.selected);
    const mark = this.marks.get(number - 1);
    const uses = this.uses.get(number - 1) ?? [];
    const key = `${uses.join()} ${line.id} ${number} ${line.mark} ${isSelected} ${mark ? `${mark.share} ${mark.words}` : ""} ${line.text}`;
    const draw = () => {
      const node = el(
        "div",
        {
          class: `tv-row tv-source${line.mark ? " tv-new" : ""}${line.loop ? " tv-loop" : ""}`,
          role: "option",
          id: `${this.prefix}-${line.id}-${number}`,
          "aria-selected": String(isSelected),
          "aria-disabled": line.loop ? undefined : "true",
          "data-block": line.loop?.block,
          "data-loop": line.loop?.loop,
        },
        el("span", { class: "tv-gutter", "aria-hidden": "true" }, line.mark ? "+" : ""),
        el("span", { class: "tv-number", "aria-hidden": "true" }, String(number)),
      );
      node.append(marked(line.text, line.tokens, uses));
      if (mark) node.prepend(loopFigure(mark, this.state?.overlay === "model"));
      return node;
    };
    return { line, number, row: { key, length: line.text.length, draw } };
  }

  private addGone(index: number): void {
    const gone = this.state!.gone[index]!;
    const draw = () => {
      const node = el(
        "div",
        { class: "tv-row tv-source tv-gone", role: "option", "aria-disabled": "true" },
        el("span", { class: "tv-gutter", "aria-hidden": "true" }, "−"),
        el("span", { class: "tv-number", "aria-hidden": "true" }),
      );
      node.append(el("del", {}, coloured(gone.text, gone.tokens)));
      return node;
    };
    const key = `gone ${index} ${gone.text}`;
    this.canvas.push({ line: null, number: 0, row: { key, length: gone.text.length, draw } });
  }

  private onClick(event: Event): void {
    const row = (event.target as Element).closest<HTMLElement>(".tv-loop");
    if (!row || String(getSelection() ?? "")) return;
    const index = this.canvas.findIndex((_, at) => this.rows.node(at) === row);
    this.setActive(index);
    this.select(index);
  }

  private onKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.walkTo(this.nextLoop(this.active, steps[event.key]!));
    else if (event.key === "Home") this.walkTo(this.nextLoop(-1, 1));
    else if (event.key === "End") this.walkTo(this.nextLoop(this.canvas.length, -1));
    else if (event.key === "Enter" || event.key === " ") this.select(this.active);
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      this.host.ask({ intent: event.shiftKey ? "redo" : "undo" });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Makes a row the active one, and points at it as the mouse would. */
  private walkTo(index: number): void {
    this.setActive(index);
    this.point(this.canvas[index]?.line ?? null);
  }

  /** The nearest row after `from` in direction `step` that is a loop header; else `from`. */
  private nextLoop(from: number, step: number): number {
    for (let at = from + step; at >= 0 && at < this.canvas.length; at += step) {
      if (this.canvas[at]!.line?.loop) return at;
    }
    return from;
  }

  private setActive(index: number): void {
    this.activeNode?.classList.remove("tv-active");
    this.active = index;
    if (index < 0 || index >= this.canvas.length) return;
    this.rows.reveal(index);
    this.activeNode = this.rows.node(index);
    this.activeNode?.classList.add("tv-active");
    if (this.activeNode) this.rows.scroller.setAttribute("aria-activedescendant", this.activeNode.id);
  }

  /** Shows the selection at once and tells the kernel, which answers with the legal moves. */
  private select(index: number): void {
    const loop = this.canvas[index]?.line?.loop;
    if (!loop) return;
    this.selected = loop;
    this.redraw();
    this.setActive(index);
    this.features.focus(loop);
    this.links.point(this.canvas[index]!.line!.origin, true, { loops: [loop] });
    this.host.ask({ intent: "select", block: loop.block, loop: loop.loop });
  }
}

export default pane<ProgramView>("program", (root, host) => new Program(root, host));

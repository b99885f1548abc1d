// The program as the lab's canvas: highlighted IR text, one loop header a line, the loops
// selectable by mouse and keyboard, and what the last step changed marked in the gutter.

import type { GoneLine, LineView, LoopRef, OverlayKind, OverlayMark, ProgramView } from "../schema.js";
import { Contributions } from "../contributions.js";
import { button, copyText, el, setText } from "../dom.js";
import { loopFigure } from "../loop_figure.js";
import { Interleaved } from "../interleaved.js";
import { isSame, Links, type Link } from "../links.js";
import { addUses, loopUses, type Stretch } from "../loop_uses.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { Rows, type Row } from "../rows.js";
import { coloured, marked } from "../tokens.js";
import "../lab.css";
import "./program.css";

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
  private canvas = new Interleaved([], []);
  private added = new Set<number>();
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
      select: (loop) => this.select(this.find((line) => isSame(line.loop, loop))),
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
      onmouseover: (event) => this.point(this.rows.indexAt(event)),
      onmouseleave: () => this.point(-1),
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
    this.added = new Set(state.new);
    const added = state.new.length;
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
    const focus = this.find((line) => isSame(line.loop, this.selected));
    this.setActive(focus >= 0 ? focus : this.canvas.placeOf(state.new[0] ?? -1));
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

  /** Tells every pane which row is pointed at; -1 for none. */
  private point(index: number): void {
    const { line, at } = this.canvas.at(index) ?? {};
    this.links.point(line ? originOf(line, at!) : 0, false, { loops: line?.loop ? [line.loop] : [], step: line?.step ?? 0 });
    this.features.focus(line?.loop ?? this.selected);
  }

  /** Lights the lines that code, features or a step elsewhere come from. */
  private showLink(link: Link): void {
    this.link = link;
    const { origin, loops, step, isChosen } = link;
    const isMeant = (line: LineView, at: number) =>
      origin > 0 ? originOf(line, at) === origin : loops.some((loop) => isSame(line.loop, loop)) || (step > 0 && line.step === step);
    this.markUses(isMeant);
    this.rows.light((index) => {
      const { line, at } = this.canvas.at(index) ?? {};
      return !!line && isMeant(line, at!);
    });
    const first = isChosen ? this.find(isMeant) : -1;
    if (first >= 0) this.rows.reveal(first);
  }

  /** Marks what the loops that are meant reach. */
  private markUses(isMeant: (line: LineView, at: number) => boolean): void {
    const { lines } = this.canvas;
    this.uses = new Map();
    lines.forEach((line, at) => {
      if (line.loop && isMeant(line, at)) addUses(this.uses, loopUses(lines, at));
    });
  }

  /** The row of the first line for which `isIt` holds; -1 where there is none. */
  private find(isIt: (line: LineView, at: number) => boolean): number {
    return this.canvas.placeOf(this.canvas.lines.findIndex(isIt));
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
    const shown = this.showsGone ? gone : [];
    this.canvas = new Interleaved(lines, shown);
    const widest = [lines, shown].flat().reduce((most, { text }) => Math.max(most, text.length), 0);
    this.rows.set({ length: this.canvas.length, at: (index) => this.row(index) }, widest);
  }

  private row(index: number): Row | undefined {
    const { line, gone, at } = this.canvas.at(index) ?? {};
    return line ? this.lineRow(line, at!) : gone && goneRow(gone, at!);
  }

  private lineRow(line: LineView, at: number): Row {
    const number = at + 1;
    const isNew = this.added.has(at);
    const isSelected = isSame(line.loop, this.selected);
    const mark = this.marks.get(at);
    const uses = this.uses.get(at) ?? [];
    const key = `${uses.join()} ${line.id} ${number} ${isNew} ${isSelected} ${mark ? `${mark.share} ${mark.words}` : ""} ${line.text}`;
    const draw = () => {
      const node = el(
        "div",
        {
          class: `tv-row tv-source${isNew ? " tv-new" : ""}${line.loop ? " tv-loop" : ""}`,
          role: "option",
          id: `${this.prefix}-${line.id}-${number}`,
          "aria-selected": String(isSelected),
          "aria-disabled": line.loop ? undefined : "true",
          "data-block": line.loop?.block,
          "data-loop": line.loop?.loop,
        },
        el("span", { class: "tv-gutter", "aria-hidden": "true" }, isNew ? "+" : ""),
        el("span", { class: "tv-number", "aria-hidden": "true" }, String(number)),
      );
      node.append(marked(line.text, line.tokens, uses));
      if (mark) node.prepend(loopFigure(mark, this.state?.overlay === "model"));
      return node;
    };
    return { key, draw };
  }

  private onClick(event: Event): void {
    const row = (event.target as Element).closest<HTMLElement>(".tv-loop");
    if (!row || String(getSelection() ?? "")) return;
    const index = this.rows.indexAt(event);
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
    this.point(index);
  }

  /** The nearest row after `from` in direction `step` that is a loop header; else `from`. */
  private nextLoop(from: number, step: number): number {
    for (let at = from + step; at >= 0 && at < this.canvas.length; at += step) {
      if (this.canvas.at(at)?.line?.loop) return at;
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
    const { line, at } = this.canvas.at(index) ?? {};
    if (!line?.loop) return;
    const { loop } = line;
    this.selected = loop;
    this.rows.refresh();
    this.setActive(index);
    this.features.focus(loop);
    this.links.point(originOf(line, at!), true, { loops: [loop] });
    this.host.ask({ intent: "select", block: loop.block, loop: loop.loop });
  }
}

/** The number of the line under which code refers to the one at index `at`; 0 where it does not. */
const originOf = ({ above }: LineView, at: number): number => (above === null ? 0 : at + 1 - above);

/** A line that the last step removed, the one at index `at` of these. */
function goneRow(gone: GoneLine, at: number): Row {
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
  return { key: `gone ${at} ${gone.text}`, draw };
}

export default pane<ProgramView>("program", (root, host) => new Program(root, host));

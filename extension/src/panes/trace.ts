// The schedule as editable Python: one line a step, the position in it, undo and redo, and a lane
// for typing the next line.

import type { HoleView, TraceLine, TraceView } from "../schema.js";
import { button, copyText, el, fill } from "../dom.js";
import { Links } from "../links.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import "./trace.css";

export class Trace implements Drawn<TraceView> {
  private readonly undo: HTMLButtonElement;
  private readonly redo: HTMLButtonElement;
  private readonly list = el("ol", { class: "tv-trace-lines", "aria-label": "Steps of the schedule" });
  private readonly refusal = refusalBox();
  private readonly lane: HTMLInputElement;
  private state: TraceView | null = null;
  private editing = -1;
  private draft = "";
  private sent = "";
  private lit = 0;
  private readonly links: Links;
  /** A narrower or lower pane hides the step that was in sight. */
  private readonly observer: ResizeObserver | null;
  /** Of the line typed last: the kernel says it when that line is carried out. */
  private typed = "";

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    this.undo = button("Undo", () => host.ask({ intent: "undo" }), { title: "Undo (Ctrl+Z)" });
    this.redo = button("Redo", () => host.ask({ intent: "redo" }), { title: "Redo (Ctrl+Shift+Z)" });
    const copy = button("Copy", () => copyText(this.state?.python ?? "", copy), {
      title: "Copy the whole schedule as Python",
    });
    const save = button("Save", () => this.save(), { title: "Save the schedule as a file, to share or to open again" });
    const file = el("input", {
      type: "file",
      accept: ".json,.py,.txt",
      class: "tv-hidden",
      tabindex: -1,
      "aria-hidden": "true",
      onchange: () => void this.open(file),
    });
    const open = button("Open", () => file.click(), { title: "Open the file of a schedule; this one stays as a branch" });
    this.lane = el("input", {
      class: "tv-input tv-mono tv-grow",
      type: "text",
      spellcheck: "false",
      autocomplete: "off",
      "aria-label": "Type a schedule line and press Enter",
      placeholder: "Next line, or a nest: for y in …",
      onpaste: (event) => this.onPaste(event as ClipboardEvent),
      onkeydown: (event) => this.onLaneKey(event as KeyboardEvent),
    });
    this.links = new Links(root, ({ step }) => this.light(step));
    this.observer = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(this.showCurrent);
    this.observer?.observe(this.list);
    root.addEventListener("keydown", (event) => this.onKey(event));
    root.append(
      el(
        "header",
        { class: "tv-bar" },
        el("span", { class: "tv-title tv-grow tv-ellipsis" }, "Schedule"),
        this.undo,
        this.redo,
        copy,
        save,
        open,
        file,
      ),
      this.list,
      el("div", { class: "tv-lane" }, el("span", { class: "tv-dim tv-mono", "aria-hidden": "true" }, "›"), this.lane),
      this.refusal,
    );
  }

  update(state: TraceView): void {
    const grew = state.lines.length !== this.state?.lines.length || state.position !== this.state?.position;
    this.state = state;
    this.undo.disabled = !state.can_undo;
    this.redo.disabled = !state.can_redo;
    this.forgetTyped(state);
    this.draw();
    showRefusal(this.refusal, state.refusal);
    // With the frame, for which the page is laid out anyhow.
    if (grew) requestAnimationFrame(this.showCurrent);
  }

  dispose(): void {
    this.observer?.disconnect();
    this.links.dispose();
  }

  /** Brings the step that the program is at into the list's sight; the page around it stays. */
  private readonly showCurrent = (): void => {
    const step = this.list.querySelector('[aria-current="step"]')?.getBoundingClientRect();
    if (!step) return;
    const seen = this.list.getBoundingClientRect();
    this.list.scrollTop += Math.max(step.bottom - seen.bottom, 0) || Math.min(step.top - seen.top, 0);
  };

  /** Marks the step that wrote the line pointed at. */
  private light(step: number): void {
    this.lit = step;
    [...this.list.children].forEach((row, position) => row.classList.toggle("tv-lit", step > 0 && position === step));
  }

  /** Takes away what was typed and carried out. All else stays, whoever changed the schedule. */
  private forgetTyped(state: TraceView): void {
    this.keepDraft();
    if (this.typed && state.taken === this.typed) {
      this.editing = -1;
      if (this.lane.value === this.sent) this.lane.value = "";
      this.typed = this.sent = "";
    }
    if (this.editing < state.lines.length) return;
    // The line that was being edited is gone; what it was to become is not.
    if (!this.lane.value) this.lane.value = this.draft;
    this.editing = -1;
  }

  private keepDraft(): void {
    const input = this.list.querySelector("input");
    if (input) this.draft = input.value;
  }

  /** A name for a line that is sent now; `lane` is what of the lane goes with it. */
  private name(lane: string): string {
    this.sent = lane;
    return (this.typed = String(Math.random()));
  }

  private draw(): void {
    const state = this.state!;
    this.keepDraft();
    const focused = this.focusedHole();
    fill(this.list, this.row(0, state.head, null), ...state.lines.map((line) => this.row(line.index + 1, line.text, line)));
    this.light(this.lit);
    this.list.querySelector("input")?.focus();
    if (focused) this.list.querySelector<HTMLElement>(focused)?.focus();
  }

  /** Row 0 is the beginning; row i is the state after step i. */
  private row(position: number, text: string, line: TraceLine | null): HTMLElement {
    const state = this.state!;
    const isCurrent = position === state.position;
    const later = position > state.position;
    const isRefused = state.refusal !== null && state.refused_line === position - 1;
    const row = el("li", {
      class: `tv-step${later ? " tv-later" : ""}${isRefused ? " tv-step-refused" : ""}`,
      onmouseenter: () => this.links.point(0, false, { step: position }),
      onmouseleave: () => this.links.point(0),
      onfocusin: () => this.links.point(0, false, { step: position }),
      onfocusout: () => this.links.point(0),
      "aria-current": isCurrent ? "step" : undefined,
    });
    row.append(el("span", { class: "tv-number", "aria-hidden": "true" }, String(position)));
    if (line && this.editing === line.index) {
      row.append(this.editor(line));
      return row;
    }
    const go = button(text, () => this.host.ask({ intent: "go_to", position }), {
      class: "tv-go tv-mono",
      title: `${text}\nClick to go to this state${line ? ", F2 to edit" : ""}`,
    });
    row.append(go);
    if (!line) return row;
    go.addEventListener("keydown", (event) => event.key === "F2" && this.edit(line));
    row.append(button("Edit", () => this.edit(line), { class: "tv-quiet", title: `Edit step ${position} (F2)` }));
    if (line.holes.length) row.append(el("div", { class: "tv-holes" }, ...line.holes.map((hole) => this.hole(hole))));
    for (const caution of line.cautions) row.append(el("p", { class: "tv-caution", title: caution }, `Legal but slow: ${caution}`));
    return row;
  }

  /** A decision: which option it holds, and whether a tuner may choose another. */
  private hole(hole: HoleView): HTMLElement {
    const decide = (change: object) => this.host.ask({ intent: "decide", name: hole.name, ...change });
    const options = hole.options.map((text) => el("option", { value: text, selected: text === hole.value }, text));
    if (hole.unlisted) {
      options.push(el("option", { disabled: true }, `and ${hole.unlisted} more: edit the line`));
    }
    const select: HTMLSelectElement = el(
      "select",
      {
        class: "tv-input tv-mono",
        "aria-label": `Option of ${hole.name}`,
        title: `${hole.options.length + hole.unlisted} options`,
        onchange: () => decide({ option: select.value }),
      },
      ...options,
    );
    const toggle = button(hole.is_frozen ? "Frozen" : "Open", () => decide({ frozen: !hole.is_frozen }), {
      class: "tv-toggle",
      title: hole.is_frozen ? "A tuner leaves it as it is. Click to open it" : "A tuner may choose. Click to freeze it",
    });
    toggle.setAttribute("aria-label", `${hole.name} is frozen`);
    toggle.setAttribute("aria-pressed", String(hole.is_frozen));
    return el(
      "span",
      {
        class: `tv-hole${hole.is_frozen ? " tv-frozen" : ""}`,
        role: "group",
        "aria-label": `Decision ${hole.name}`,
        "data-hole": hole.name,
      },
      el("span", { class: "tv-mono" }, hole.name),
      select,
      toggle,
    );
  }

  /** Where the focus is among the decisions: drawing them anew must not lose it. */
  private focusedHole(): string | null {
    const active = this.list.contains(document.activeElement) ? document.activeElement! : null;
    const name = active?.closest<HTMLElement>(".tv-hole")?.dataset["hole"];
    return name === undefined ? null : `[data-hole="${name}"] ${active!.tagName.toLowerCase()}`;
  }

  private edit(line: TraceLine): void {
    this.editing = line.index;
    this.draft = line.text;
    this.draw();
    this.list.querySelector("input")?.select();
  }

  private editor(line: TraceLine): HTMLElement {
    const input = el("input", {
      class: "tv-input tv-mono tv-grow",
      type: "text",
      spellcheck: "false",
      "aria-label": `Step ${line.index + 1}: Enter replaces it, Escape leaves it`,
      onkeydown: (event) => {
        const key = (event as KeyboardEvent).key;
        if (key === "Enter") this.host.ask({ intent: "edit", index: line.index, line: input.value, typed: this.name("") });
        else if (key === "Escape") {
          this.editing = -1;
          this.host.ask({ intent: "dismiss" });
          this.draw();
        } else return;
        this.draft = input.value;
        event.stopPropagation();
      },
    });
    input.value = this.draft;
    return input;
  }

  /** Several lines, or a trace as JSON, are taken at once; a single line goes into the lane. */
  private onPaste(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData("text/plain").trim() ?? "";
    if (!text.startsWith("{") && !text.includes("\n")) return;
    event.preventDefault();
    this.take(text);
  }

  /** A trace begins anew, as a branch; lines without a beginning go on from here. */
  private take(text: string): void {
    const isWhole = text.startsWith("{") || text.includes("create_schedule");
    this.host.ask(isWhole ? { intent: "load_trace", text } : { intent: "apply", line: text, place: "trace" });
  }

  private save(): void {
    if (!this.state) return;
    const url = URL.createObjectURL(new Blob(this.state.document, { type: "application/json" }));
    const name = /create_schedule\((\w+)/.exec(this.state.head)?.[1] ?? "schedule";
    el("a", { href: url, download: `${name}.trace.json` }).click();
    URL.revokeObjectURL(url);
  }

  private async open(file: HTMLInputElement): Promise<void> {
    const chosen = file.files?.[0];
    if (!chosen) return;
    this.take((await chosen.text()).trim());
    file.value = ""; // so that the same file can be chosen again
  }

  private onLaneKey(event: KeyboardEvent): void {
    if (event.key !== "Enter" || !this.lane.value.trim()) return;
    event.stopPropagation();
    this.host.ask({ intent: "apply", line: this.lane.value, place: "trace", typed: this.name(this.lane.value) });
  }

  private onKey(event: KeyboardEvent): void {
    const isTyping = (event.target as Element).tagName === "INPUT";
    if (isTyping || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    event.stopPropagation();
    this.host.ask({ intent: event.shiftKey ? "redo" : "undo" });
  }
}

export default pane<TraceView>("trace", (root, host) => new Trace(root, host));

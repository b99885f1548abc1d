// The schedules of a lab side by side: where each left the other, what its steps were measured at,
// steps to pick from one for another, and the state that is pinned to compare with.

import type { BranchLine, BranchView, BranchesView, Intent } from "../schema.js";
import { button, el, fill, setText } from "../dom.js";
import { percent } from "../format.js";
import { pane, type Drawn, type Host } from "../pane.js";
import { refusalBox, showRefusal } from "../refusal.js";
import "./branches.css";

export class Branches implements Drawn<BranchesView> {
  private readonly pin: HTMLButtonElement;
  private readonly pinned = el("span", { class: "tv-dim tv-grow tv-ellipsis", role: "status" });
  private readonly list = el("div", { class: "tv-branch-list", tabindex: 0, role: "group", "aria-label": "Branches" });
  private readonly refusal = refusalBox();
  private state: BranchesView | null = null;
  private naming = -1;
  private draft = "";
  private sent = "";

  constructor(
    root: HTMLElement,
    private readonly host: Host,
  ) {
    const fork = button("Branch here", () => host.ask({ intent: "fork" }), {
      title: "Begin another schedule with the steps in force; this one stays",
    });
    this.pin = button("Pin this state", () => this.togglePin(), {
      class: "tv-toggle",
      title: "Programs and measurements are compared with the pinned state",
    });
    root.append(el("header", { class: "tv-bar" }, fork, this.pin, this.pinned), this.refusal, this.list);
  }

  update(state: BranchesView): void {
    this.state = state;
    setText(this.pin, state.pinned_is_shown ? "Unpin" : "Pin this state");
    this.pin.setAttribute("aria-pressed", String(state.pinned_is_shown));
    setText(this.pinned, state.pinned && `Pinned: ${state.pinned}`);
    this.pinned.title = this.pinned.textContent ?? "";
    showRefusal(this.refusal, state.refusal);
    if (this.sent && state.branches.some(({ number, name }) => number === this.naming && name === this.sent)) {
      this.naming = -1;
      this.sent = "";
    }
    this.draw();
  }

  private draw(): void {
    const input = this.list.querySelector("input");
    if (input) this.draft = input.value;
    const focus = (document.activeElement as HTMLElement | null)?.dataset["focus"];
    fill(this.list, ...this.state!.branches.map((branch) => this.branch(branch)));
    if (this.naming >= 0) this.list.querySelector("input")?.focus();
    else if (focus) this.list.querySelector<HTMLElement>(`[data-focus="${focus}"]`)?.focus();
  }

  private togglePin(): void {
    this.host.ask({ intent: this.state?.pinned_is_shown ? "unpin" : "pin" });
  }

  private branch(branch: BranchView): HTMLElement {
    const { number, name } = branch;
    const rename = button("Rename", () => this.rename(branch), { class: "tv-quiet", title: `Rename ${name}` });
    rename.dataset["focus"] = `rename ${number}`;
    const remove = branch.is_current
      ? false
      : this.act("Remove", `Forget ${name}`, { intent: "remove_branch", number }, "tv-quiet");
    const title =
      this.naming === number
        ? this.nameField(branch)
        : this.act(name, `Go on with ${name}`, { intent: "open_branch", number }, "tv-branch-name");
    return el(
      "section",
      { class: `tv-branch${branch.is_current ? " tv-branch-current" : ""}`, "aria-label": `Branch ${name}` },
      el(
        "div",
        { class: "tv-branch-head" },
        title,
        el("span", { class: "tv-dim tv-grow tv-ellipsis" }, words(branch)),
        meter(branch.time, branch.share),
        el("span", { class: "tv-branch-tools" }, remove, rename),
      ),
      el("ol", { class: "tv-branch-lines" }, ...branch.lines.map((line) => this.line(branch, line))),
    );
  }

  private line(branch: BranchView, line: BranchLine): HTMLElement {
    const at = { number: branch.number, position: line.position };
    const go = `${line.text}\nGo to this state`;
    return el(
      "li",
      { class: "tv-step", "aria-current": line.is_current ? "step" : undefined },
      el("span", { class: "tv-number", "aria-hidden": "true" }, String(line.position)),
      this.act(line.text, go, { intent: "open_branch", ...at }, "tv-go tv-mono"),
      line.is_pinned && el("span", { class: "tv-pin" }, "pinned"),
      meter(line.time, line.share),
      el(
        "span",
        { class: "tv-branch-tools" },
        !line.is_pinned && this.act("Pin", "Compare others with this state", { intent: "pin", ...at }, "tv-quiet"),
        !branch.is_current &&
          this.act("Pick", "Take this step in the schedule shown", { intent: "cherry_pick", ...at }, "tv-quiet"),
      ),
    );
  }

  /** A button that asks for `intent`; drawn anew, it keeps the focus. */
  private act(label: string, title: string, intent: Intent, style: string): HTMLButtonElement {
    const made = button(label, () => this.host.ask(intent), { class: style, title });
    made.dataset["focus"] = Object.values(intent).join(" ");
    return made;
  }

  private rename({ number, name }: BranchView): void {
    this.naming = number;
    this.list.querySelector("input")?.remove();
    this.draft = name;
    this.draw();
    this.list.querySelector("input")?.select();
  }

  private nameField({ number, name }: BranchView): HTMLElement {
    const input = el("input", {
      class: "tv-input",
      type: "text",
      maxlength: 40,
      "aria-label": `Name of ${name}: Enter takes it, Escape leaves it`,
      onkeydown: (event) => {
        const key = (event as KeyboardEvent).key;
        event.stopPropagation();
        this.draft = input.value;
        if (key === "Enter") {
          this.sent = input.value.trim().replace(/\s+/g, " ");
          this.host.ask({ intent: "rename_branch", number, name: this.sent });
        }
        if (key !== "Escape") return;
        this.naming = -1;
        this.draw();
        this.list.querySelector<HTMLElement>(`[data-focus="rename ${number}"]`)?.focus();
      },
    });
    input.value = this.draft;
    return input;
  }
}

function words(branch: BranchView): string {
  const steps = `${branch.steps} step${branch.steps === 1 ? "" : "s"}`;
  return [branch.is_current ? "shown" : "", steps, branch.origin].filter(Boolean).join(" · ");
}

/** A time with a bar that is full at the least time of the lab; nothing where none was measured. */
function meter(time: string, share: number): HTMLElement | false {
  if (!time) return false;
  const bar = el("span", { class: "tv-bar-fill", "aria-hidden": "true" });
  bar.style.width = `${100 * share}%`;
  const title = `${time}: ${percent(share)} of the speed of the fastest state measured`;
  return el("span", { class: "tv-branch-time tv-num", title }, bar, el("span", {}, time));
}

export default pane<BranchesView>("branches", (root, host) => new Branches(root, host));

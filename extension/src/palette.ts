// Ctrl+K anywhere in a lab: a box to search in, over all that can be done there.

import { el, fill } from "./dom.js";
import "./palette.css";

export interface Command {
  name: string;
  /** What it is or would do, in a few words. */
  hint: string;
  run(): void;
}

const MOST_SHOWN = 60;
let count = 0;

export class Palette {
  private readonly id = `tv-palette-${++count}`;
  private readonly input = el("input", {
    class: "tv-input tv-palette-input",
    type: "text",
    role: "combobox",
    "aria-expanded": "true",
    "aria-autocomplete": "list",
    "aria-controls": `${this.id}-list`,
    "aria-label": "Search moves and commands",
    placeholder: "Search moves and commands",
    spellcheck: "false",
    autocomplete: "off",
  });
  private readonly list = el("ul", { id: `${this.id}-list`, class: "tv-palette-list", role: "listbox", "aria-label": "Moves and commands" });
  private readonly none = el("p", { class: "tv-palette-none tv-dim", role: "status" });
  private readonly dialog = el("dialog", { class: "tvmlab tv-palette", "aria-label": "Commands of the lab" }, this.input, this.list, this.none);
  private shown: Command[] = [];
  private at = 0;
  private before: Element | null = null;

  /** `root` is a pane of the lab; `commands` says what there is, in the order to show it in. */
  constructor(
    private readonly root: HTMLElement,
    private readonly commands: () => Command[],
  ) {
    root.append(this.dialog);
    this.input.addEventListener("input", () => this.search());
    this.dialog.addEventListener("keydown", (event) => this.onKey(event));
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.close());
    document.addEventListener("keydown", this.onShortcut, true);
  }

  open(): void {
    if (this.dialog.open) return;
    this.before = document.activeElement;
    this.input.value = "";
    if (typeof this.dialog.showModal === "function") this.dialog.showModal();
    else this.dialog.setAttribute("open", "");
    this.search();
    this.input.focus();
  }

  close(): void {
    if (typeof this.dialog.close === "function") this.dialog.close();
    else this.dialog.removeAttribute("open");
    if (this.before instanceof HTMLElement) this.before.focus();
  }

  dispose(): void {
    document.removeEventListener("keydown", this.onShortcut, true);
    this.dialog.remove();
  }

  private readonly onShortcut = (event: KeyboardEvent) => {
    const isAsked = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k";
    const lab = this.root.closest(".tvmlab-lab") ?? this.root;
    if (!isAsked || !(event.target instanceof Node) || !lab.contains(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    this.open();
  };

  /** Those that have all the words typed, names that begin with them first. */
  private search(): void {
    const typed = this.input.value.trim().toLowerCase();
    const words = typed.split(/\s+/);
    const text = ({ name, hint }: Command) => `${name} ${hint}`.toLowerCase();
    const found = this.commands().filter((command) => words.every((word) => text(command).includes(word)));
    const begins = (command: Command) => (command.name.toLowerCase().startsWith(typed) ? 0 : 1);
    this.shown = (typed ? [...found].sort((a, b) => begins(a) - begins(b)) : found).slice(0, MOST_SHOWN);
    this.none.textContent = found.length === 0 ? "Nothing has these words." : found.length > MOST_SHOWN ? `${found.length - MOST_SHOWN} more: type to narrow them down.` : "";
    this.go(0);
  }

  private go(at: number): void {
    this.at = Math.max(0, Math.min(at, this.shown.length - 1));
    const options = this.shown.map((command, index) =>
      el(
        "li",
        {
          id: `${this.id}-${index}`,
          role: "option",
          class: "tv-palette-option",
          "aria-selected": String(index === this.at),
          onclick: () => this.run(index),
        },
        el("span", { class: "tv-ellipsis tv-mono tv-palette-name", title: command.name }, el("bdi", { dir: "ltr" }, command.name)),
        el("span", { class: "tv-dim tv-ellipsis" }, command.hint),
      ),
    );
    fill(this.list, ...options);
    const current = options[this.at];
    current?.scrollIntoView?.({ block: "nearest" });
    if (current) this.input.setAttribute("aria-activedescendant", current.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  private run(index: number): void {
    const command = this.shown[index];
    if (!command) return;
    this.close();
    command.run();
  }

  private onKey(event: KeyboardEvent): void {
    const moves: Record<string, () => void> = {
      ArrowDown: () => this.go((this.at + 1) % Math.max(1, this.shown.length)),
      ArrowUp: () => this.go((this.at - 1 + this.shown.length) % Math.max(1, this.shown.length)),
      PageDown: () => this.go(this.at + 8),
      PageUp: () => this.go(this.at - 8),
      Enter: () => this.run(this.at),
      Escape: () => this.close(),
    };
    event.stopPropagation();
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }
}

/** Brings the tab of this title in the lab around `root` to the front. */
export function showTab(root: Element, title: string): void {
  const tab = tabsAround(root).find((node) => node.textContent?.trim() === title);
  if (!tab) return;
  // JupyterLab's tabs listen to the pointer, and look where it is.
  const { left, top, width, height } = tab.getBoundingClientRect();
  const at = { bubbles: true, button: 0, clientX: left + width / 2, clientY: top + height / 2 };
  tab.dispatchEvent(new PointerEvent("pointerdown", at));
  document.dispatchEvent(new PointerEvent("pointerup", at));
}

/** The titles of the tabs in the lab around `root`. */
export function tabTitles(root: Element): string[] {
  return tabsAround(root).map((tab) => tab.textContent?.trim() ?? "");
}

/** The buttons that `selector` finds in the lab around `root`, those of other panes among them. */
export function buttonsAround(root: Element, selector: string): HTMLElement[] {
  return [...(root.closest(".tvmlab-lab")?.querySelectorAll<HTMLElement>(selector) ?? [])];
}

function tabsAround(root: Element): HTMLElement[] {
  return [...(root.closest(".tvmlab-lab")?.querySelectorAll<HTMLElement>(".tvmlab-lower > .lm-TabBar .lm-TabBar-tab") ?? [])];
}

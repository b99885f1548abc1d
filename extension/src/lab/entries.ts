// One entry of a list: a button with a title, a few words, and perhaps a meter; it can be dragged
// into a cell as the code that it stands for.

import { el } from "../dom.js";

export interface Entry {
  title: string;
  words: string;
  /** What is done, as a share; null draws no meter. */
  share?: number | null;
  mark?: string;
  hint: string;
  /** The Python that opens it, for the notebook in front. */
  code(): string;
  /** The same as a cell of its own, with what it needs to be imported. */
  cell(): string;
  act(): void;
  /** Opens the file itself, where JupyterLab can. */
  open?: (() => void) | undefined;
}

export function entryRow(entry: Entry, openLabel: string): HTMLElement {
  const main = el(
    "button",
    {
      type: "button",
      class: "tv-entry-main",
      title: `${entry.hint}\n${entry.code()}`,
      draggable: "true",
      onclick: () => entry.act(),
      ondragstart: (event) => (event as DragEvent).dataTransfer?.setData("text/plain", entry.cell()),
    },
    el("span", { class: "tv-entry-title tv-ellipsis" }, entry.title),
    entry.mark && el("span", { class: "tv-entry-mark" }, entry.mark),
    el("span", { class: "tv-entry-words tv-ellipsis" }, entry.words),
  );
  if (entry.share !== undefined && entry.share !== null) {
    const fill = el("span", { class: "tv-entry-fill" });
    fill.style.width = `${100 * Math.min(1, Math.max(0, entry.share))}%`;
    main.append(el("span", { class: "tv-entry-meter", "aria-hidden": "true" }, fill));
  }
  const open = entry.open;
  return el(
    "li",
    { class: "tv-entry" },
    main,
    open && el("button", { type: "button", class: "tv-entry-open", title: openLabel, "aria-label": `${openLabel}: ${entry.title}`, onclick: () => open() }, "↗"),
  );
}

/** A list that can be folded away; `summary` says how much is in it. */
export function section(title: string, summary: string, entries: Entry[], empty: string, openLabel: string): HTMLElement {
  const list = el("ul", { class: "tv-entries" }, ...entries.map((entry) => entryRow(entry, openLabel)));
  return el(
    "details",
    { class: "tv-section", open: true },
    el("summary", {}, title, el("span", { class: "tv-section-count" }, summary)),
    entries.length > 0 ? list : el("p", { class: "tv-section-empty" }, empty),
  );
}

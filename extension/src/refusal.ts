// A refusal in place: what is wrong, then what would do. Never a traceback.

import type { RefusalView } from "./schema.js";
import { el, fill } from "./dom.js";

/** Shows `refusal` in `box`, or hides the box when there is none. */
export function showRefusal(box: HTMLElement, refusal: RefusalView | null): void {
  box.hidden = refusal === null;
  if (refusal === null) return;
  box.title = refusal.asked;
  fill(
    box,
    el("div", { class: "tv-why" }, sentence(refusal.why)),
    refusal.instead && el("div", { class: "tv-instead" }, sentence(refusal.instead)),
  );
}

/** An empty box for refusals; screen readers speak what appears in it. */
export function refusalBox(): HTMLElement {
  return el("div", { class: "tv-refusal", role: "alert", hidden: true });
}

function sentence(words: string): string {
  const text = words.trim();
  if (!text) return "";
  return text[0]!.toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

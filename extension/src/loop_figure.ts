// A figure beside a loop's header: what an overlay says of the loop.

import type { OverlayMark } from "./schema.js";
import { signedFill } from "./contributions.js";
import { el } from "./dom.js";
import "./loop_figure.css";

/** A figure at the right edge, in sight however far the line is scrolled; where it has a sign, its bar
 * begins in the middle. */
export function loopFigure({ share, text, words }: OverlayMark, isSigned: boolean): HTMLElement {
  const bar = isSigned ? signedFill(share) : el("span", { class: "tv-bar-fill", "aria-hidden": "true" });
  if (!isSigned) bar.style.width = `${100 * share}%`;
  const spoken = el("span", { class: "tv-hidden" }, words);
  return el("span", { class: `tv-loop-figure${isSigned ? " tv-is-signed" : ""}`, title: words }, bar, el("span", { "aria-hidden": "true" }, text), spoken);
}

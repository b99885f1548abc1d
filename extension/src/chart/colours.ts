// Colours of the page, read when drawing so that a change of theme is followed, and a scale from slow
// to fast that colour-blind readers tell apart as well.

export interface Palette {
  ink: string;
  dim: string;
  line: string;
  paper: string;
  accent: string;
  dot: string;
  fail: string;
  isDark: boolean;
}

export function palette(node: Element): Palette {
  const style = getComputedStyle(node);
  const read = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    ink: read("--tv-ink", "#222"),
    dim: read("--tv-dim", "#666"),
    line: read("--tv-line", "#ccc"),
    paper: read("--tv-paper", "#fff"),
    accent: read("--tv-accent", "#1565c0"),
    dot: read("--tv-dot", "#78909c"),
    fail: read("--tv-gone", "#b35806"),
    isDark: node.closest('[data-jp-theme-light="false"]') !== null,
  };
}

/* Stops of cividis (Nunez, Anderton, Renslow 2018), which looks alike with and without full colour
   vision; its darkest and lightest ends are left out, where they would sink into the ground. */
const CIVIDIS = [
  [0, 52, 110],
  [62, 76, 108],
  [96, 101, 112],
  [124, 123, 120],
  [158, 149, 118],
  [195, 177, 107],
  [232, 206, 85],
];

/** The colour of `share` from slow (0) to fast (1): the fast ones stand out from the ground. */
export function rateColour(share: number, isDark: boolean): string {
  const clipped = Math.min(1, Math.max(0, share));
  const at = (isDark ? 0.25 + 0.75 * clipped : 1 - clipped) * (CIVIDIS.length - 1);
  const below = Math.min(CIVIDIS.length - 2, Math.floor(at));
  const mix = CIVIDIS[below]!.map((c, n) => Math.round(c + (at - below) * (CIVIDIS[below + 1]![n]! - c)));
  return `rgb(${mix.join(",")})`;
}

/* Okabe and Ito's colours, yellow and black aside; lines carry a dash and a letter as well. */
const LINES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 6]];

/** The colour and dash of the run named by `letter`. */
export function lineStyle(letter: string): { colour: string; dash: number[] } {
  const n = Math.max(0, letter.charCodeAt(0) - 65) % LINES.length;
  return { colour: LINES[n]!, dash: DASHES[n]! };
}

/** The colour of a warp's threads: light enough on either ground for dark numbers on it. */
export function warpColour(warp: number, isDark: boolean): string {
  const channels = LINES[warp % LINES.length]!.slice(1).match(/../g)!.map((pair) => parseInt(pair, 16));
  const white = isDark ? 0.4 : 0.5;
  return `rgb(${channels.map((c) => Math.round(c + (255 - c) * white)).join(",")})`;
}

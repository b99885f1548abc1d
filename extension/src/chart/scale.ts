// From values to pixels and back, and the ticks of an axis at round numbers.

import { digits } from "../format.js";

export interface Scale {
  readonly min: number;
  readonly max: number;
  /** The place of a value: 0 at `min`, 1 at `max`. */
  at(value: number): number;
  ticks(count: number): number[];
}

/** An axis of equal steps. */
export function linear(min: number, max: number): Scale {
  const top = max > min ? max : min + 1;
  return {
    min,
    max: top,
    at: (value) => (value - min) / (top - min),
    ticks: (count) => {
      const step = roundStep((top - min) / Math.max(1, count));
      const first = Math.ceil(min / step - 1e-9);
      const ticks: number[] = [];
      for (let n = first; n * step <= top * (1 + 1e-9); n++) ticks.push(Number((n * step).toPrecision(12)));
      return ticks;
    },
  };
}

/** An axis of equal ratios; both ends are above 0. */
export function logarithmic(min: number, max: number): Scale {
  const low = Math.log10(min);
  const high = Math.max(Math.log10(max), low + 0.05);
  return {
    min,
    max: 10 ** high,
    at: (value) => (Math.log10(value) - low) / (high - low),
    ticks: (count) => {
      const ticks: number[] = [];
      for (let power = Math.floor(low); power <= high; power++) {
        for (const digit of [1, 2, 5]) {
          const tick = Number((digit * 10 ** power).toPrecision(3));
          if (Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9) ticks.push(tick);
        }
      }
      const every = Math.ceil(ticks.length / Math.max(1, count));
      return ticks.filter((_, n) => n % every === 0);
    },
  };
}

/** The step of 1, 2 or 5 times a power of ten that is at least `size`. */
function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const digit = [1, 2, 5, 10].find((d) => d * power >= size * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** A tick's label: no more digits than tell it from its neighbours. */
export function tickLabel(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && size < 1e-4) return digits(value);
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(3))}G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(4)));
}

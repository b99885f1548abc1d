// What the charts of the tuner have in common: the axes chosen, the unit, and words for a trial.

import type { Point } from "../schema.js";
import { button, el } from "../dom.js";
import { clock, digits, time } from "../format.js";
import { linear, logarithmic, type Scale } from "../chart/scale.js";

export class Settings {
  by: "trial" | "time" = "trial";
  as: "rate" | "ms" = "rate";
  unit = "GFLOP/s";
  /** A rate is `scale` / seconds. */
  scale = 1;

  x(point: Point): number {
    return this.by === "trial" ? point[0] : point[6];
  }

  get xTitle(): string {
    return this.by === "trial" ? "trial" : "seconds";
  }

  /** A rate as the y axis counts it. */
  y(rate: number): number {
    return this.as === "rate" ? rate : (1e3 * this.scale) / rate;
  }

  get yTitle(): string {
    return this.as === "rate" ? this.unit : "ms";
  }

  /** An axis that holds rates from `least` to `most`: from nothing, or in ratios where it counts
   * times, whose slowest would leave no room for the fast ones. */
  yScale(least: number, most: number): Scale {
    return this.as === "rate" ? linear(0, most * 1.05) : logarithmic(this.y(most) * 0.9, this.y(least) * 1.1);
  }

  words(rate: number): string {
    return `${digits(rate)} ${this.unit}, ${time(this.scale / rate)}`;
  }
}

/** A trial in a line. */
export function trialWords([number, rate, low, high, predicted, status, at]: Point, settings: Settings): string {
  if (rate === null) return `trial ${number}: ${status.replaceAll("_", " ")}, after ${clock(at)}`;
  const interval = low !== null && high !== null ? ` (${digits(low)} to ${digits(high)})` : "";
  const expected = predicted !== null ? `, ${digits(predicted)} predicted` : "";
  return `trial ${number}: ${digits(rate)}${interval} ${settings.unit}, ${time(settings.scale / rate)}${expected}`;
}

/** Two or more buttons of which one is pressed. */
export function choice<T extends string>(label: string, options: Record<T, string>, chosen: T, choose: (option: T) => void): HTMLElement {
  const group = el("span", { class: "tv-choice", role: "group", "aria-label": label });
  for (const [option, words] of Object.entries(options) as [T, string][]) {
    const one = button(words, () => pick(option), { class: "tv-toggle tv-small", title: `${label}: ${words}` });
    one.dataset["option"] = option;
    group.append(one);
  }
  const press = (now: T) => {
    for (const one of group.children) one.setAttribute("aria-pressed", String((one as HTMLElement).dataset["option"] === now));
  };
  const pick = (option: T) => {
    press(option);
    choose(option);
  };
  press(chosen);
  return group;
}

/** The marks of failures, told apart by shape. */
export const FAILURE_SHAPES: Record<string, string> = {
  illegal: "△",
  build_error: "□",
  launch_error: "◇",
  timeout: "▽",
  crash: "✕",
  wrong_answer: "≠",
  implausible: "☆",
};

export const failureShape = (status: string): string => FAILURE_SHAPES[status] ?? "×";

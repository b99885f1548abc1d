// The settings as a kernel's environment: told as it begins, before any cell and without loading
// anything, so that they hold wherever tvmlab is used first. Defaults are not told, for a user's own
// environment may say otherwise.

import { DEFAULTS, type Settings } from "./settings.js";

/** See tvmlab/view/preferences.py and tvmlab/targets/cpu/build/patience.py. */
const VARIABLES = { protocol: "TVMLAB_TIMING", compileLimit: "TVMLAB_COMPILE_LIMIT" } as const;

export type Environment = Readonly<Record<string, string>>;

/** What is not as it is by default. */
export function environmentOf(settings: Settings): Environment {
  const names = Object.keys(VARIABLES) as (keyof typeof VARIABLES)[];
  const others = names.filter((name) => settings[name] !== DEFAULTS[name]);
  return Object.fromEntries(others.map((name) => [VARIABLES[name], String(settings[name])]));
}

/** A Python expression that takes an environment from what was told before; empty where nothing is to be done. */
export function telling(before: Environment, now: Environment): string {
  const parts = Object.entries(now)
    .filter(([name, value]) => before[name] !== value)
    .map(([name, value]) => `e.__setitem__(${JSON.stringify(name)}, ${JSON.stringify(value)})`);
  for (const name of Object.keys(before)) if (!(name in now)) parts.push(`e.pop(${JSON.stringify(name)}, None)`);
  return parts.length ? `(lambda e: [${parts.join(", ")}])(__import__("os").environ)` : "";
}

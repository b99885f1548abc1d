import { expect, test } from "vitest";
import { environmentOf, telling } from "./kernel_environment.js";
import { DEFAULTS } from "./settings.js";

test("what is as by default is not told", () => {
  expect(environmentOf(DEFAULTS)).toEqual({});
  const chosen = { ...DEFAULTS, protocol: "patient", compileLimit: 7.5, colours: "green and red" };
  expect(environmentOf(chosen)).toEqual({ TVMLAB_TIMING: "patient", TVMLAB_COMPILE_LIMIT: "7.5" });
});

test("a kernel is told only what changed, and what holds no longer is taken back", () => {
  expect(telling({}, {})).toBe("");
  expect(telling({}, { A: "1" })).toBe('(lambda e: [e.__setitem__("A", "1")])(__import__("os").environ)');
  expect(telling({ A: "1", B: "2" }, { A: "1" })).toBe('(lambda e: [e.pop("B", None)])(__import__("os").environ)');
  expect(telling({ A: "1" }, { A: "1" })).toBe("");
});

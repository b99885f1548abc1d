import { expect, test } from "vitest";
import { after, spliced, whole, type Known, type Splice } from "./told.js";

/** Numbers that are the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 1103515245 + 12345) % 2147483648) % below;
}

test("any places put in give the list that was meant, of the same objects", () => {
  const next = random(7);
  for (let round = 0; round < 300; round++) {
    const before = Array.from({ length: next(12) }, (_, n) => ({ n }));
    const meant: object[] = [];
    const places: Splice[] = [];
    for (let at = 0; at <= before.length; ) {
      const removed = next(3) === 0 ? Math.min(next(4), before.length - at) : 0;
      const come = next(3) === 0 ? Array.from({ length: next(3) }, () => ({ round })) : [];
      if (removed + come.length > 0) places.push([at, removed, come]);
      meant.push(...come);
      at += removed;
      if (at < before.length) meant.push(before[at]!);
      at++;
    }
    const found = spliced(before, places);
    expect(found.length).toBe(meant.length);
    expect(found.every((entry, n) => entry === meant[n])).toBe(true);
  }
});

interface State {
  title: string;
  lines: string[];
}

test("a state goes on from the one it names, and from no other", () => {
  const first: Known<State> = { seq: 3, state: { title: "C", lines: ["a", "b", "c"] } };
  const message = { seq: 4, base: 3, fields: {}, splices: { lines: [[1, 1, ["x", "y"]] as Splice] } };
  expect(after(first, message)).toEqual({ seq: 4, state: { title: "C", lines: ["a", "x", "y", "c"] } });
  expect(first.state.lines).toEqual(["a", "b", "c"]);
  expect(after(null, message)).toBeNull();
  expect(after({ ...first, seq: 2 }, message)).toBeNull();
  expect(after(null, whole(first))).toEqual(first);
});

import { expect, test } from "vitest";

import { addUses, loopUses, type Stretch } from "./loop_uses.js";

const PROGRAM = [
  "def C(A: float32[64, 64], B: float32[64, 64], C: float32[64, 64]):",
  "    for yo in range(8):",
  "        for x in range(64):",
  "            for k in range(64):",
  "                for yi in range(8):",
  '                    with block("C", vy=yo * 8 + yi, vx=x, vk=reduce(k), where=yo * 8 + yi < 60):',
  "                        with init():",
  "                            C[vy, vx] = 0.0",
  "                        C[vy, vx] = C[vy, vx] + A[vk, vy] * B[idx[vk, 0], vx]",
  "    for k in range(4):",
  '        with block("D", vk=k):',
  "            D[vk] = E[0] + float32(k)",
].map((text) => ({ text }));

function texts(at: number): string[] {
  return [...loopUses(PROGRAM, at)].flatMap(([n, found]) => found.map(([a, b]) => PROGRAM[n]!.text.slice(a, b)));
}

test("a loop reaches what its block binds and the elements at it", () => {
  expect(texts(1)).toEqual(["vy=yo * 8 + yi", "where=yo * 8 + yi < 60", "C[vy, vx]", "C[vy, vx]", "C[vy, vx]", "A[vk, vy]"]);
  expect(texts(2)).toEqual(["vx=x", "C[vy, vx]", "C[vy, vx]", "C[vy, vx]", "B[idx[vk, 0], vx]"]);
  expect(texts(3)).toEqual(["vk=reduce(k)", "A[vk, vy]", "B[idx[vk, 0], vx]"]);
});

test("it ends with its body, and a name is another one in another nest", () => {
  expect(texts(9)).toEqual(["vk=k", "D[vk]", "k"]);
});

test("a line that is no loop reaches nothing", () => {
  expect(texts(0)).toEqual([]);
  expect(texts(6)).toEqual([]);
  expect(texts(99)).toEqual([]);
});

test("what several loops reach in a line is all of it", () => {
  const uses = new Map<number, Stretch[]>();
  for (const at of [3, 1, 2]) addUses(uses, loopUses(PROGRAM, at));
  const marked = (n: number) => uses.get(n)!.map(([a, b]) => PROGRAM[n]!.text.slice(a, b));
  expect(marked(5)).toEqual(["vy=yo * 8 + yi", "vx=x", "vk=reduce(k)", "where=yo * 8 + yi < 60"]);
  expect(marked(8)).toEqual(["C[vy, vx]", "C[vy, vx]", "A[vk, vy]", "B[idx[vk, 0], vx]"]);
});

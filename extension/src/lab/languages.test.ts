import { expect, test } from "vitest";
import { lex } from "../tokens.js";
import { languageOf } from "./languages.js";

const kinds = (line: string, language: string) => lex(line, language).map(([a, b, kind]) => [line.slice(a, b), kind]);

test("PTX: directives, types, registers, labels", () => {
  expect(kinds("$L__BB0_2:", "ptx")).toEqual([["$L__BB0_2", "function"]]);
  expect(kinds("fma.rn.f32 %f3, %f1, 0f3F800000, %f2; // once", "ptx")).toEqual([
    ["fma", "keyword"],
    [".rn", "keyword"],
    [".f32", "dtype"],
    ["%f3", "variable"],
    ["%f1", "variable"],
    ["0f3F800000", "number"],
    ["%f2", "variable"],
    ["// once", "comment"],
  ]);
});

test("loop programs: loops, blocks, buffers", () => {
  expect(kinds('    for xo in parallel(8):  # first', "loops")).toEqual([
    ["for", "loop"],
    ["in", "keyword"],
    ["parallel", "function"],
    ["8", "number"],
    ["# first", "comment"],
  ]);
  expect(kinds("B[vy, vx] = A[vy, vx] * 2.5", "loops").map(([text]) => text)).toEqual(["B", "A", "2.5"]);
});

test("CodeMirror's parser goes through a text to its end", () => {
  for (const kind of ["llvm", "ptx", "loops"]) {
    const text = 'define float @f(ptr %a) {\n  ret float 0x3FF0 ; "x"\n}\nfor é in range(3):';
    expect(languageOf(kind).language.parser.parse(text).length).toBe(text.length);
  }
});

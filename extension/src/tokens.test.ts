import { expect, test } from "vitest";
import { coloured, lex } from "./tokens.js";

const kinds = (line: string, kind: string) => lex(line, kind).map(([start, end, k]) => [line.slice(start, end), k]);

test("LLVM IR is told apart", () => {
  expect(kinds("  %7 = fmul fast <16 x float> %5, %6 ; note", "llvm")).toEqual([
    ["%7", "variable"],
    ["fmul", "keyword"],
    ["fast", "keyword"],
    ["<16 x float>", "dtype"],
    ["%5", "variable"],
    ["%6", "variable"],
    ["; note", "comment"],
  ]);
});

test("assembly is told apart", () => {
  expect(kinds(".LBB0_1:", "asm")).toEqual([[".LBB0_1:", "function"]]);
  expect(kinds("    vfmadd231ps 64(%rax), %zmm0, %zmm1", "asm")).toEqual([
    ["vfmadd231ps", "keyword"],
    ["64", "number"],
    ["%rax", "variable"],
    ["%zmm0", "variable"],
    ["%zmm1", "variable"],
  ]);
});

test("coloured text keeps every character, whatever the tokens", () => {
  const holder = document.createElement("div");
  holder.append(coloured("for <b> in x", [[0, 3, "keyword"], [2, 5, "loop"], [90, 99, "number"]]));
  expect(holder.textContent).toBe("for <b> in x");
  expect(holder.querySelectorAll("span").length).toBe(1);
});

import { expect, test } from "vitest";
import { addDefaults } from "./default_languages.js";

test("ours are among the defaults, once, and nothing else changes", () => {
  const registry = { getDefaultLanguages: () => [{ name: "Python" }, { name: "PTX" }] };
  addDefaults(registry, [{ name: "PTX" }, { name: "LLVM IR" }]);
  addDefaults(registry, [{ name: "LLVM IR" }]);
  expect(registry.getDefaultLanguages().map(({ name }) => name)).toEqual(["Python", "PTX", "LLVM IR"]);
});

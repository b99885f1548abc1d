import { nullTranslator } from "@jupyterlab/translation";
import { expect, test } from "vitest";
import { templateWords } from "./template_words.js";
import { TEMPLATES } from "./templates.js";

test("every template has words", () => {
  const words = templateWords(nullTranslator.load("tvmlab"));
  expect(Object.keys(words)).toEqual(TEMPLATES.map(({ name }) => name));
});

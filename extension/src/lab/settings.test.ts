import { expect, test } from "vitest";
import schema from "../../schema/settings.json";
import * as names from "./names.js";
import { DEFAULTS } from "./settings.js";

test("the defaults are those of the schema", () => {
  const stated = Object.entries(schema.properties).map(([name, property]) => [name, property.default]);
  expect(Object.fromEntries(stated)).toEqual(DEFAULTS);
});

test("every command of ours has a shortcut, menu entries are ours, and no key is given twice", () => {
  const { DOMAIN, ...ours } = names;
  const commands = new Set<string>(Object.values(ours));
  expect(DOMAIN).toBe("tvmlab");
  const shortcuts = schema["jupyter.lab.shortcuts"];
  const items = schema["jupyter.lab.menus"].main.flatMap(({ items }) => items as { command?: string }[]);
  expect(new Set(shortcuts.map(({ command }) => command))).toEqual(commands);
  for (const { command } of [...shortcuts, ...items]) if (command) expect(commands).toContain(command);
  expect(new Set(shortcuts.map(({ keys }) => keys.join())).size).toBe(shortcuts.length);
});

import { beforeEach, expect, test, vi } from "vitest";
import { column, moves } from "./double.js";
import { PaneModel } from "./lab/pane_model.js";
import movesPane from "./panes/moves.js";
import type { MovesView } from "./schema.js";

let asked: Record<string, unknown>[];
let model: PaneModel<MovesView>;
let outer: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  model = new PaneModel((intent) => asked.push(intent));
  model.show(moves({ column: column({ told: "working", predictions: {} }) }));
  outer = document.createElement("div");
  document.body.replaceChildren(outer);
  void movesPane.render({ model, el: outer } as never);
});

const row = (line: string) => [...outer.querySelectorAll<HTMLElement>(".tv-offer")].find((node) => node.textContent === line)!;
const group = () => outer.querySelector<HTMLElement>("[data-group=loops]")!;
const told = () => outer.querySelectorAll("td.tv-told .tv-num").length;
const fire = (node: Element, event: Event) => node.dispatchEvent(event);
const pointer = (type: string) => new Event(type, { bubbles: true });
const space = (type: string) => new KeyboardEvent(type, { key: " ", bubbles: true });
/** What a browser does when a button is let go over `node`: nothing is clicked that is gone. */
const letGo = (node: HTMLElement, event: Event) => {
  fire(document.body, event);
  if (node.isConnected) node.click();
  vi.runAllTimers();
};

test("a row that predictions draw anew while it is pressed is clicked", () => {
  const pressed = row("split 16");
  fire(pressed, pointer("pointerdown"));
  model.show(moves());
  model.show(moves({ target_facts: "8 iterations" }));
  letGo(pressed, pointer("pointerup"));
  expect(asked.at(-1)).toMatchObject({ intent: "preview", values: { factors: "auto, 16" } });
  expect(told()).toBe(1);
  expect(outer.textContent).toContain("8 iterations");
});

test("so is a chip, with the space bar or the pointer", () => {
  for (const [down, up] of [[space("keydown"), space("keyup")], [pointer("pointerdown"), pointer("pointercancel")]] as const) {
    model.show(moves({ column: column({ told: "working", predictions: {} }) }));
    const pressed = group();
    fire(pressed, down);
    model.show(moves());
    expect(pressed.isConnected).toBe(true);
    expect(told()).toBe(0);
    letGo(pressed, up);
    expect(group().getAttribute("aria-selected")).toBe("true");
    expect(told()).toBe(1);
  }
});

test("what follows a press, as a field does, is drawn at once, and everything after a release", () => {
  group().click();
  fire(outer.querySelector("input")!, pointer("pointerdown"));
  model.show(moves());
  expect(told()).toBe(1);
  fire(row("split 8"), pointer("pointerdown"));
  fire(document.body, pointer("pointerup"));
  vi.runAllTimers();
  model.show(moves({ target_facts: "8 iterations" }));
  expect(outer.textContent).toContain("8 iterations");
});

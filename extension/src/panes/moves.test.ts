import { beforeEach, expect, test } from "vitest";
import { moves, RecordingHost } from "../double.js";
import { Moves } from "./moves.js";

let root: HTMLElement;
let host: RecordingHost;
let pane: Moves;

beforeEach(() => {
  root = document.createElement("section");
  document.body.replaceChildren(root);
  host = new RecordingHost();
  pane = new Moves(root, host);
});

const chip = (step: string) => root.querySelector<HTMLElement>(`[data-step=${step}]`)!;
const group = (name: string) => root.querySelector<HTMLElement>(`[data-group=${name}]`)!;
const field = () => root.querySelector<HTMLInputElement>("input[name=factors]")!;
const apply = () => root.querySelector<HTMLButtonElement>(".tv-primary")!;
const visible = (selector: string) => !root.querySelector<HTMLElement>(selector)!.hidden;

test("without a selection it says what to do", () => {
  pane.update(moves({ target: null, steps: [] }));
  expect(visible(".tv-empty")).toBe(true);
  expect(visible(".tv-moves-work")).toBe(false);
});

test("typing asks for a preview and Apply sends the fields", () => {
  pane.update(moves());
  expect(field().value).toBe("auto, 8");
  field().value = "auto, 4";
  field().dispatchEvent(new Event("input", { bubbles: true }));
  expect(host.last).toMatchObject({ intent: "preview", step: "split", values: { factors: "auto, 4" } });
  apply().click();
  expect(host.last).toEqual({ intent: "apply", step: "split", values: { factors: "auto, 4" } });
});

test("only the answer to the latest preview is shown", () => {
  pane.update(moves());
  field().value = "auto, 4";
  field().dispatchEvent(new Event("input", { bubbles: true }));
  const token = host.last!["token"] as number;
  const answer = { step: "split", effect: "", refusal: null };
  pane.update(moves({ preview: { ...answer, token: token - 1, line: "an old line" } }));
  expect(root.querySelector(".tv-line")!.textContent).not.toBe("an old line");
  const newest = host.last!["token"] as number;
  pane.update(moves({ preview: { ...answer, token: newest, line: "yo, yi = split" } }));
  expect(root.querySelector(".tv-line")!.textContent).toBe("yo, yi = split");
});

test("a preview is asked for once, however many answers are late", () => {
  pane.update(moves());
  root.querySelectorAll<HTMLElement>(".tv-offer")[1]!.click();
  const asked = host.asked.length;
  for (const token of [1, 2]) {
    pane.update(moves({ preview: { token, step: "split", line: "s", effect: "", refusal: null } }));
  }
  expect(host.asked.length).toBe(asked);
});

test("a refused step is grey, can be chosen, and says why and what instead", () => {
  pane.update(moves());
  expect(chip("vectorize")).toBeNull();
  expect(group("execution").className).toContain("tv-none-legal");
  group("execution").click();
  expect(chip("vectorize").className).toContain("tv-refused");
  expect(chip("vectorize").title).toBe("too many lanes");
  chip("vectorize").click();
  const { token } = host.last as unknown as { token: number };
  const refusal = moves().steps[1]!.refusal;
  pane.update(moves({ preview: { token, step: "vectorize", line: "v", effect: "", refusal } }));
  expect(root.querySelector(".tv-refusal")!.textContent).toBe("Too many lanes.Split first.");
  expect(apply().disabled).toBe(true);
});

test("an offered line fills the form", () => {
  pane.update(moves());
  root.querySelectorAll<HTMLElement>(".tv-offer")[1]!.click();
  expect(field().value).toBe("auto, 16");
  expect(host.last).toMatchObject({ intent: "preview", values: { factors: "auto, 16" } });
});

test("arrow keys walk through the steps", () => {
  pane.update(moves());
  chip("split").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  expect(chip("vectorize").getAttribute("aria-selected")).toBe("true");
});

test("what is being typed survives a redraw, and a new loop clears it", () => {
  pane.update(moves());
  field().focus();
  field().value = "auto, 4";
  field().dispatchEvent(new Event("input", { bubbles: true }));
  pane.update(moves({ refusal: moves().steps[1]!.refusal }));
  expect(field().value).toBe("auto, 4");
  pane.update(moves({ target: { block: "C", loop: "x" } }));
  expect(field().value).toBe("auto, 8");
});

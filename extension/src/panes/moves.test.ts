import { beforeEach, expect, test } from "vitest";
import { column, moves, RecordingHost } from "../double.js";
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
/** The first of the forms, where the chips of its kind are. */
const openForms = (state = moves()) => {
  pane.update(state);
  group("loops").click();
};
const rows = () => [...root.querySelectorAll<HTMLElement>(".tv-offer")].map((node) => node.textContent);
const palette = () => root.querySelector<HTMLDialogElement>("dialog")!;
const press = (node: Element, key: string, more = {}) =>
  node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const visible = (selector: string) => !root.querySelector<HTMLElement>(selector)!.hidden;

test("without a selection it says what to do", () => {
  pane.update(moves({ target: null, steps: [] }));
  expect(visible(".tv-empty")).toBe(true);
  expect(visible(".tv-moves-work")).toBe(false);
});

test("typing asks for a preview and Apply sends the fields", () => {
  openForms();
  expect(field().value).toBe("auto, 8");
  field().value = "auto, 4";
  field().dispatchEvent(new Event("input", { bubbles: true }));
  expect(host.last).toMatchObject({ intent: "preview", step: "split", values: { factors: "auto, 4" } });
  apply().click();
  expect(host.last).toEqual({ intent: "apply", step: "split", values: { factors: "auto, 4" } });
});

test("only the answer to the latest preview is shown", () => {
  openForms();
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
  openForms();
  root.querySelectorAll<HTMLElement>(".tv-offer")[1]!.click();
  const asked = host.asked.length;
  for (const token of [1, 2]) {
    pane.update(moves({ preview: { token, step: "split", line: "s", effect: "", refusal: null } }));
  }
  expect(host.asked.length).toBe(asked);
});

test("a refused step is grey, can be chosen, and says why and what instead", () => {
  openForms();
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
  openForms();
  root.querySelectorAll<HTMLElement>(".tv-offer")[1]!.click();
  expect(field().value).toBe("auto, 16");
  expect(host.last).toMatchObject({ intent: "preview", values: { factors: "auto, 16" } });
});

test("a step that is gone gives way to the list of all, and not to another step", () => {
  openForms();
  const left = moves().steps.filter(({ step }) => step !== "split");
  pane.update(moves({ steps: left }));
  expect(group("all").getAttribute("aria-selected")).toBe("true");
  expect(apply().disabled).toBe(true);
});

test("the moves of another loop begin at the fastest, not where the last ones were left", () => {
  pane.update(moves());
  const table = root.querySelector<HTMLElement>(".tv-offers")!;
  table.scrollTop = 40;
  pane.update(moves());
  expect(table.scrollTop).toBe(40);
  pane.update(moves({ target: { block: "C", loop: "another" } }));
  expect(table.scrollTop).toBe(0);
});

test("arrow keys walk through the steps", () => {
  openForms();
  chip("split").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  expect(chip("vectorize").getAttribute("aria-selected")).toBe("true");
});

test("what is being typed survives a redraw, and a new loop clears it", () => {
  openForms();
  field().focus();
  field().value = "auto, 4";
  field().dispatchEvent(new Event("input", { bubbles: true }));
  pane.update(moves({ refusal: moves().steps[1]!.refusal }));
  expect(field().value).toBe("auto, 4");
  pane.update(moves({ target: { block: "C", loop: "x" } }));
  expect(field().value).toBe("auto, 8");
});

test("the table has every legal move, and below them what is not legal and why", () => {
  pane.update(moves());
  expect(rows()).toEqual(["split 8", "split 16"]);
  expect(root.querySelector(".tv-not-legal")!.textContent).toContain("not legal: too many lanes");
  expect(root.querySelector<HTMLElement>(".tv-not-legal td:last-child")!.title).toContain("split first");
  chip("vectorize").click();
  expect(host.last).toMatchObject({ intent: "preview", step: "vectorize" });
  expect(group("execution").getAttribute("aria-selected")).toBe("true");
});

test("what is told is asked for once, and said with its interval", () => {
  pane.update(moves({ column: column({ told: "none", predictions: {} }) }));
  expect(host.asked).toEqual([{ intent: "predict" }]);
  pane.update(moves({ column: column({ told: "none", predictions: {} }) }));
  pane.update(moves({ column: column({ told: "working" }) }));
  pane.update(moves());
  expect(host.asked.length).toBe(1);
  const cells = [...root.querySelectorAll("td.tv-told")].map((node) => node.textContent);
  expect(cells).toEqual(["×1.500.90–2.50predicted 1.50 times as long, between 0.90 and 2.50", "cannot be told"]);
  pane.update(moves({ target: { block: "C", loop: "x" }, column: column({ told: "none" }) }));
  expect(host.asked.length).toBe(2);
});

test("where nothing is told of the program as it is, a move is told how long it would take", () => {
  const told = { time_s: 0.0083, ratio: 0, low: 0, high: 0 };
  pane.update(moves({ column: column({ now_s: 0, reason: "bind a loop", predictions: { "split 8": null, "split 16": told } }) }));
  expect(rows()).toEqual(["split 16", "split 8"]);
  expect(root.querySelector("td.tv-told")!.textContent).toBe("≈ 8.30 ms");
  expect(root.querySelector(".tv-stage")!.textContent).toBe("bind a loop");
});

test("moves are sorted by what is told, or by what was measured", () => {
  const predictions = { "split 8": { time_s: 0.015, ratio: 1.5, low: 1, high: 2 }, "split 16": { time_s: 0.005, ratio: 0.5, low: 0.3, high: 0.8 } };
  const result = { reason: "", spread: 0.01, ratio: 1, low: 0.9, high: 1.1, verdict: "can't tell" as const };
  const timed = { "split 8": { ...result, median_s: 0.001 }, "split 16": { ...result, median_s: 0.002 } };
  pane.update(moves({ column: column({ predictions, timed }) }));
  expect(rows()).toEqual(["split 16", "split 8"]);
  const sort = [...root.querySelectorAll<HTMLElement>(".tv-sort")];
  sort[2]!.click();
  expect(rows()).toEqual(["split 8", "split 16"]);
  expect(sort[2]!.parentElement!.getAttribute("aria-sort")).toBe("ascending");
  sort[0]!.click();
  expect(rows()).toEqual(["split 8", "split 16"]);
  expect(root.querySelector("td.tv-timed")!.textContent).toBe("1.00 ms≈ can't tell±1.0 %");
});

test("a row is chosen by a click or Enter, and Enter again applies it", () => {
  pane.update(moves());
  expect(apply().disabled).toBe(true);
  const row = () => root.querySelectorAll<HTMLElement>(".tv-offer")[1]!;
  row().focus();
  row().click();
  expect(host.last).toMatchObject({ intent: "preview", step: "split", values: { factors: "auto, 16" } });
  expect(document.activeElement).toBe(row());
  expect(root.querySelector(".tv-line")!.textContent).toBe("split 16");
  press(row(), "Enter");
  expect(host.last).toEqual({ intent: "apply", step: "split", values: { factors: "auto, 16" } });
  press(row(), "ArrowUp");
  expect(document.activeElement!.textContent).toBe("split 8");
});

test("the moves listed are measured as they stand, until stopped", () => {
  pane.update(moves());
  const measure = [...root.querySelectorAll<HTMLElement>("header button")][0]!;
  measure.click();
  expect(host.last).toEqual({ intent: "measure_moves", lines: ["split 8", "split 16"] });
  pane.update(moves({ column: column({ stage: "1 of 2: split 8" }) }));
  expect(measure.textContent).toBe("Stop");
  expect(root.querySelector(".tv-stage")!.textContent).toBe("Measuring 1 of 2: split 8");
  measure.click();
  expect(host.last).toEqual({ intent: "stop_moves" });
});

test("the palette finds moves and commands by words, with the keyboard alone", () => {
  pane.update(moves());
  group("loops").focus();
  press(group("loops"), "k", { ctrlKey: true });
  expect(palette().open).toBe(true);
  const input = palette().querySelector("input")!;
  const options = () => [...palette().querySelectorAll('[role="option"]')];
  expect(document.activeElement).toBe(input);
  expect(options().length).toBeGreaterThan(10);
  input.value = "spl 16";
  input.dispatchEvent(new Event("input", { bubbles: true }));
  expect(options().length).toBe(1);
  expect(input.getAttribute("aria-activedescendant")).toBe(options()[0]!.id);
  press(input, "Enter");
  expect(host.last).toEqual({ intent: "apply", line: "split 16" });
  expect(palette().open).toBe(false);
  expect(document.activeElement).toBe(group("loops"));
  press(group("loops"), "k", { ctrlKey: true });
  press(input, "ArrowDown");
  expect(options()[1]!.getAttribute("aria-selected")).toBe("true");
  press(input, "ArrowUp");
  press(input, "ArrowUp");
  expect(options().at(-1)!.getAttribute("aria-selected")).toBe("true");
  input.value = "nonesuch";
  input.dispatchEvent(new Event("input", { bubbles: true }));
  expect(palette().textContent).toContain("Nothing has these words");
  const asked = host.asked.length;
  press(input, "Enter");
  press(input, "Escape");
  expect(palette().open).toBe(false);
  expect(host.asked.length).toBe(asked);
});

test("the shortcut is left to others outside the lab, and after the pane is gone", () => {
  pane.update(moves());
  press(document.body, "k", { ctrlKey: true });
  expect(palette().open).toBe(false);
  const gone = palette();
  pane.dispose();
  press(group("loops"), "k", { ctrlKey: true });
  expect(gone.open).toBe(false);
});

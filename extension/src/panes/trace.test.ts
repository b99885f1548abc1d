import { beforeEach, expect, test } from "vitest";
import { RecordingHost, trace } from "../double.js";
import type { HoleView } from "../schema.js";
import { Trace } from "./trace.js";

let root: HTMLElement;
let host: RecordingHost;
let pane: Trace;

beforeEach(() => {
  root = document.createElement("section");
  document.body.replaceChildren(root);
  host = new RecordingHost();
  pane = new Trace(root, host);
  pane.update(trace(["one", "two", "three"], 2));
});

const steps = () => [...root.querySelectorAll<HTMLElement>(".tv-step")];
const key = (node: Element, name: string) =>
  node.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
/** The name under which the line typed last was sent. */
const typed = () => String((host.last as { typed?: string }).typed);
const edit = (row: number) => {
  [...steps()[row]!.querySelectorAll("button")].find((b) => b.textContent === "Edit")!.click();
  return steps()[row]!.querySelector("input")!;
};

test("the position is marked and later lines can be redone", () => {
  expect(steps().map((step) => step.getAttribute("aria-current"))).toEqual([null, null, "step", null]);
  expect(steps()[3]!.className).toContain("tv-later");
  steps()[0]!.querySelector("button")!.click();
  expect(host.last).toEqual({ intent: "go_to", position: 0 });
});

test("undo and redo are offered where there is something to", () => {
  const [undo, redo] = root.querySelectorAll<HTMLButtonElement>("header button");
  undo!.click();
  expect(host.last).toEqual({ intent: "undo" });
  pane.update(trace(["one"], 1));
  expect(redo!.disabled).toBe(true);
});

test("Enter replaces a line and Escape leaves it", () => {
  const input = edit(2);
  expect(input.value).toBe("two");
  input.value = "TWO";
  key(input, "Enter");
  expect(host.last).toEqual({ intent: "edit", index: 1, line: "TWO", typed: typed() });
  pane.update(trace(["one", "TWO", "three"], 3, { taken: typed() }));
  expect(root.querySelector(".tv-step input")).toBeNull();
  key(edit(1), "Escape");
  expect(root.querySelector(".tv-step input")).toBeNull();
});

test("a refused edit stays open with the reason, at the line it names", () => {
  const input = edit(1);
  input.value = "bad";
  key(input, "Enter");
  const refusal = { asked: "bad", where: "line 2", why: "no", instead: "" };
  pane.update(trace(["one", "two", "three"], 2, { refusal, refused_line: 1 }));
  expect(root.querySelector<HTMLInputElement>(".tv-step input")!.value).toBe("bad");
  expect(steps()[2]!.className).toContain("tv-step-refused");
  expect(root.querySelector(".tv-refusal")!.textContent).toBe("No.");
});

test("the lane appends a line and keeps what was refused", () => {
  const lane = root.querySelector<HTMLInputElement>(".tv-lane input")!;
  lane.value = "four";
  key(lane, "Enter");
  expect(host.last).toEqual({ intent: "apply", line: "four", place: "trace", typed: typed() });
  const refusal = { asked: "four", where: "", why: "no", instead: "" };
  pane.update(trace(["one", "two", "three"], 2, { refusal }));
  expect(lane.value).toBe("four");
  key(lane, "Enter");
  pane.update(trace(["one", "two", "four"], 3, { taken: typed() }));
  expect(lane.value).toBe("");
});

test("what was typed stays when somebody else changes the schedule", () => {
  const lane = root.querySelector<HTMLInputElement>(".tv-lane input")!;
  lane.value = "four";
  key(lane, "Enter");
  pane.update(trace(["one", "two", "cell"], 3, { taken: "of another view" }));
  expect(lane.value).toBe("four");
  pane.update(trace(["one", "two", "cell", "four"], 4, { taken: typed() }));
  expect(lane.value).toBe("");
});

test("a line being edited stays open, or goes into the lane when there is no such line any more", () => {
  edit(2).value = "half";
  pane.update(trace(["one", "two", "three", "cell"], 4));
  expect(root.querySelector<HTMLInputElement>(".tv-step input")!.value).toBe("half");
  pane.update(trace(["cell"], 1));
  expect(root.querySelector(".tv-step input")).toBeNull();
  expect(root.querySelector<HTMLInputElement>(".tv-lane input")!.value).toBe("half");
});

test("a step that is legal but slow says so under its line", () => {
  const state = trace(["one", "two"], 2);
  state.lines[1]!.cautions = ["loop x of block C: 16 accesses; vectorize y."];
  pane.update(state);
  expect(steps()[1]!.querySelector(".tv-caution")).toBeNull();
  expect(steps()[2]!.querySelector(".tv-caution")!.textContent).toBe(
    "Legal but slow: loop x of block C: 16 accesses; vectorize y.",
  );
});

const withHole = (more: Partial<HoleView> = {}) => {
  const state = trace(["one", "two"], 2);
  state.lines[0]!.holes = [
    { name: "rows", value: "4", options: ["2", "4", "8"], unlisted: 0, is_frozen: false, ...more },
  ];
  return state;
};
const select = () => root.querySelector<HTMLSelectElement>('[data-hole="rows"] select')!;
const toggle = () => root.querySelector<HTMLButtonElement>('[data-hole="rows"] button')!;

test("a decision shows its options, takes another and is frozen", () => {
  pane.update(withHole());
  expect(root.querySelectorAll("[data-hole]").length).toBe(1);
  expect([...select().options].map((option) => option.value)).toEqual(["2", "4", "8"]);
  expect(select().value).toBe("4");
  select().value = "8";
  select().dispatchEvent(new Event("change"));
  expect(host.last).toEqual({ intent: "decide", name: "rows", option: "8" });
  expect([toggle().textContent, toggle().getAttribute("aria-pressed")]).toEqual(["Open", "false"]);
  toggle().click();
  expect(host.last).toEqual({ intent: "decide", name: "rows", frozen: true });
  pane.update(withHole({ value: "8", is_frozen: true }));
  expect([toggle().textContent, toggle().getAttribute("aria-pressed")]).toEqual(["Frozen", "true"]);
  toggle().click();
  expect(host.last).toEqual({ intent: "decide", name: "rows", frozen: false });
});

test("the focus stays on a decision that is drawn anew", () => {
  pane.update(withHole());
  toggle().focus();
  const before = toggle();
  pane.update(withHole({ is_frozen: true }));
  expect(toggle()).not.toBe(before);
  expect(document.activeElement).toBe(toggle());
  select().focus();
  pane.update(withHole());
  expect(document.activeElement).toBe(select());
});

test("what a list has no room for is said and cannot be chosen", () => {
  pane.update(withHole({ unlisted: 120 }));
  const last = [...select().options].at(-1)!;
  expect(last.textContent).toBe("and 120 more: edit the line");
  expect(last.disabled).toBe(true);
});

test("pasted lines go on from here, a whole schedule begins anew, one line is left to the lane", () => {
  const lane = root.querySelector<HTMLInputElement>(".tv-lane input")!;
  const paste = (text: string) => {
    const event = new Event("paste", { bubbles: true, cancelable: true });
    Object.assign(event, { clipboardData: { getData: () => text } });
    return lane.dispatchEvent(event);
  };
  expect(paste('s["C"].parallel("y")')).toBe(true);
  expect(host.asked).toEqual([]);
  expect(paste("one\ntwo\n")).toBe(false);
  expect(host.last).toEqual({ intent: "apply", line: "one\ntwo", place: "trace" });
  paste('{"tvmlab_trace": 1}');
  expect(host.last).toEqual({ intent: "load_trace", text: '{"tvmlab_trace": 1}' });
});

test("a file of a schedule is opened", async () => {
  const input = root.querySelector<HTMLInputElement>('input[type="file"]')!;
  Object.defineProperty(input, "files", { value: [{ text: async () => "s = t.create_schedule(C)\none" }] });
  input.dispatchEvent(new Event("change"));
  await Promise.resolve();
  await Promise.resolve();
  expect(host.last).toEqual({ intent: "load_trace", text: "s = t.create_schedule(C)\none" });
});

import { beforeEach, expect, test } from "vitest";
import { RecordingHost } from "../double.js";
import type { BranchesView, BranchView } from "../schema.js";
import { Branches } from "./branches.js";

let root: HTMLElement;
let host: RecordingHost;
let pane: Branches;

const branch = (number: number, more: Partial<BranchView> = {}): BranchView => ({
  number,
  name: `branch ${number}`,
  steps: 1,
  origin: "",
  time: "",
  share: 0,
  is_current: false,
  lines: [{ position: 1, text: "split", time: "2 ms", share: 0.5, is_current: false, is_pinned: false }],
  ...more,
});
const view = (more: Partial<BranchesView> = {}): BranchesView => ({
  branches: [branch(1, { is_current: true }), branch(2)],
  pinned: "",
  pinned_is_shown: false,
  refusal: null,
  ...more,
});
const press = (label: string, nth = 0) =>
  [...root.querySelectorAll("button")].filter((b) => b.textContent === label)[nth]!.click();
const key = (name: string) =>
  root.querySelector("input")!.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));

beforeEach(() => {
  root = document.createElement("section");
  document.body.replaceChildren(root);
  host = new RecordingHost();
  pane = new Branches(root, host);
  pane.update(view());
});

test("branches are opened, and steps are picked from those that are not shown", () => {
  press("branch 2");
  expect(host.last).toEqual({ intent: "open_branch", number: 2 });
  press("split", 1);
  expect(host.last).toEqual({ intent: "open_branch", number: 2, position: 1 });
  expect([...root.querySelectorAll("button")].filter((b) => b.textContent === "Pick")).toHaveLength(1);
  press("Pick");
  expect(host.last).toEqual({ intent: "cherry_pick", number: 2, position: 1 });
  expect(root.querySelector<HTMLElement>(".tv-bar-fill")!.style.width).toBe("50%");
});

test("a name is typed, kept while the pane is drawn anew, and taken or left", () => {
  press("Rename");
  root.querySelector("input")!.value = "fast one";
  pane.update(view());
  expect(root.querySelector("input")!.value).toBe("fast one");
  key("Enter");
  expect(host.last).toEqual({ intent: "rename_branch", number: 1, name: "fast one" });
  pane.update(view({ branches: [branch(1, { is_current: true, name: "fast one" })] }));
  expect(root.querySelector("input")).toBeNull();
  press("Rename");
  key("Escape");
  expect(root.querySelector("input")).toBeNull();
});

test("the state shown is pinned and let go", () => {
  press("Pin this state");
  expect(host.last).toEqual({ intent: "pin" });
  pane.update(view({ pinned: "step 1: split", pinned_is_shown: true }));
  expect(root.querySelector('[role="status"]')!.textContent).toBe("Pinned: step 1: split");
  press("Unpin");
  expect(host.last).toEqual({ intent: "unpin" });
});

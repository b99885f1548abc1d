import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pane, type Host } from "./pane.js";

type Status = { iopub: { status: () => void } };

const sent: Status[] = [];
let isGone = false;
let host: Host;
let outer: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = 0;
  isGone = false;
  outer = document.createElement("div");
  document.documentElement.removeAttribute("data-tvmlab-heard");
  const traits: Record<string, unknown> = { news: JSON.stringify({ seq: 0, base: null, fields: { text: "from the kernel" }, splices: {} }), problem: "" };
  const model = {
    get: (name: string) => traits[name],
    on: () => {},
    off: () => {},
    set: (name: string, value: unknown) => (traits[name] = value),
    send: (_: unknown, callbacks: Status) => {
      if (isGone) throw new Error("Cannot send"); // as ipywidgets does after a restart
      sent.push(callbacks);
    },
  };
  const drawing = pane<{ text: string }>("test", (root, given) => {
    host = given;
    return { update: ({ text }) => root.prepend(text) };
  });
  drawing.render({ model, el: outer } as never);
});

afterEach(() => void vi.useRealTimers());

const isWaiting = () => !outer.querySelector<HTMLElement>(".tv-held")!.hidden;

test("a state comes as one string", () => {
  expect(outer.textContent).toContain("from the kernel");
});

test("a request that a running cell holds back says so until the kernel begins with it", () => {
  host.ask({ intent: "undo" });
  sent[0]!.iopub.status();
  host.ask({ intent: "undo" });
  host.ask({ intent: "redo" });
  expect(isWaiting()).toBe(false);
  vi.advanceTimersByTime(1500);
  expect(isWaiting()).toBe(true);
  sent[1]!.iopub.status();
  expect(isWaiting()).toBe(true);
  sent[2]!.iopub.status();
  sent[2]!.iopub.status();
  expect(isWaiting()).toBe(false);
});

test("where the page does not tell when a kernel begins, nothing is said", () => {
  host.ask({ intent: "undo" });
  vi.advanceTimersByTime(5000);
  expect(isWaiting()).toBe(false);
});

test("where the kernel is gone this is said at once, and that the cell brings it back", () => {
  isGone = true;
  host.ask({ intent: "undo" });
  expect(isWaiting()).toBe(true);
  vi.advanceTimersByTime(5000);
  expect(outer.querySelector(".tv-held")!.textContent).toContain("run the cell again");
});

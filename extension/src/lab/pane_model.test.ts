import { expect, test } from "vitest";
import { el } from "../dom.js";
import { pane } from "../pane.js";
import type { Intent } from "../schema.js";
import { drawPane, PaneModel } from "./pane_model.js";

const echo = pane<{ text: string }>("echo", (root, host) => {
  const line = el("p", { onclick: () => host.ask({ intent: "clicked" }) });
  root.append(line);
  return {
    update: ({ text }) => (line.textContent = text),
    receive: (message) => (line.textContent = String(message)),
    dispose: () => (line.textContent = "gone"),
  };
});

test("a pane draws, asks and complains on a model that is no widget's", () => {
  const asked: Intent[] = [];
  const model = new PaneModel<{ text: string }>((intent) => asked.push(intent));
  const element = el("div");
  model.show({ text: "first" });
  const dispose = drawPane(echo, model, element);
  const line = element.querySelector("p")!;
  expect(line.textContent).toBe("first");
  model.show({ text: "second" });
  expect(line.textContent).toBe("second");
  model.tell("a delta");
  expect(line.textContent).toBe("a delta");
  line.click();
  expect(asked).toEqual([{ intent: "clicked" }]);
  const problem = element.querySelector<HTMLElement>(".tv-problem")!;
  model.complain("no kernel");
  expect([problem.hidden, problem.textContent]).toEqual([false, "no kernel"]);
  dispose();
  model.show({ text: "third" });
  expect(line.textContent).toBe("gone");
  expect(element.childElementCount).toBe(0);
});

import { expect, test } from "vitest";
import type { LearnView, TaskView } from "../schema.js";
import { RecordingHost } from "../double.js";
import { Learn } from "./learn.js";

const TASK: TaskView = {
  name: "mend",
  title: "Lanes",
  kind: "Repair a schedule",
  points: 10,
  text: ["Mend it."],
  start: 's["C"].vectorize("k")',
  shown: "",
  refused: "line 1: they meet",
  workload: "t.ops.matmul(m=64)",
  is_here: true,
  has_start: true,
  code: 't.Lab.exercise("mend")',
  questions: [],
  is_guess: false,
  hints: [],
  hints_left: 2,
};
const BOUND = { name: "bound", asked: "What bounds C?", options: ["memory", "arithmetic"] };
const SPEED = { name: "speed", asked: "Is this faster?", options: ["faster", "slower"] };

const view = (more: Partial<LearnView> = {}): LearnView => ({
  exercises: [
    { name: "mend", title: "Lanes", kind: "Repair", status: "passed", reached: 10, points: 10 },
    { name: "tiles", title: "Tiles", kind: "Speed", status: "new", reached: 0, points: 20 },
  ],
  task: null,
  grade: null,
  guess: { questions: [SPEED, BOUND], verdict: "", words: "", calibration: "" },
  going: "",
  stage: "",
  reason: "",
  refusal: null,
  ...more,
});

function pane() {
  const root = document.createElement("section");
  document.body.replaceChildren(root);
  const host = new RecordingHost();
  const find = (name: string, within: ParentNode = root) =>
    [...within.querySelectorAll("button")].find((node) => node.textContent === name)!;
  return { root, host, find, drawn: new Learn(root, host) };
}

test("the list says by a sign and in words how each exercise stands, and opens one", () => {
  const { root, host, drawn } = pane();
  drawn.update(view());
  const [first, second] = [...root.querySelectorAll<HTMLButtonElement>(".tv-exercise")];
  expect(first!.textContent).toBe("✓Lanes, passed, 10/10");
  expect(second!.textContent).toBe("○Tiles, not begun, 0/20");
  first!.focus();
  first!.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  expect(document.activeElement).toBe(second);
  second!.click();
  expect(host.last).toEqual({ intent: "open_exercise", name: "tiles" });
  expect(root.textContent).toContain("nothing leaves this machine");
});

test("an exercise of this lab can be begun, hinted at and checked", () => {
  const { root, host, find, drawn } = pane();
  drawn.update(view({ task: TASK }));
  find("Begin").click();
  find("Hint (2 left)").click();
  find("Check").click();
  expect(host.asked.map(({ intent }) => intent)).toEqual(["begin_exercise", "next_hint", "check_exercise"]);
  expect(root.querySelector("pre")!.textContent).toContain("vectorize");
  drawn.update(view({ task: TASK, going: "check", stage: "Measuring…" }));
  expect(find("Checking…").disabled).toBe(true);
});

test("one of another expression says the line that opens it, and cannot be checked here", () => {
  const { root, find, drawn } = pane();
  drawn.update(view({ task: { ...TASK, is_here: false } }));
  expect(root.querySelector(".tv-elsewhere")!.textContent).toContain('t.Lab.exercise("mend")');
  expect(find("Check").disabled).toBe(true);
  expect(find("Begin").hidden).toBe(true);
});

test("the grader's words stand with signs; an old grade says so", () => {
  const { root, drawn } = pane();
  const marks = [
    { what: "right", is_passed: true, share: 1, words: "all agree" },
    { what: "speed", is_passed: false, share: 0.5, words: "half <b>of it</b>" },
  ];
  drawn.update(view({ task: TASK, grade: { is_passed: false, points: 6.5, of: 10, marks, is_current: false } }));
  const grade = root.querySelector(".tv-grade")!;
  expect(grade.textContent).toContain("✗ Not passed yet 6.5 of 10 points · the schedule has changed since");
  expect([...grade.querySelectorAll("li")].map((row) => row.textContent)).toEqual([
    "+right: all agree",
    "−speed: half <b>of it</b>",
  ]);
});

test("a guess in an exercise is handed in with how sure it is", () => {
  const { root, host, find, drawn } = pane();
  const task = { ...TASK, is_here: false, questions: [{ ...BOUND, name: "choice" }], is_guess: true };
  drawn.update(view({ task }));
  expect(find("Check").disabled).toBe(true);
  find("arithmetic", root.querySelector(".tv-task")!).click();
  const slider = root.querySelector<HTMLInputElement>(".tv-task input")!;
  slider.value = "90";
  slider.dispatchEvent(new Event("input"));
  drawn.update(view({ task, stage: "again" }));
  find("Check").click();
  expect(host.last).toEqual({ intent: "check_exercise", choice: "arithmetic", confidence: 0.9 });
});

test("the card asks first and reveals after", () => {
  const { root, host, find, drawn } = pane();
  drawn.update(view());
  expect(find("Reveal").disabled).toBe(true);
  find("Bound").click();
  find("memory").click();
  find("Reveal").click();
  expect(host.last).toEqual({ intent: "reveal", question: "bound", choice: "memory", confidence: 0.75 });
  const guess = { questions: [SPEED, BOUND], verdict: "wrong" as const, words: "It is arithmetic.", calibration: "1 of 2 right" };
  drawn.update(view({ guess }));
  expect(root.querySelector(".tv-verdict")!.textContent).toBe("✗ Not so. It is arithmetic.");
  expect(root.textContent).toContain("So far: 1 of 2 right.");
  expect(find("memory").getAttribute("aria-pressed")).toBe("true");
});

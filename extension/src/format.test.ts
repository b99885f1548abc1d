import { expect, test } from "vitest";
import { clock, digits, percent, time } from "./format.js";

test("times carry three digits and a fitting unit", () => {
  expect([1.5, 0.0123, 4.56e-5, 7.8e-9].map(time)).toEqual(["1.50 s", "12.3 ms", "45.6 µs", "7.80 ns"]);
  expect(time(NaN)).toBe("–");
});

test("rates and shares do not pretend to be exact", () => {
  expect([1234, 45.67, 0.5].map(digits)).toEqual(["1234", "45.7", "0.50"]);
  expect([0.012, 0.314, 1].map(percent)).toEqual(["1.2 %", "31 %", "100 %"]);
});

test("clocks count hours only when there are some", () => {
  expect([0, 7.4, 750, 3723].map(clock)).toEqual(["0:00", "0:07", "12:30", "1:02:03"]);
});

import { expect, test } from "vitest";
import { clock, digits, percent, signed, time } from "./format.js";

test("times carry three digits and a fitting unit", () => {
  expect([1.5, 0.0123, 4.56e-5, 7.8e-9].map(time)).toEqual(["1.50 s", "12.3 ms", "45.6 µs", "7.80 ns"]);
  expect([NaN, 0, 999.7e-6].map(time)).toEqual(["–", "0 ns", "1.00 ms"]);
});

test("rates and shares do not pretend to be exact", () => {
  expect([1234, 45.67, 0.5].map(digits)).toEqual(["1,234", "45.7", "0.50"]);
  expect([0.012, 0.314, 1].map(percent)).toEqual(["1.2 %", "31 %", "100 %"]);
});

test("no number has an exponent, however large or small", () => {
  expect([1e9, 123456.7, 99.97, 9.999].map(digits)).toEqual(["1,000,000,000", "123,457", "100", "10.0"]);
  expect([0, 0.042, 2.04e-7, -3e-10].map(digits)).toEqual(["0", "0.042", "2.0 × 10⁻⁷", "−3.0 × 10⁻¹⁰"]);
  expect([Infinity, -Infinity].map(digits)).toEqual(["–", "–"]);
  expect([0.31, -0.0514, -12.44, 4e-5].map(signed)).toEqual(["+0.31", "−0.05", "−12.44", "+4.0 × 10⁻⁵"]);
});

test("clocks count hours only when there are some", () => {
  expect([0, 7.4, 750, 3723].map(clock)).toEqual(["0:00", "0:07", "12:30", "1:02:03"]);
});

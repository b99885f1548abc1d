// Numbers as people read them. Three significant digits: more is noise in a measurement.

/** A time with its unit: 1.23 ms. */
export function time(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const scales: [number, string][] = [
    [1, "s"],
    [1e-3, "ms"],
    [1e-6, "µs"],
  ];
  for (const [scale, unit] of scales) {
    // What three digits would round up to the next unit is said in it: 999.7 µs are 1.00 ms.
    if (seconds >= 0.9995 * scale) return `${digits(seconds / scale)} ${unit}`;
  }
  return `${digits(seconds / 1e-9)} ns`;
}

/** From one time to another, in the unit of the longer: 10.8 – 11.3 ms. */
export function timeRange(low: number, high: number): string {
  const [, unit] = time(high).split(" ");
  const scale = { s: 1, ms: 1e-3, "µs": 1e-6, ns: 1e-9 }[unit ?? "s"] ?? 1;
  return `${digits(low / scale)} – ${time(high)}`;
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Three significant digits without an exponent, all of a large number; two of a small fraction. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value < 0) return `−${digits(-value)}`;
  if (value >= 99.95) return Math.round(value).toLocaleString("en");
  if (value >= 9.995) return value.toFixed(1);
  if (value === 0) return "0";
  if (value >= 0.0995) return value.toFixed(2);
  if (value >= 1e-4) return value.toPrecision(2);
  const [digit, power] = value.toExponential(1).split("e-");
  return `${digit} × 10⁻${[...power!].map((n) => RAISED[Number(n)]).join("")}`;
}

/** A number with its sign, and as many places for all but tiny ones: +0.31, −0.05. */
export function signed(value: number): string {
  const size = Math.abs(value);
  return `${value < 0 ? "−" : "+"}${size >= 0.005 ? size.toFixed(2) : digits(size)}`;
}

/** A fraction as a percentage: 0.314 -> 31 %. */
export function percent(fraction: number): string {
  if (!Number.isFinite(fraction)) return "–";
  const value = fraction * 100;
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** A duration for a clock: 0:07, 12:30, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

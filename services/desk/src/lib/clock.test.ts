import { expect, test } from "vitest";
import { asDuration, inFigures, offsetMs, secondsSince, secondsUntil } from "./clock";

test("the server's clock is taken as of the middle of the question", () => {
  expect(offsetMs("1970-01-01T00:00:10.000000Z", 4_000, 6_000)).toBe(5_000);
});

test("a time that has not begun by our clock has lasted for nothing", () => {
  expect(secondsSince("1970-01-01T00:00:10.000000Z", 9_500)).toBe(0);
  expect(secondsSince("1970-01-01T00:00:10.000000Z", 12_500)).toBe(2.5);
  expect(secondsSince(null, 12_500)).toBe(0);
  expect(secondsUntil("1970-01-01T00:00:10.000000Z", 12_500)).toBe(0);
});

test.each([
  [0, "0:00", "PT0S"],
  [67.9, "1:07", "PT1M7S"],
  [3723, "1:02:03", "PT1H2M3S"],
])("%d seconds are told as %s", (seconds, shown, told) => {
  expect([inFigures(seconds), asDuration(seconds)]).toEqual([shown, told]);
});

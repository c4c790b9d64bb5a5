import { expect, test } from "vitest";
import { mosOf, qualityOf, type Look } from "./quality";

const LOOK: Look = { received: 0, lost: 0, jitterMs: 0, roundTripMs: 0, heldMs: 0 };

test("a line without loss and delay is as good as G.711 can be", () => {
  expect(mosOf(0, 0)).toBeCloseTo(4.41, 2);
});

test("delay beyond what people notice costs more", () => {
  const near = mosOf(0, 100) - mosOf(0, 150);
  const far = mosOf(0, 300) - mosOf(0, 350);
  expect(far).toBeGreaterThan(2 * near);
});

test("loss is heard: one packet in a hundred a little, ten a lot", () => {
  expect(mosOf(0.01, 50)).toBeGreaterThan(4.2);
  expect(mosOf(0.1, 50)).toBeLessThan(3.5);
  expect(mosOf(1, 50)).toBeGreaterThanOrEqual(1);
});

test("a call is its last count and the mean of its looks", () => {
  const looks = [
    { ...LOOK, received: 100, lost: 0, jitterMs: 2, roundTripMs: 10 },
    { ...LOOK, received: 990, lost: 10, jitterMs: 4, roundTripMs: 30 },
  ];
  expect(qualityOf(looks)).toMatchObject({
    packets: 990,
    loss: 0.01,
    jitter_ms: 3,
    round_trip_ms: 20,
  });
});

test("of a call in which nothing was heard nothing is said", () => {
  expect(qualityOf([])).toBeNull();
  expect(qualityOf([LOOK])).toBeNull();
});

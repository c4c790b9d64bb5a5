import { expect, test } from "vitest";
import type { AgentNow } from "../../vocabulary/wire";
import { canAsk } from "./ready-switch.select";

const ALICE: AgentNow = {
  agent_id: "alice",
  name: "Alice",
  province: "YJ",
  unit: "YZ",
  state: "talking",
  reason: "",
  call_id: "c",
  since: "2026-11-01T08:00:00.000000Z",
  wants_not_ready: null,
  is_on_page: false,
  wants_sign_out: false,
  wrap_up_until: null,
};

test("who talks can ask for a break, and take it back once it waits", () => {
  expect(canAsk(ALICE, "not_ready")).toBe(true);
  expect(canAsk(ALICE, "ready")).toBe(false);
  expect(canAsk({ ...ALICE, wants_not_ready: "break" }, "ready")).toBe(true);
  expect(canAsk({ ...ALICE, wants_sign_out: true }, "ready")).toBe(true);
});

test("nobody finishes a wrap-up that has not begun, or begins work twice", () => {
  expect(canAsk(ALICE, "wrap_up_done")).toBe(false);
  expect(canAsk({ ...ALICE, state: "wrap_up" }, "wrap_up_done")).toBe(true);
  expect(canAsk({ ...ALICE, state: "ready" }, "sign_in")).toBe(false);
});

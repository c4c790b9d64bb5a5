import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Fact, Message } from "../vocabulary/wire";
import { asked, GapFound, NOTHING, refused, take, taken, type Desk } from "./reducer";

interface Step {
  message: Message;
  then?: Pick<Desk, "agents" | "calls">;
}

// Copied there by `./tieline desk check`: the files of the Python tests.
const folder = join(import.meta.dirname, "../../traces");
const stories = readdirSync(folder).filter((name) => name.endsWith(".json"));

function stepsOf(name: string): Step[] {
  return JSON.parse(readFileSync(join(folder, name), "utf-8")).steps;
}

function after(name: string, steps: number): Desk {
  return stepsOf(name)
    .slice(0, steps)
    .reduce((desk, step) => take(desk, step.message), NOTHING);
}

function ready(seq: number): Message {
  const fact: Fact = {
    seq,
    kind: "agent_ready",
    v: 1,
    at: "2026-11-01T08:00:00.000000Z",
    agent_id: "alice",
    province: "YJ",
    unit: "YZ",
  };
  return { kind: "facts", facts: [fact] };
}

describe("a recorded stream", () => {
  test("there are some", () => expect(stories.length).toBeGreaterThan(3));

  test.each(stories)("leaves the desk knowing what is so: %s", (name) => {
    let desk = NOTHING;
    for (const step of stepsOf(name)) {
      desk = take(desk, step.message);
      if (step.then) expect({ agents: desk.agents, calls: desk.calls }).toEqual(step.then);
    }
  });

  test.each(stories)("is refused where one fact is missing: %s", (name) => {
    const desk = after(name, stepsOf(name).length);
    const gap = ready(desk.seq + 2);

    expect(() => take(desk, gap)).toThrow(GapFound);
  });
});

describe("a wish", () => {
  const story = "a_call_is_answered_and_wrapped_up.json";

  test("is pending until its fact comes, whatever was answered", () => {
    const desk = taken(asked(after(story, 2), "ready"));

    expect(desk.wish).toMatchObject({ kind: "ready", isTaken: true });
    expect(take(desk, ready(desk.seq + 1)).wish).toBeNull();
  });

  test("whose fact came before its answer is pending no more", () => {
    const desk = asked(after(story, 2), "ready");

    expect(taken(take(desk, ready(desk.seq + 1))).wish).toBeNull();
  });

  test("that the engine took is in the snapshot that follows", () => {
    const [first] = stepsOf(story);
    if (!first) throw new Error("empty");

    expect(take(taken(asked(NOTHING, "ready")), first.message).wish).toBeNull();
    expect(take(asked(NOTHING, "ready"), first.message).wish).not.toBeNull();
    // The link broke before the engine said yes, and the snapshot has it all.
    expect(taken(take(asked(NOTHING, "ready"), first.message)).wish).toBeNull();
  });

  test("that is refused says why until the next", () => {
    const desk = refused(asked(NOTHING, "ready"), "no place for it");

    expect([desk.wish, desk.refusal]).toEqual([null, "no place for it"]);
    expect(asked(desk, "ready").refusal).toBe("");
  });
});

test("a snapshot in parts is whole with its last", () => {
  const [first] = stepsOf("she_lets_it_ring.json");
  if (first?.message.kind !== "snapshot") throw new Error("no snapshot");
  const part = { ...first.message, parts: 2 };
  const half = take(NOTHING, { ...part, part: 1 });
  const whole = take(half, { ...part, part: 2, agents: [] });

  expect([half.isWhole, whole.isWhole]).toEqual([false, true]);
  expect(Object.keys(whole.agents)).toEqual(["alice"]);
});

/**
 * What a desk knows: a snapshot, carried on by the facts after it, and what was asked.
 *
 * Pure: no clock, no socket. It lives through the same recorded streams as
 * `services/live/board.py`, and both must know the same at their ends.
 */
import { assertNever } from "../lib/never";
import type { AgentNow, AgentState, CallNow, Fact, Message, Snapshot } from "../vocabulary/wire";

export type WishKind = "sign_in" | "sign_out" | "ready" | "not_ready" | "wrap_up_done";

/** Something the agent asked for that no fact has told yet. */
export interface Wish {
  readonly kind: WishKind;
  readonly reason: string;
  /** Whether the engine took it; its fact comes by the stream. */
  readonly isTaken: boolean;
  /** Whether a whole snapshot came since: its fact may be in that, and come no more. */
  readonly isOlder: boolean;
}

export interface Desk {
  readonly stream: string;
  /** The number of the last fact taken in. */
  readonly seq: number;
  /** Whether a snapshot was taken in to its last part. */
  readonly isWhole: boolean;
  readonly agents: Readonly<Record<string, AgentNow>>;
  readonly calls: Readonly<Record<string, CallNow>>;
  readonly wish: Wish | null;
  /** Why the last wish was not granted; empty when nothing was refused since. */
  readonly refusal: string;
}

export const NOTHING: Desk = {
  stream: "",
  seq: 0,
  isWhole: false,
  agents: {},
  calls: {},
  wish: null,
  refusal: "",
};

/** A fact's number does not follow the one before: a new snapshot is needed. */
export class GapFound extends Error {
  constructor(
    readonly expected: number,
    readonly found: number,
  ) {
    super(`stream: fact ${expected} is due, got ${found}`);
  }
}

const BUSY: ReadonlySet<AgentState> = new Set<AgentState>(["reserved", "talking", "wrap_up"]);

/** Tell whether a wish has to wait for the end of a call. */
export function isBusy(state: AgentState): boolean {
  return BUSY.has(state);
}

/**
 * Take in one message of the stream.
 *
 * @throws GapFound when a fact is missing before it; what was known stands.
 */
export function take(desk: Desk, message: Message): Desk {
  switch (message.kind) {
    case "snapshot":
      return begun(desk, message);
    case "facts":
      return message.facts.reduce(carriedOn, desk);
    default:
      assertNever(message);
      return desk;
  }
}

export function asked(desk: Desk, kind: WishKind, reason = ""): Desk {
  return { ...desk, wish: { kind, reason, isTaken: false, isOlder: false }, refusal: "" };
}

/** The engine took the wish; where its fact was there first, nothing is pending. */
export function taken(desk: Desk): Desk {
  if (!desk.wish) return desk;
  return { ...desk, wish: desk.wish.isOlder ? null : { ...desk.wish, isTaken: true } };
}

export function refused(desk: Desk, why: string): Desk {
  return { ...desk, wish: null, refusal: why };
}

/** The refusal was read. */
export function acknowledged(desk: Desk): Desk {
  return { ...desk, refusal: "" };
}

function begun(desk: Desk, part: Snapshot): Desk {
  const before = part.part === 1 ? { agents: {}, calls: {} } : desk;
  const isWhole = part.part === part.parts;
  // What was taken by the engine is in a snapshot that comes after.
  const wish = isWhole ? afterSnapshot(desk.wish) : desk.wish;
  return {
    ...desk,
    stream: part.stream,
    seq: part.seq,
    isWhole,
    agents: { ...before.agents, ...by(part.agents, (agent) => agent.agent_id) },
    calls: { ...before.calls, ...by(part.calls, (call) => call.call_id) },
    wish,
  };
}

function afterSnapshot(wish: Wish | null): Wish | null {
  return wish && !wish.isTaken ? { ...wish, isOlder: true } : null;
}

function by<Row>(rows: readonly Row[], key: (row: Row) => string): Record<string, Row> {
  return Object.fromEntries(rows.map((row) => [key(row), row]));
}

function carriedOn(desk: Desk, fact: Fact): Desk {
  if (fact.seq !== desk.seq + 1) throw new GapFound(desk.seq + 1, fact.seq);
  const next = folded({ ...desk, seq: fact.seq }, fact);
  return next.wish && isToldBy(next.wish, fact) ? { ...next, wish: null } : next;
}

function isToldBy(wish: Wish, fact: Fact): boolean {
  switch (wish.kind) {
    case "sign_in":
      return fact.kind === "agent_signed_in";
    case "sign_out":
      return fact.kind === "agent_signed_out";
    case "ready":
      return fact.kind === "agent_ready";
    case "not_ready":
      return fact.kind === "agent_not_ready" && fact.reason === wish.reason;
    case "wrap_up_done":
      return fact.kind === "wrap_up_done" || fact.kind === "wrap_up_ended";
    default:
      assertNever(wish.kind);
      return false;
  }
}

/** What each fact changes; other facts change nothing that a desk shows. */
function folded(desk: Desk, fact: Fact): Desk {
  switch (fact.kind) {
    case "call_arrived":
      return { ...desk, calls: { ...desk.calls, [fact.call_id]: arrived(fact) } };
    case "call_queued":
      return call(desk, fact.call_id, () => ({
        state: "queued",
        queue_id: fact.queue_id,
        queued_at: fact.since ?? fact.at,
      }));
    case "call_left_line":
      return call(desk, fact.call_id, () => ({ state: "in_flow", queue_id: null, queued_at: null }));
    case "open_queue_joined":
      return opened(desk, fact);
    case "offer_started":
      return call(desk, fact.call_id, () => ({
        state: "offered",
        agent_id: fact.agent_id,
        offer_id: fact.offer_id,
        offered_at: fact.at,
      }));
    case "offer_answered":
      return call(desk, fact.call_id, () => ({ state: "connecting", offered_at: null }));
    case "offer_timed_out":
    case "offer_declined":
    case "offer_failed":
    case "offer_withdrawn":
      return call(desk, fact.call_id, () => ({
        state: "queued",
        agent_id: null,
        offer_id: null,
        offered_at: null,
      }));
    case "call_connected":
      return call(desk, fact.call_id, () => ({
        state: "talking",
        agent_id: fact.agent_id,
        connected_at: fact.at,
        offered_at: null,
      }));
    case "conversation_ended":
      return call(desk, fact.call_id, () => ({ state: "leaving" }));
    case "call_transferred":
      return call(desk, fact.call_id, () => ({
        state: "queued",
        queue_id: fact.to_queue,
        agent_id: null,
        offer_id: null,
        offered_at: null,
        connected_at: null,
      }));
    case "call_held":
      return call(desk, fact.call_id, () => ({ state: "held" }));
    case "call_taken_back":
      return call(desk, fact.call_id, () => ({ state: "talking" }));
    case "call_closed":
      return { ...desk, calls: without(desk.calls, fact.call_id) };
    case "agent_state_entered":
      return agent(desk, fact.agent_id, (now) => entered(now, fact));
    case "agent_ready":
      return waiting(desk, fact.agent_id, { wants_not_ready: null, wants_sign_out: false });
    case "agent_not_ready":
      return waiting(desk, fact.agent_id, { wants_not_ready: fact.reason });
    case "agent_signed_out":
      return waiting(desk, fact.agent_id, { wants_sign_out: true });
    case "device_chosen":
      return agent(desk, fact.agent_id, () => ({ is_on_page: fact.is_on_page }));
    case "wrap_up_started":
      return agent(desk, fact.agent_id, () => ({ wrap_up_until: fact.until_at }));
    default:
      return desk;
  }
}

type Of<Kind extends Fact["kind"]> = Extract<Fact, { kind: Kind }>;

function arrived(fact: Of<"call_arrived"> | Of<"open_queue_joined">): CallNow {
  return {
    call_id: fact.call_id,
    province: fact.province,
    unit: fact.unit,
    state: "in_flow",
    number: fact.number,
    caller_number: fact.caller_number,
    caller_name: fact.caller_name,
    queue_id: null,
    agent_id: null,
    offer_id: null,
    offered_at: null,
    arrived_at: fact.at,
    queued_at: null,
    connected_at: null,
  };
}

function opened(desk: Desk, fact: Of<"open_queue_joined">): Desk {
  const known = desk.calls[fact.call_id] ?? arrived(fact);
  const isNew = known.state === "in_flow";
  const told: CallNow = {
    ...known,
    state: "open",
    queue_id: fact.queue_id || known.queue_id,
    arrived_at: isNew ? fact.arrived_at : known.arrived_at,
    queued_at: isNew ? fact.queued_at : known.queued_at,
  };
  return { ...desk, calls: { ...desk.calls, [fact.call_id]: told } };
}

function entered(now: AgentNow, fact: Of<"agent_state_entered">): Partial<AgentNow> {
  const told = {
    state: fact.state,
    reason: fact.reason,
    call_id: fact.call_id,
    since: fact.at,
    ...(fact.state === "signed_out" ? { is_on_page: false } : {}),
  };
  if (!isBusy(fact.state)) {
    return { ...told, wants_not_ready: null, wants_sign_out: false, wrap_up_until: null };
  }
  // Who was not at work, and gets a call from the open queue, is so after it.
  if (fact.state === "talking" && now.state === "signed_out") {
    return { ...told, wants_sign_out: true };
  }
  if (fact.state === "talking" && now.state === "not_ready") {
    return { ...told, wants_not_ready: now.reason };
  }
  return told;
}

function call(desk: Desk, id: string, told: (now: CallNow) => Partial<CallNow>): Desk {
  const now = desk.calls[id];
  return now ? { ...desk, calls: { ...desk.calls, [id]: { ...now, ...told(now) } } } : desk;
}

function agent(desk: Desk, id: string, told: (now: AgentNow) => Partial<AgentNow>): Desk {
  const now = desk.agents[id];
  return now ? { ...desk, agents: { ...desk.agents, [id]: { ...now, ...told(now) } } } : desk;
}

function waiting(desk: Desk, id: string, told: Partial<AgentNow>): Desk {
  return agent(desk, id, (now) => (isBusy(now.state) ? told : {}));
}

function without<Row>(rows: Readonly<Record<string, Row>>, id: string): Record<string, Row> {
  const { [id]: _gone, ...rest } = rows;
  return rest;
}

/** What an agent can ask for, by the state they are in. */
import type { AgentNow, AgentState } from "../../vocabulary/wire";
import type { WishKind } from "../../stream/reducer";

const POSSIBLE: Record<AgentState, readonly WishKind[]> = {
  signed_out: ["sign_in"],
  not_ready: ["ready", "not_ready", "sign_out"],
  ready: ["not_ready", "sign_out"],
  reserved: ["not_ready", "sign_out"],
  talking: ["not_ready", "sign_out"],
  wrap_up: ["wrap_up_done", "not_ready", "sign_out"],
};

/** Tell whether the state has a place for a wish; `ready` also takes others back. */
export function canAsk(agent: AgentNow, kind: WishKind): boolean {
  const takesBack = kind === "ready" && isWaiting(agent) && agent.state !== "wrap_up";
  return takesBack || POSSIBLE[agent.state].includes(kind);
}

/** Tell whether something waits for the end of the call. */
export function isWaiting(agent: AgentNow): boolean {
  return agent.wants_sign_out || agent.wants_not_ready !== null;
}

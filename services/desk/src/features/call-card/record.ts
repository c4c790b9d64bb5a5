/** A call that is over and still worked on: what its record knows. */
import { useEffect, useState } from "react";
import { ask } from "../../lib/api";
import type { CallNow } from "../../vocabulary/wire";

/** What a card shows of a call, live or on record. */
export type Shown = Pick<
  CallNow,
  "call_id" | "number" | "caller_number" | "caller_name" | "queue_id" | "queued_at" | "connected_at"
> & { arrived_at: string | null; offered_at: string | null };

const AGAIN_MS = 1_000;
const TRIES = 5;

/**
 * Return the live call, or what the record tells of the one in wrap-up.
 *
 * A call that was live here a moment ago is shown on without asking.
 */
export function useShown(callId: string | null, live: CallNow | undefined): Shown | undefined {
  const [kept, keep] = useState<Shown>();
  useEffect(() => {
    if (live) keep(live);
  }, [live]);

  const isMissing = callId !== null && !live && kept?.call_id !== callId;
  useEffect(() => {
    if (!isMissing || callId === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const look = async (left: number) => {
      try {
        const found = await ask("GET /calls/{call_id}", { call_id: callId });
        if (!isGone) keep({ ...found, offered_at: null });
      } catch {
        if (!isGone && left > 0) timer = setTimeout(() => look(left - 1), AGAIN_MS);
      }
    };
    void look(TRIES);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [callId, isMissing]);

  return live ?? (kept && kept.call_id === callId ? kept : undefined);
}

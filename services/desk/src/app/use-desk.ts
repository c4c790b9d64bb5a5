/** The desk's one store: fed by the stream, and by what the agent asks for. */
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { assertNever } from "../lib/never";
import { ask, Refused } from "../lib/api";
import { follow, type Link } from "../stream/socket";
import { acknowledged, asked, refused, take, taken, type Desk, type WishKind } from "../stream/reducer";
import { Store } from "./store";

export interface Live {
  readonly desk: Desk;
  readonly link: Link;
  /** How far the server's clock is ahead of ours. */
  readonly offsetMs: number;
  wish(kind: WishKind, reason?: string): void;
  acknowledge(): void;
}

/** After so long a tab has slept: its socket may be dead without knowing. */
const SLEPT_MS = 3_000;
const LOOK_MS = 1_000;

/**
 * Follow an agent's stream, and ask for what they wish.
 *
 * @param why - Says in words why something was not granted.
 */
export function useDesk(agentId: string, why: (refused: Refused) => string): Live {
  const store = useMemo(() => new Store(), [agentId]);
  const desk = useSyncExternalStore(store.subscribe, store.get);
  const [link, setLink] = useState<Link>("connecting");
  const [offset, setOffset] = useState(0);

  useEffect(() => {
    const stream = follow(agentId, {
      take: (message) => store.change((now) => take(now, message)),
      link: setLink,
      clock: setOffset,
    });
    const unwatch = watchSleep(() => stream.wake());
    return () => {
      unwatch();
      stream.stop();
    };
  }, [agentId, store]);

  const wish = useCallback(
    (kind: WishKind, reason = "") => {
      store.change((now) => asked(now, kind, reason));
      told(kind, agentId, reason).then(
        () => store.change(taken),
        (error: unknown) => {
          const said = error instanceof Refused ? why(error) : String(error);
          store.change((now) => refused(now, said));
        },
      );
    },
    [agentId, store, why],
  );
  const acknowledge = useCallback(() => store.change(acknowledged), [store]);
  return { desk, link, offsetMs: offset, wish, acknowledge };
}

async function told(kind: WishKind, agentId: string, reason: string): Promise<void> {
  const names = { agent_id: agentId };
  switch (kind) {
    case "sign_in":
      await ask("POST /agents/{agent_id}/sign-in", names);
      return;
    case "sign_out":
      await ask("POST /agents/{agent_id}/sign-out", names);
      return;
    case "ready":
      await ask("POST /agents/{agent_id}/ready", names);
      return;
    case "not_ready":
      await ask("POST /agents/{agent_id}/not-ready", names, { reason });
      return;
    case "wrap_up_done":
      await ask("POST /agents/{agent_id}/wrap-up-done", names);
      return;
    default:
      assertNever(kind);
  }
}

/** Call back when the tab is looked at again, or when time has passed without us. */
function watchSleep(woken: () => void): () => void {
  let lastMs = Date.now();
  const look = () => {
    const nowMs = Date.now();
    // A tab in the background has slow timers and a good socket; one that is seen has
    // slept when its timer did.
    if (!document.hidden && nowMs - lastMs > SLEPT_MS) woken();
    lastMs = nowMs;
  };
  const timer = setInterval(look, LOOK_MS);
  window.addEventListener("online", woken);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    window.removeEventListener("online", woken);
    document.removeEventListener("visibilitychange", look);
  };
}

/** Of all tabs of one desk one leads; the others show the same and change nothing. */
import { useCallback, useEffect, useRef, useState } from "react";

export interface Lead {
  /** `unknown` for the moment in which a tab that was opened asks. */
  readonly role: "unknown" | "leads" | "follows";
  /** Lead here from now on; the tab that led is told. */
  takeOver(): void;
}

/** A browser without locks (an old one) cannot tell tabs apart: each leads. */
const LOCKS: LockManager | undefined = navigator.locks;
const ASKS_MS = 500;
const AGAIN_MS = 200;

export function useLead(agentId: string): Lead {
  const [role, setRole] = useState<Lead["role"]>(LOCKS ? "unknown" : "leads");
  const release = useRef(() => {});
  const name = `tieline-lead-${agentId}`;

  const hold = useCallback(
    (options: LockOptions): Promise<void> =>
      (LOCKS as LockManager)
        .request(name, options, () => {
          setRole("leads");
          // Held until the desk is left, or another tab takes it.
          return new Promise<void>((resolve) => {
            release.current = resolve;
          });
        })
        .then(
          () => undefined,
          () => setRole("follows"),
        ),
    [name],
  );

  useEffect(() => {
    if (!LOCKS) return;
    const waiting = new AbortController();
    // Waits for the lead, and gets it when the tab that leads is closed.
    const wait = () => void hold({ signal: waiting.signal }).then(again);
    const again = () => {
      if (!waiting.signal.aborted) setTimeout(wait, AGAIN_MS);
    };
    const asking = setTimeout(() => setRole((now) => (now === "unknown" ? "follows" : now)), ASKS_MS);
    wait();
    return () => {
      clearTimeout(asking);
      waiting.abort();
      release.current();
    };
  }, [hold]);

  const takeOver = useCallback(() => {
    if (LOCKS) void hold({ steal: true });
  }, [hold]);
  return { role, takeOver };
}

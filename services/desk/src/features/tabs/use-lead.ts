/** Of all tabs of one desk one leads; the others show the same and change nothing. */
import { useCallback, useEffect, useState } from "react";

export interface Lead {
  readonly isLeading: boolean;
  /** Lead here from now on; the tab that led is told. */
  takeOver(): void;
}

/** A browser without locks (an old one) cannot tell tabs apart: each leads. */
const LOCKS: LockManager | undefined = navigator.locks;

export function useLead(agentId: string): Lead {
  const [isLeading, setLeading] = useState(LOCKS === undefined);
  const name = `tieline-lead-${agentId}`;

  const hold = useCallback(
    (options: LockOptions): Promise<void> =>
      (LOCKS as LockManager)
        .request(name, options, () => {
          setLeading(true);
          // Held until the tab is gone, or another takes it.
          return new Promise<void>(() => {});
        })
        .then(
          () => undefined,
          () => setLeading(false),
        ),
    [name],
  );

  useEffect(() => {
    if (!LOCKS) return;
    const waiting = new AbortController();
    // Waits for the lead, and gets it when the tab that leads is closed.
    const wait = () => void hold({ signal: waiting.signal }).then(again);
    const again = () => {
      if (!waiting.signal.aborted) setTimeout(wait, 200);
    };
    wait();
    return () => waiting.abort();
  }, [hold]);

  const takeOver = useCallback(() => {
    if (LOCKS) void hold({ steal: true });
  }, [hold]);
  return { isLeading, takeOver };
}

/** What the API tells of a call besides the stream; the call never waits for it. */
import { useEffect, useState } from "react";
import { useSettings } from "../../app/settings";
import { ask } from "../../lib/api";
import type { WayOut } from "../../vocabulary/api";

export type Told = { kind: "asking" } | { kind: "late" } | { kind: "told"; way: WayOut };

const AGAIN_MS = 2_000;
const TRIES = 5;

/** Ask until the record has caught up with the call, a few times. */
export function useWay(callId: string | undefined): Told {
  const [told, setTold] = useState<Told>({ kind: "asking" });
  useEffect(() => {
    setTold({ kind: "asking" });
    if (!callId) return;
    let isGone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (left: number) => {
      let isComplete = false;
      try {
        const way = await ask("GET /calls/{call_id}/way", { call_id: callId });
        isComplete = way.is_complete;
        if (!isGone) setTold({ kind: "told", way });
      } catch {
        if (!isGone) setTold((now) => (now.kind === "told" ? now : { kind: "late" }));
      }
      if (!isGone && !isComplete && left > 0) timer = setTimeout(() => look(left - 1), AGAIN_MS);
    };
    void look(TRIES);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [callId]);
  return told;
}

export function Way({ told }: { told: Told }) {
  const { say } = useSettings();
  const steps = told.kind === "told" ? told.way.steps : [];
  return (
    <div className="way">
      <h3>{say("way")}</h3>
      {steps.length > 0 ? (
        <ol data-testid="way" tabIndex={0} aria-label={say("way")}>
          {steps.map((step, n) => (
            <li key={n}>
              <span className="flow">{step.flow}</span>
              <bdi>{step.step}</bdi>
            </li>
          ))}
        </ol>
      ) : (
        <p className="soft">
          {say(told.kind === "late" ? "way_late" : told.kind === "told" ? "way_unknown" : "loading")}
        </p>
      )}
    </div>
  );
}

/** The agent's last calls, from the records; looked at again after each. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useSettings } from "../../app/settings";
import { ask } from "../../lib/api";
import { inFigures } from "../../lib/clock";
import { Button } from "../../ui/button";
import type { CallOut } from "../../vocabulary/api";
import { LOCALES } from "../../words/words";

type Told = { kind: "asking" } | { kind: "late" } | { kind: "told"; calls: readonly CallOut[] };

const MOST = 8;
const AGAIN_MS = 2_000;

export function OwnCalls({ agentId, changed }: { agentId: string; changed: string }) {
  const { say, language } = useSettings();
  const [told, setTold] = useState<Told>({ kind: "asking" });
  const hasLooked = useRef(false);

  const look = useCallback(async () => {
    try {
      const calls = await ask("GET /calls", {});
      const own = calls.filter((call) => call.agent_id === agentId && call.state === "closed");
      setTold({ kind: "told", calls: own.slice(0, MOST) });
    } catch {
      setTold((now) => (now.kind === "told" ? now : { kind: "late" }));
    }
  }, [agentId]);
  useEffect(() => {
    if (changed === "" && hasLooked.current) return;
    hasLooked.current = true;
    void look();
    // The record follows the call by a moment.
    const timer = setTimeout(() => void look(), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [look, changed]);

  const time = new Intl.DateTimeFormat(LOCALES[language], { timeStyle: "short" });
  return (
    <section className="card own-calls" aria-labelledby="own-calls">
      <h2 id="own-calls">{say("own_calls")}</h2>
      {told.kind === "asking" && <p className="soft">{say("loading")}</p>}
      {told.kind === "late" && (
        <>
          <p className="soft">{say("own_calls_late")}</p>
          <Button onPress={() => void look()}>{say("again")}</Button>
        </>
      )}
      {told.kind === "told" && told.calls.length === 0 && (
        <p className="soft">{say("no_own_calls")}</p>
      )}
      {told.kind === "told" && told.calls.length > 0 && (
        <ol data-testid="own-calls">
          {told.calls.map((call) => (
            <li key={call.call_id}>
              <time dateTime={call.arrived_at ?? ""}>
                {call.arrived_at ? time.format(new Date(call.arrived_at)) : "–"}
              </time>
              <span className="with">
                <bdi>{call.caller_number || say("unknown_caller")}</bdi>
                <span className="soft">
                  {call.talked_s === null
                    ? say("not_talked")
                    : say("talked", { time: inFigures(call.talked_s) })}
                </span>
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

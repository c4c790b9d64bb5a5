/** The call in hand: who, why, since when; or that there is none. */
import type { ReactNode } from "react";
import { useSettings } from "../../app/settings";
import { Figures, Since, Until } from "../../ui/timer";
import { secondsSince } from "../../lib/clock";
import type { AgentNow, CallNow } from "../../vocabulary/wire";
import { LOCALES, type Word } from "../../words/words";
import { useShown, type Shown } from "./record";
import { useWay, Way } from "./way";

export function CallCard({ agent, call }: { agent: AgentNow; call: CallNow | undefined }) {
  const { say } = useSettings();
  const phase = phaseOf(agent, call);
  const shown = useShown(agent.call_id ?? call?.call_id ?? null, call);
  if (phase === null) {
    return (
      <section className="card call-card empty" aria-labelledby="call-title">
        <h2 id="call-title">{say("no_call")}</h2>
        <p className="soft">{say("no_call_hint")}</p>
      </section>
    );
  }
  return (
    <section className="card call-card" data-phase={phase} aria-labelledby="call-title">
      <header>
        <h2 id="call-title" data-testid="call-phase">
          {say(phase)}
        </h2>
        <Clockface agent={agent} call={call} phase={phase} />
      </header>
      {shown ? <Story call={shown} /> : <p className="soft">{say("call_gone")}</p>}
    </section>
  );
}

type Phase = Extract<Word, "ringing" | "connecting" | "talking" | "wrapping_up">;

export function phaseOf(agent: AgentNow, call: CallNow | undefined): Phase | null {
  if (agent.state === "wrap_up") return "wrapping_up";
  if (agent.state === "talking") return "talking";
  if (agent.state !== "reserved" || !call) return null;
  return call.state === "connecting" ? "connecting" : "ringing";
}

function Clockface({
  agent,
  call,
  phase,
}: {
  agent: AgentNow;
  call: CallNow | undefined;
  phase: Phase;
}) {
  const { say } = useSettings();
  const [word, figures]: [Word, ReactNode] =
    phase === "wrapping_up"
      ? ["wrap_up_left", <Until at={agent.wrap_up_until} />]
      : phase === "talking"
        ? ["talks_since", <Since at={call?.connected_at ?? agent.since} />]
        : ["rings_since", <Since at={call?.offered_at ?? agent.since} />];
  return (
    <p className="clockface">
      <span className="soft">{say(word)}</span>
      {figures}
    </p>
  );
}

function Story({ call }: { call: Shown }) {
  const { say, language } = useSettings();
  const told = useWay(call.call_id);
  const names = told.kind === "told" ? told.way : null;
  const until = call.connected_at ?? call.offered_at;
  const arrived = new Intl.DateTimeFormat(LOCALES[language], { timeStyle: "medium" });
  return (
    <>
      <div className="who">
        <p className="soft">{say("caller")}</p>
        {/* What callers send of themselves is text, in its own direction, within a box. */}
        <p className="number">
          <bdi data-testid="caller">{call.caller_number || say("unknown_caller")}</bdi>
        </p>
        {call.caller_name && (
          <p className="caller-name" tabIndex={0}>
            <bdi data-testid="caller-name">{call.caller_name}</bdi>
          </p>
        )}
      </div>
      <dl className="facts">
        <Row word="dialled">
          <bdi>{[call.number, names?.number_name].filter(Boolean).join(" · ")}</bdi>
        </Row>
        <Row word="queue">
          <bdi data-testid="queue">{names?.queue_name ?? call.queue_id ?? "–"}</bdi>
        </Row>
        <Row word="waited">
          {call.queued_at === null ? (
            "–"
          ) : until ? (
            <Figures seconds={secondsSince(call.queued_at, Date.parse(until))} />
          ) : (
            <Since at={call.queued_at} />
          )}
        </Row>
        <Row word="arrived">
          {call.arrived_at === null ? (
            "–"
          ) : (
            <time dateTime={call.arrived_at}>{arrived.format(new Date(call.arrived_at))}</time>
          )}
        </Row>
      </dl>
      <Way told={told} />
    </>
  );
}

function Row({ word, children }: { word: Word; children: ReactNode }) {
  const { say } = useSettings();
  return (
    <div>
      <dt>{say(word)}</dt>
      <dd>{children}</dd>
    </div>
  );
}

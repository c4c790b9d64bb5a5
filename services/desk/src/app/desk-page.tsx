/** The desk of one agent, from their own stream. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { CallCard, phaseOf } from "../features/call-card/call-card";
import { KeysCard } from "../features/keys/keys-card";
import { useKeys } from "../features/keys/use-keys";
import { PhoneCard } from "../features/phone/phone-card";
import { usePhone } from "../features/phone/use-phone";
import { OwnCalls } from "../features/own-calls/own-calls";
import { KEYS } from "../features/ready-switch/reasons";
import { ReadySwitch, stateWord } from "../features/ready-switch/ready-switch";
import { canAsk } from "../features/ready-switch/ready-switch.select";
import { useLead } from "../features/tabs/use-lead";
import type { Refused } from "../lib/api";
import { Button } from "../ui/button";
import { LinkIcon } from "../ui/icons";
import { Clock } from "../ui/timer";
import type { AgentNow, CallNow } from "../vocabulary/wire";
import { PageHead } from "./page-head";
import { useSettings } from "./settings";
import { useDesk, type Live } from "./use-desk";

export function DeskPage({
  agentId,
  beginsWork,
  onOver,
  onLogOut,
}: {
  agentId: string;
  /** Whether the agent came by the log-in form, and so begins to work. */
  beginsWork: boolean;
  onOver: () => void;
  onLogOut: () => void;
}) {
  const { say } = useSettings();
  const why = useCallback(
    (refused: Refused) => {
      if (refused.isUnanswered) return say("unanswered");
      if (refused.kind === "illegal_transition") return say("no_place");
      return refused.message;
    },
    [say],
  );
  const live = useDesk(agentId, why);
  const lead = useLead(agentId);
  const isLeading = lead.role === "leads";
  const agent = live.desk.isWhole ? live.desk.agents[agentId] : undefined;

  useEffect(() => {
    if (live.link === "over") onOver();
  }, [live.link, onOver]);
  const hasBegun = useRef(!beginsWork);
  useEffect(() => {
    if (!agent || hasBegun.current || !isLeading) return;
    hasBegun.current = true;
    if (agent.state === "signed_out") live.wish("sign_in");
  }, [agent, isLeading, live]);

  return (
    <Clock offsetMs={live.offsetMs}>
      <PageHead>
        {agent && (
          <p className="whose">
            <bdi>{agent.name}</bdi> <span className="soft">{agent.agent_id}</span>
          </p>
        )}
        <p className="link" data-link={live.link} role="status">
          <LinkIcon isOpen={live.link === "open"} />
          {say(live.link === "open" ? "link_open" : live.link === "lost" ? "link_lost" : "link_connecting")}
        </p>
        {(!agent || agent.state === "signed_out") && (
          <Button weight="quiet" onPress={onLogOut}>
            {say("log_out")}
          </Button>
        )}
      </PageHead>
      <main>
        {live.link === "lost" && (
          <p className="banner" role="alert" data-testid="lost">
            {say("link_lost_long")}
          </p>
        )}
        {lead.role === "follows" && (
          <div className="banner calm" role="status" data-testid="follows">
            <p>
              <strong>{say("other_tab_title")}</strong> {say("other_tab")}
            </p>
            <Button weight="primary" onPress={lead.takeOver}>
              {say("lead_here")}
            </Button>
          </div>
        )}
        {agent ? (
          <Work agent={agent} live={live} isLeading={isLeading} />
        ) : live.link === "refused" ? (
          <section className="card log-in" role="alert">
            <h1>{say("no_agent_title")}</h1>
            <p className="soft">{say("no_agent")}</p>
          </section>
        ) : (
          <p className="soft moment">{say("loading")}</p>
        )}
      </main>
    </Clock>
  );
}

function Work({ agent, live, isLeading }: { agent: AgentNow; live: Live; isLeading: boolean }) {
  const { say } = useSettings();
  const [isChoosing, setChoosing] = useState(false);
  const [showsKeys, setShowsKeys] = useState(true);
  const call = agent.call_id ? live.desk.calls[agent.call_id] : offered(agent, live.desk.calls);
  const { wish, desk } = live;
  const telephone = usePhone(agent, isLeading);

  const keys = useMemo(() => {
    const can = (kind: Parameters<typeof canAsk>[1]) =>
      isLeading && desk.wish === null && canAsk(agent, kind);
    return {
      [KEYS.help]: () => setShowsKeys((shown) => !shown),
      [KEYS.ready]: () => {
        if (can("sign_in")) wish("sign_in");
        else if (can("ready")) wish("ready");
      },
      [KEYS.not_ready]: () => can("not_ready") && setChoosing((choosing) => !choosing),
      [KEYS.finish]: () => can("wrap_up_done") && wish("wrap_up_done"),
      [KEYS.sign_out]: () => can("sign_out") && wish("sign_out"),
      // Where the call is in this page; else the keys do nothing.
      [KEYS.answer]: telephone.answer,
      [KEYS.hang_up]: telephone.hangUp,
      [KEYS.mute]: telephone.mute,
    };
  }, [agent, desk.wish, isLeading, wish, telephone]);
  useKeys(keys);

  return (
    <div className="work">
      <div className="column">
        <ReadySwitch
          agent={agent}
          wish={desk.wish}
          isLeading={isLeading}
          isChoosing={isChoosing}
          onChoose={setChoosing}
          onWish={wish}
        />
        {agent.state !== "signed_out" && <PhoneCard telephone={telephone} canAct={isLeading} />}
        {desk.refusal && (
          <div className="card refusal" role="alert" data-testid="refusal">
            <h2>{say("refused")}</h2>
            <p>{desk.refusal}</p>
            <Button onPress={live.acknowledge}>{say("understood")}</Button>
          </div>
        )}
      </div>
      <CallCard agent={agent} call={call} />
      <div className="column">
        <OwnCalls agentId={agent.agent_id} changed={agent.state === "wrap_up" ? agent.since : ""} />
        {showsKeys && <KeysCard />}
      </div>
      <Announcer agent={agent} call={call} />
    </div>
  );
}

/** The call that rings: a state tells the call in hand only once it is answered. */
function offered(agent: AgentNow, calls: Readonly<Record<string, CallNow>>): CallNow | undefined {
  if (agent.state !== "reserved") return undefined;
  return Object.values(calls).find(
    (call) => call.agent_id === agent.agent_id && ["offered", "connecting"].includes(call.state),
  );
}

/** Says aloud what changed, and writes it into the window's title. */
function Announcer({ agent, call }: { agent: AgentNow; call: CallNow | undefined }) {
  const { say } = useSettings();
  const rings = phaseOf(agent, call) === "ringing";
  const caller = (call?.caller_number || say("unknown_caller")).slice(0, 40);
  const ringing = rings ? say("ringing_aloud", { caller }) : "";
  const state = say(stateWord(agent.state));
  useEffect(() => {
    document.title = rings ? `● ${ringing}` : `${state} – ${say("product")}`;
  }, [rings, ringing, state, say]);
  return (
    <div className="aloud">
      <p role="status">{state}</p>
      <p role="alert">{ringing}</p>
    </div>
  );
}

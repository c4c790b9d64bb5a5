/** The agent's own state, how long, and what they can ask for. */
import { useEffect, useId, useRef } from "react";
import { useSettings } from "../../app/settings";
import type { Wish, WishKind } from "../../stream/reducer";
import { Button } from "../../ui/button";
import { StateIcon } from "../../ui/icons";
import { Since } from "../../ui/timer";
import type { AgentNow, AgentState } from "../../vocabulary/wire";
import { reasonWord, type Word } from "../../words/words";
import { canAsk, isWaiting } from "./ready-switch.select";
import { KEYS, REASONS } from "./reasons";

export function stateWord(state: AgentState): Word {
  return `state_${state}`;
}

export function ReadySwitch({
  agent,
  wish,
  isLeading,
  isChoosing,
  onChoose,
  onWish,
}: {
  agent: AgentNow;
  wish: Wish | null;
  isLeading: boolean;
  /** Whether the reasons for not being ready are shown. */
  isChoosing: boolean;
  onChoose: (isChoosing: boolean) => void;
  onWish: (kind: WishKind, reason?: string) => void;
}) {
  const { say, language } = useSettings();
  const can = (kind: WishKind) => isLeading && canAsk(agent, kind);
  const isPending = (kind: WishKind) => wish?.kind === kind;
  const isAtWork = agent.state !== "signed_out";
  return (
    <section className="card state-card" data-state={agent.state} aria-labelledby="own-state">
      <h2 id="own-state">{say("your_state")}</h2>
      <p className="state-name">
        <StateIcon state={agent.state} />
        <strong data-testid="state">{say(stateWord(agent.state))}</strong>
      </p>
      <p className="state-time">
        <Since at={agent.since} />
        {agent.reason && <bdi className="reason">{reasonWord(language, agent.reason)}</bdi>}
      </p>
      <p className="soft">{say(agent.state === "reserved" && agent.is_on_page ? "hint_reserved_page" : `hint_${agent.state}`)}</p>
      <Waiting agent={agent} isLeading={isLeading} wish={wish} onWish={onWish} />
      {wish && (
        <p className="pending-line" data-testid="pending">
          <span className="spinner" aria-hidden="true" />
          {say("pending")}
        </p>
      )}
      <div className="buttons">
        {agent.state === "wrap_up" && (
          <Button
            weight="primary"
            shortcut={KEYS.finish}
            isDisabled={!can("wrap_up_done")}
            isPending={isPending("wrap_up_done")}
            onPress={() => onWish("wrap_up_done")}
          >
            {say("finish")}
          </Button>
        )}
        {agent.state === "signed_out" ? (
          <Button
            weight="primary"
            shortcut={KEYS.ready}
            isDisabled={!can("sign_in")}
            isPending={isPending("sign_in")}
            onPress={() => onWish("sign_in")}
          >
            {say("begin_work")}
          </Button>
        ) : (
          agent.state === "not_ready" && (
            <Button
              weight="primary"
              shortcut={KEYS.ready}
              isDisabled={!can("ready")}
              isPending={isPending("ready")}
              onPress={() => onWish("ready")}
            >
              {say("go_ready")}
            </Button>
          )
        )}
        {isAtWork && (
          <Button
            shortcut={KEYS.not_ready}
            isDisabled={!can("not_ready")}
            isPending={isPending("not_ready")}
            isExpanded={isChoosing}
            onPress={() => onChoose(!isChoosing)}
          >
            {say("go_not_ready")}
          </Button>
        )}
        {isChoosing && isAtWork && (
          <Reasons
            onClose={() => onChoose(false)}
            onReason={(reason) => {
              onChoose(false);
              onWish("not_ready", reason);
            }}
          />
        )}
        {isAtWork && (
          <Button
            weight="quiet"
            shortcut={KEYS.sign_out}
            isDisabled={!can("sign_out")}
            isPending={isPending("sign_out")}
            onPress={() => onWish("sign_out")}
          >
            {say("sign_out")}
          </Button>
        )}
      </div>
    </section>
  );
}

function Waiting({
  agent,
  wish,
  isLeading,
  onWish,
}: {
  agent: AgentNow;
  wish: Wish | null;
  isLeading: boolean;
  onWish: (kind: WishKind) => void;
}) {
  const { say, language } = useSettings();
  if (!isWaiting(agent)) return null;
  const reason = reasonWord(language, agent.wants_not_ready ?? "");
  return (
    <div className="waiting" data-testid="waiting">
      <p>
        {agent.wants_sign_out
          ? say("after_call_sign_out")
          : say("after_call_not_ready", { reason })}
      </p>
      {agent.state !== "wrap_up" && (
        <Button
          shortcut={KEYS.ready}
          isDisabled={!isLeading}
          isPending={wish?.kind === "ready"}
          onPress={() => onWish("ready")}
        >
          {say("stay")}
        </Button>
      )}
    </div>
  );
}

function Reasons({
  onReason,
  onClose,
}: {
  onReason: (reason: string) => void;
  onClose: () => void;
}) {
  const { say, language } = useSettings();
  const title = useId();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector("button")?.focus(), []);
  return (
    <div
      className="reasons"
      role="group"
      aria-labelledby={title}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
        const chosen = REASONS[Number(event.key) - 1];
        if (chosen) onReason(chosen);
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step) {
          event.preventDefault();
          moveFocus(list.current, step);
        }
      }}
    >
      <p id={title}>{say("why_not_ready")}</p>
      <ul ref={list}>
        {REASONS.map((reason, n) => (
          <li key={reason}>
            <Button weight="quiet" shortcut={String(n + 1)} onPress={() => onReason(reason)}>
              {reasonWord(language, reason)}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function moveFocus(list: HTMLElement | null, step: number): void {
  const buttons = [...(list?.querySelectorAll("button") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[(at + step + buttons.length) % buttons.length]?.focus();
}

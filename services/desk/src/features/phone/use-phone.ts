/** Which telephone rings, and the one in this page while it is that. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ask } from "../../lib/api";
import type { AgentNow } from "../../vocabulary/wire";
import type { Word } from "../../words/words";
import type { Quality } from "./quality";
import type { PhoneNow, Softphone } from "./softphone";
import { closed, microphone, NONE_CHOSEN, problemOf, type Chosen } from "./sound";

export type Where = "page" | "own";

export interface Telephone {
  readonly where: Where;
  readonly phone: PhoneNow;
  readonly isAsking: boolean;
  readonly problem: Word | null;
  readonly chosen: Chosen;
  readonly answersItself: boolean;
  /** Told how loud it is, from 0 to 1, ten times a second. */
  readonly meters: Meters;
  choose(where: Where): void;
  chooseSound(part: Partial<Chosen>): void;
  setAnswersItself(answers: boolean): void;
  answer(): void;
  hangUp(): void;
  mute(): void;
}

export class Meters {
  microphone: (level: number) => void = () => {};
  speaker: (level: number) => void = () => {};
}

const OFF: PhoneNow = { state: "off", call: null, isMuted: false, problem: null };
const AGAIN_MS = 1_500;

/**
 * @param isLeading - Of several tabs one has the telephone; a call ends in the tab it is in.
 */
export function usePhone(agent: AgentNow, isLeading: boolean): Telephone {
  const agentId = agent.agent_id;
  const [where, setWhere] = useState<Where>(() => (kept("telephone") === "page" ? "page" : "own"));
  const [chosen, setChosen] = useState<Chosen>(keptSound);
  const [answersItself, setAnswers] = useState(() => kept("answers-itself") === "yes");
  const [phone, setPhone] = useState<PhoneNow>(OFF);
  const [problem, setProblem] = useState<Word | null>(null);
  const [isAsking, setAsking] = useState(false);
  const running = useRef<Softphone | null>(null);
  const meters = useMemo(() => new Meters(), []);
  const latest = useRef({ chosen, answersItself, callId: null as string | null });
  latest.current.chosen = chosen;
  latest.current.answersItself = answersItself;
  if (agent.call_id) latest.current.callId = agent.call_id;

  const isInCall = phone.call !== null;
  const isWanted =
    where === "page" && agent.state !== "signed_out" && (isLeading || isInCall);

  useEffect(() => {
    if (!isWanted) return;
    const waiting = new AbortController();
    let release = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const later = () => {
      running.current?.stop();
      running.current = null;
      clearTimeout(timer);
      if (isOver) return;
      setPhone({ ...OFF, state: "lost" });
      timer = setTimeout(() => void start(), AGAIN_MS);
    };
    const start = async () => {
      setPhone({ ...OFF, state: "starting" });
      try {
        // What speaks SIP is loaded by those alone who want it.
        const [key, { softphone }] = await Promise.all([
          ask("POST /agents/{agent_id}/phone", { agent_id: agentId }),
          import("./softphone"),
        ]);
        if (isOver) return;
        running.current = softphone(key, {
          chosen: () => latest.current.chosen,
          answersItself: () => latest.current.answersItself,
          levels: {
            microphone: (level) => meters.microphone(level),
            speaker: (level) => meters.speaker(level),
          },
          now: setPhone,
          over: later,
          sounded: (quality) => void keep(latest.current.callId, quality),
        });
      } catch {
        later();
      }
    };
    held(`tieline-phone-${agentId}`, waiting.signal, () => {
      void start();
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    return () => {
      isOver = true;
      waiting.abort();
      clearTimeout(timer);
      running.current?.stop();
      running.current = null;
      setPhone(OFF);
      release();
    };
  }, [agentId, isWanted, meters]);

  // The switch knows the telephone: now it can be rung.
  const isReady = phone.state === "ready";
  useEffect(() => {
    if (isReady && !agent.is_on_page) void device(agentId, true);
  }, [agentId, agent.is_on_page, isReady]);

  // Who leaves the page in mid-call cuts it off.
  useEffect(() => {
    if (!isInCall) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isInCall]);

  const choose = useCallback(
    (wanted: Where) => {
      setProblem(null);
      if (wanted === "own") {
        setWhere("own");
        remember("telephone", "own");
        void device(agentId, false);
        void ask("DELETE /agents/{agent_id}/phone", { agent_id: agentId }).catch(() => undefined);
        return;
      }
      setAsking(true);
      // Without a microphone nobody would be heard.
      microphone(latest.current.chosen.microphone)
        .then((stream) => {
          closed(stream);
          setWhere("page");
          remember("telephone", "page");
          if ("Notification" in window) void Notification.requestPermission();
        })
        .catch((error: unknown) => setProblem(problemOf(error)))
        .finally(() => setAsking(false));
    },
    [agentId],
  );

  return {
    where,
    phone,
    isAsking,
    problem: phone.problem ?? problem,
    chosen,
    answersItself,
    meters,
    choose,
    chooseSound: (part) => {
      const all = { ...chosen, ...part };
      setChosen(all);
      remember("sound", JSON.stringify(all));
    },
    setAnswersItself: (answers) => {
      setAnswers(answers);
      remember("answers-itself", answers ? "yes" : "no");
    },
    answer: () => running.current?.answer(),
    hangUp: () => running.current?.hangUp(),
    mute: () => running.current?.mute(),
  };
}

async function device(agentId: string, isOnPage: boolean): Promise<void> {
  const body = { is_on_page: isOnPage };
  await ask("POST /agents/{agent_id}/device", { agent_id: agentId }, body).catch(() => undefined);
}

async function keep(callId: string | null, quality: Quality): Promise<void> {
  if (!callId) return;
  await ask("POST /calls/{call_id}/sound", { call_id: callId }, quality).catch(() => undefined);
}

/** Have something of which a browser's tabs have one in all; without locks each has one. */
function held(name: string, signal: AbortSignal, having: () => Promise<void>): void {
  const locks: LockManager | undefined = navigator.locks;
  if (locks) locks.request(name, { signal }, having).catch(() => undefined);
  else void having();
}

function keptSound(): Chosen {
  try {
    return { ...NONE_CHOSEN, ...(JSON.parse(kept("sound") ?? "{}") as Partial<Chosen>) };
  } catch {
    return NONE_CHOSEN;
  }
}

// A browser may forbid keeping anything; then each visit begins anew.
function kept(name: string): string | null {
  try {
    return localStorage.getItem(`tieline-${name}`);
  } catch {
    return null;
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`tieline-${name}`, value);
  } catch {
    // So for this visit all the same.
  }
}

/** The agent's telephone: which one rings, the call in it, and its sound. */
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { useSettings } from "../../app/settings";
import { Button } from "../../ui/button";
import type { Word } from "../../words/words";
import { KEYS } from "../ready-switch/reasons";
import { Level } from "./level";
import type { PhoneNow } from "./softphone";
import { chime, closed, devices, metered, microphone, problemOf, type Chosen, type Devices } from "./sound";
import type { Telephone } from "./use-phone";

export function PhoneCard({ telephone, canAct }: { telephone: Telephone; canAct: boolean }) {
  const { say } = useSettings();
  const { where, phone, problem } = telephone;
  const isInCall = phone.call !== null;
  return (
    <section className="card phone-card" aria-labelledby="phone" data-testid="phone" data-phone={phone.state}>
      <h2 id="phone">{say("telephone")}</h2>
      <div className="either" role="group" aria-labelledby="phone">
        {(["own", "page"] as const).map((one) => (
          <button
            key={one}
            type="button"
            className="button"
            aria-pressed={where === one}
            aria-disabled={!canAct || isInCall || telephone.isAsking || undefined}
            onClick={() => canAct && !isInCall && where !== one && telephone.choose(one)}
          >
            {say(one === "own" ? "phone_own" : "phone_page")}
          </button>
        ))}
      </div>
      {problem && (
        <p className="phone-problem" role="alert" data-testid="phone-problem">
          {say(problem)}
        </p>
      )}
      {where === "page" ? (
        <>
          <p
            className="soft phone-state"
            role="status"
            data-testid="phone-state"
            data-muted={phone.isMuted || undefined}
          >
            {say(stateOf(phone))}
          </p>
          {isInCall && <InCall telephone={telephone} />}
          <Sound telephone={telephone} />
        </>
      ) : (
        <p className="soft">{say("phone_own_hint")}</p>
      )}
    </section>
  );
}

function stateOf(phone: PhoneNow): Word {
  if (phone.call === "ringing") return "phone_rings";
  if (phone.call === "answering") return "phone_answering";
  if (phone.call === "talking") return phone.isMuted ? "phone_muted" : "phone_talks";
  switch (phone.state) {
    case "ready":
      return "phone_ready";
    case "lost":
      return "phone_lost";
    default:
      return "phone_starting";
  }
}

function InCall({ telephone }: { telephone: Telephone }) {
  const { say } = useSettings();
  const { phone, meters } = telephone;
  return (
    <>
      <div className="buttons">
        {phone.call === "ringing" && (
          <Button weight="primary" shortcut={KEYS.answer} onPress={telephone.answer}>
            {say("answer")}
          </Button>
        )}
        {phone.call === "talking" && (
          <Button shortcut={KEYS.mute} onPress={telephone.mute}>
            {say(phone.isMuted ? "unmute" : "mute")}
          </Button>
        )}
        <Button shortcut={KEYS.hang_up} onPress={telephone.hangUp}>
          {say(phone.call === "ringing" ? "decline" : "hang_up")}
        </Button>
      </div>
      {phone.call === "talking" && (
        <div className="levels">
          <Level word="level_you" bind={(tell) => (meters.microphone = tell)} />
          <Level word="level_caller" bind={(tell) => (meters.speaker = tell)} />
        </div>
      )}
    </>
  );
}

function Sound({ telephone }: { telephone: Telephone }) {
  const { say } = useSettings();
  const [found, setFound] = useState<Devices>({ microphones: [], speakers: [] });
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (!isOpen) return;
    const read = () => void devices().then(setFound, () => undefined);
    read();
    navigator.mediaDevices?.addEventListener("devicechange", read);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", read);
  }, [isOpen]);
  const { chosen, chooseSound } = telephone;
  return (
    <details className="sound" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{say("sound")}</summary>
      <Choice word="microphone" value={chosen.microphone} from={found.microphones} onChoose={(id) => chooseSound({ microphone: id })} />
      <Choice word="speaker" value={chosen.speaker} from={found.speakers} onChoose={(id) => chooseSound({ speaker: id })} />
      <Choice word="ringer" value={chosen.ringer} from={found.speakers} onChoose={(id) => chooseSound({ ringer: id })} />
      <label className="tick">
        <input
          type="checkbox"
          checked={telephone.answersItself}
          onChange={(event) => telephone.setAnswersItself(event.currentTarget.checked)}
        />
        {say("answers_itself")}
      </label>
      {telephone.phone.call === null && isOpen && <Trial chosen={chosen} />}
    </details>
  );
}

function Choice({
  word,
  value,
  from,
  onChoose,
}: {
  word: Word;
  value: string;
  from: readonly MediaDeviceInfo[];
  onChoose: (id: string) => void;
}) {
  const { say } = useSettings();
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{say(word)}</label>
      <select id={id} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">{say("device_default")}</option>
        {from.map((device) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label}
          </option>
        ))}
      </select>
    </>
  );
}

/** Speak and see it, hear a tone: until it is ended, or the card is folded. */
function Trial({ chosen }: { chosen: Chosen }) {
  const { say } = useSettings();
  const [isOn, setOn] = useState(false);
  const [problem, setProblem] = useState<Word | null>(null);
  const tell = useRef((_level: number) => {});
  useEffect(() => {
    if (!isOn) return;
    let ends: (() => void)[] = [chime(chosen.speaker)];
    let isOver = false;
    microphone(chosen.microphone).then(
      (stream) => {
        ends.push(() => closed(stream));
        if (isOver) closed(stream);
        else ends.push(metered(stream, (level) => tell.current(level)));
      },
      (error: unknown) => {
        setProblem(problemOf(error));
        setOn(false);
      },
    );
    return () => {
      isOver = true;
      for (const end of ends) end();
      ends = [];
    };
  }, [isOn, chosen]);
  return (
    <Row>
      <Button
        onPress={() => {
          setProblem(null);
          setOn(!isOn);
        }}
      >
        {say(isOn ? "trial_end" : "trial")}
      </Button>
      {isOn && <Level word="level_you" bind={(told) => (tell.current = told)} />}
      {problem && (
        <p className="phone-problem" role="alert">
          {say(problem)}
        </p>
      )}
    </Row>
  );
}

function Row({ children }: { children: ReactNode }) {
  return <div className="trial">{children}</div>;
}

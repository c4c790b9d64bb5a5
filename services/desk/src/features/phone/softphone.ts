/** The telephone in the page: SIP by JsSIP over the engine's own door, sound by WebRTC. */
import { UA, WebSocketInterface } from "jssip";
import type { IncomingRTCSessionEvent, RTCSessionEvent } from "jssip/lib/UA";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { PagePhoneOut } from "../../vocabulary/api";
import type { Word } from "../../words/words";
import { look, qualityOf, type Look, type Quality } from "./quality";
import { closed, metered, microphone, played, problemOf, ring, type Chosen } from "./sound";

export interface PhoneNow {
  /** `starting` until the switch knows it. */
  readonly state: "off" | "starting" | "ready" | "lost";
  readonly call: null | "ringing" | "answering" | "talking";
  readonly isMuted: boolean;
  readonly problem: Word | null;
}

export const OFF: PhoneNow = { state: "off", call: null, isMuted: false, problem: null };

export interface Levels {
  microphone(level: number): void;
  speaker(level: number): void;
}

export interface Surroundings {
  readonly chosen: () => Chosen;
  readonly answersItself: () => boolean;
  readonly levels: Levels;
  readonly now: (phone: PhoneNow) => void;
  /** The key opens nothing any more, or the switch does not know it: a new one is due. */
  readonly over: () => void;
  readonly sounded: (quality: Quality) => void;
}

export interface Softphone {
  answer(): void;
  hangUp(): void;
  mute(): void;
  stop(): void;
}

const LOOK_MS = 2_000;

/** Register with a key of this session, and be rung until stopped. */
export function softphone(key: PagePhoneOut, around: Surroundings): Softphone {
  const address = new URL(key.socket, location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const nowhere = `${Math.random().toString(36).slice(2)}.invalid`;
  const agent = new UA({
    sockets: [new WebSocketInterface(address.href)],
    uri: `sip:${key.user}@tieline`,
    // The engine lets it speak under this name alone, also within a call.
    contact_uri: `sip:${key.user}@${nowhere};transport=ws`,
    password: key.secret,
    register_expires: 120,
    session_timers: false,
    user_agent: "Tieline desk",
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 5,
  });

  let now: PhoneNow = { ...OFF, state: "starting" };
  let session: RTCSession | null = null;
  let isStopped = false;
  let ends: (() => void)[] = [];
  const told = (part: Partial<PhoneNow>) => {
    now = { ...now, ...part };
    if (!isStopped) around.now(now);
  };
  const quiet = () => {
    for (const end of ends) end();
    ends = [];
  };

  agent.on("registered", () => told({ state: "ready" }));
  agent.on("registrationFailed", () => !isStopped && around.over());
  agent.on("disconnected", () => {
    told({ state: "lost" });
    // In mid-call it tries again by itself: the sound goes another way, and goes on.
    if (!session && !isStopped) around.over();
  });
  agent.on("newRTCSession", (event: RTCSessionEvent) => {
    if (event.originator === "remote") rung((event as IncomingRTCSessionEvent).session);
  });
  agent.start();

  function rung(incoming: RTCSession): void {
    if (session) {
      incoming.terminate({ status_code: 486 });
      return;
    }
    session = incoming;
    told({ call: "ringing", isMuted: false, problem: null });
    ends = [ring(around.chosen().ringer)];
    incoming.on("accepted", () => told({ call: "answering" }));
    incoming.on("confirmed", () => talking(incoming));
    for (const end of ["ended", "failed"] as const) {
      incoming.on(end, () => {
        if (session !== incoming) return;
        session = null;
        quiet();
        told({ call: null, isMuted: false });
        if (now.state === "lost" && !isStopped) around.over();
      });
    }
    if (around.answersItself()) void answer();
  }

  async function answer(): Promise<void> {
    const incoming = session;
    if (!incoming || now.call !== "ringing") return;
    quiet();
    told({ call: "answering" });
    let stream: MediaStream;
    try {
      stream = await microphone(around.chosen().microphone);
    } catch (error) {
      // Nobody would be heard: the call goes to somebody else.
      told({ problem: problemOf(error) });
      incoming.terminate({ status_code: 480 });
      return;
    }
    if (session !== incoming) {
      closed(stream);
      return;
    }
    ends.push(() => closed(stream), metered(stream, around.levels.microphone));
    for (const track of stream.getAudioTracks()) {
      track.addEventListener("ended", () => void unplugged(incoming));
    }
    incoming.answer({ mediaStream: stream, pcConfig: { iceServers: [] } });
    heard(incoming.connection);
  }

  function heard(connection: RTCPeerConnection): void {
    const begin = (stream: MediaStream) => {
      ends.push(
        played(stream, around.chosen().speaker),
        metered(stream, around.levels.speaker),
      );
    };
    connection.addEventListener("track", (event) =>
      begin(event.streams[0] ?? new MediaStream([event.track])),
    );
  }

  function talking(incoming: RTCSession): void {
    told({ call: "talking" });
    const looks: Look[] = [];
    const connection = incoming.connection;
    const timer = setInterval(() => {
      look(connection).then((found) => looks.push(found), () => undefined);
    }, LOOK_MS);
    ends.push(() => {
      clearInterval(timer);
      const quality = qualityOf(looks);
      if (quality) around.sounded(quality);
    });
  }

  /** The microphone was pulled out in mid-call: another one, if there is any. */
  async function unplugged(incoming: RTCSession): Promise<void> {
    if (session !== incoming) return;
    told({ problem: "mic_unplugged" });
    try {
      const stream = await microphone("");
      const [track] = stream.getAudioTracks();
      const [sender] = incoming.connection.getSenders();
      if (!track || !sender || session !== incoming) return closed(stream);
      await sender.replaceTrack(track);
      track.addEventListener("ended", () => void unplugged(incoming));
      ends.push(() => closed(stream), metered(stream, around.levels.microphone));
      told({ problem: "mic_replaced" });
    } catch {
      // What was said stands.
    }
  }

  return {
    answer: () => void answer(),
    hangUp: () => {
      if (!session) return;
      // Who does not want a call that rings refuses it.
      session.terminate(now.call === "ringing" ? { status_code: 603 } : {});
    },
    mute: () => {
      if (!session || now.call !== "talking") return;
      const isMuted = !now.isMuted;
      if (isMuted) session.mute({ audio: true });
      else session.unmute({ audio: true });
      told({ isMuted });
    },
    stop: () => {
      isStopped = true;
      quiet();
      session?.terminate({});
      agent.stop();
      around.now(OFF);
    },
  };
}

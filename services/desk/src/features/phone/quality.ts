/** How a call sounded: what the browser measured, and what a listener would say of it. */

/** One look at a call's streams; what is not known yet is 0. */
export interface Look {
  readonly received: number;
  readonly lost: number;
  readonly jitterMs: number;
  readonly roundTripMs: number;
  /** How long the browser holds sound back, to even out what comes unevenly. */
  readonly heldMs: number;
}

export interface Quality {
  readonly packets: number;
  /** Share of what was sent to us that did not come, from 0 to 1. */
  readonly loss: number;
  readonly jitter_ms: number;
  readonly round_trip_ms: number;
  /** From 1 to 4.5, by the E-model. */
  readonly mos: number;
}

/** One packet of G.711 (RFC 3551, 4.5.14). */
const PACKET_MS = 20;
/** ITU-T G.113: how well G.711 with concealment stands loss. */
const ROBUSTNESS = 25.1;

/** Return what the E-model (ITU-T G.107) makes of delay and loss, for G.711. */
export function mosOf(loss: number, delayMs: number): number {
  const late = delayMs - 177.3;
  const byDelay = 0.024 * delayMs + (late > 0 ? 0.11 * late : 0);
  const percent = 100 * loss;
  const byLoss = (95 * percent) / (percent + ROBUSTNESS);
  const r = Math.max(0, Math.min(100, 93.2 - byDelay - byLoss));
  const mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
  return Math.max(1, Math.min(4.5, mos));
}

/** Return how a call sounded on the whole; null where nothing was heard. */
export function qualityOf(looks: readonly Look[]): Quality | null {
  const last = looks.at(-1);
  if (!last || last.received + last.lost === 0) return null;
  const loss = Math.max(0, last.lost) / (last.received + Math.max(0, last.lost));
  const jitter = mean(looks.map((look) => look.jitterMs));
  const roundTrip = mean(looks.map((look) => look.roundTripMs));
  const held = mean(looks.map((look) => look.heldMs));
  return {
    packets: last.received,
    loss: rounded(loss, 5),
    jitter_ms: rounded(jitter, 2),
    round_trip_ms: rounded(roundTrip, 2),
    mos: rounded(mosOf(loss, roundTrip / 2 + PACKET_MS + held), 2),
  };
}

/** Look at a connection's streams. */
export async function look(connection: RTCPeerConnection): Promise<Look> {
  let found: Look = { received: 0, lost: 0, jitterMs: 0, roundTripMs: 0, heldMs: 0 };
  // Types of the standard's parts differ between browsers' files: read by name.
  (await connection.getStats()).forEach((part: Record<string, unknown>) => {
    const of = (name: string) => Number(part[name] ?? 0);
    if (part["type"] === "inbound-rtp" && part["kind"] === "audio") {
      const emitted = of("jitterBufferEmittedCount");
      found = {
        ...found,
        received: of("packetsReceived"),
        lost: of("packetsLost"),
        jitterMs: 1000 * of("jitter"),
        heldMs: emitted ? (1000 * of("jitterBufferDelay")) / emitted : 0,
      };
    }
    if (part["type"] === "candidate-pair" && part["nominated"] === true) {
      found = { ...found, roundTripMs: 1000 * of("currentRoundTripTime") };
    }
  });
  return found;
}

function mean(values: readonly number[]): number {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
}

function rounded(value: number, places: number): number {
  return Number(value.toFixed(places));
}

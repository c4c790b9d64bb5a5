/** The live stream of one agent: a ticket, a socket, and back again when it breaks. */
import { ask, Refused } from "../lib/api";
import { offsetMs } from "../lib/clock";
import type { Message } from "../vocabulary/wire";

export type Link = "connecting" | "open" | "lost" | "over" | "refused";

export interface Listener {
  /** Takes one message; throws when one before it is missing. */
  take(message: Message): void;
  link(link: Link): void;
  clock(offsetMs: number): void;
}

const FIRST_MS = 250;
const LONGEST_MS = 5_000;
/** Whoever asks may not watch this agent, or there is none: asking again would not help. */
const NEVER = new Set([403, 404]);

/**
 * Follow one agent's stream until told to stop.
 *
 * A tab that slept has a socket that the server closed, or that is dead without
 * knowing; `wake` looks at once.
 */
export function follow(agentId: string, listener: Listener): { stop(): void; wake(): void } {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = FIRST_MS;
  let isStopped = false;
  /** Counts what was begun, so that an answer which comes late is left alone. */
  let round = 0;

  async function connect(): Promise<void> {
    clearTimeout(timer);
    socket = null;
    const own = ++round;
    try {
      const askedMs = Date.now();
      const body = { agent_id: agentId, shows_numbers: true };
      const ticket = await ask("POST /live/tickets", {}, body);
      listener.clock(offsetMs(ticket.at, askedMs, Date.now()));
      if (!isStopped && round === own) open(ticket.ticket);
    } catch (error) {
      if (round !== own) return;
      if (error instanceof Refused && error.isOfSession) return end("over");
      if (error instanceof Refused && NEVER.has(error.status)) return end("refused");
      again();
    }
  }

  function open(ticket: string): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const mine = new WebSocket(`${scheme}://${location.host}/live`);
    socket = mine;
    mine.onopen = () => mine.send(JSON.stringify({ ticket }));
    mine.onmessage = (event) => {
      if (socket !== mine) return;
      try {
        listener.take(JSON.parse(event.data) as Message);
        waitMs = FIRST_MS;
        listener.link("open");
      } catch {
        // A gap, or what nobody can read: a new snapshot puts it right.
        mine.close();
        lost(mine);
      }
    };
    // Whatever closed it: the next ticket tells whether the session is over.
    mine.onclose = () => lost(mine);
  }

  function lost(mine: WebSocket): void {
    if (socket !== mine) return;
    socket = null;
    again();
  }

  function again(): void {
    if (isStopped) return;
    listener.link("lost");
    // Not all desks at once after a restart of the engine.
    timer = setTimeout(connect, waitMs * (0.5 + Math.random()));
    waitMs = Math.min(waitMs * 2, LONGEST_MS);
  }

  function end(link: Link): void {
    if (!isStopped) listener.link(link);
    stop();
  }

  function stop(): void {
    isStopped = true;
    clearTimeout(timer);
    socket?.close();
    socket = null;
  }

  listener.link("connecting");
  void connect();
  return {
    stop,
    wake() {
      if (isStopped) return;
      waitMs = FIRST_MS;
      const before = socket;
      socket = null;
      before?.close();
      void connect();
    },
  };
}

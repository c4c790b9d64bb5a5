/** A length of time that goes on, drawn from an instant and the server's clock. */
import { createContext, use, useEffect, useState, type ReactNode } from "react";
import { asDuration, inFigures, secondsSince, secondsUntil } from "../lib/clock";

const Now = createContext(0);
const EVERY_MS = 250;

/** Tell all timers below the server's time of now. */
export function Clock({ offsetMs, children }: { offsetMs: number; children: ReactNode }) {
  const [nowMs, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return <Now value={nowMs + offsetMs}>{children}</Now>;
}

export function useNowMs(): number {
  return use(Now);
}

export function Since({ at }: { at: string | null }) {
  return <Figures seconds={secondsSince(at, useNowMs())} />;
}

export function Until({ at }: { at: string | null }) {
  // Begun seconds count whole, so that nothing is left only when nothing is.
  return <Figures seconds={Math.ceil(secondsUntil(at, useNowMs()))} />;
}

export function Figures({ seconds }: { seconds: number }) {
  return (
    <time className="figures" dateTime={asDuration(seconds)}>
      {inFigures(seconds)}
    </time>
  );
}

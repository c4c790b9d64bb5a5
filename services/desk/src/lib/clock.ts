/** The server's clock, as seen from here, and lengths of time in figures. */

/** How far the server is ahead, by an answer's instant and when it was asked and came. */
export function offsetMs(at: string, askedMs: number, cameMs: number): number {
  return Date.parse(at) - (askedMs + cameMs) / 2;
}

/** Seconds from an instant until now; never less than none, as clocks differ a little. */
export function secondsSince(at: string | null, nowMs: number): number {
  return at === null ? 0 : Math.max(0, (nowMs - Date.parse(at)) / 1000);
}

/** Seconds that are left until an instant. */
export function secondsUntil(at: string | null, nowMs: number): number {
  return at === null ? 0 : Math.max(0, (Date.parse(at) - nowMs) / 1000);
}

/** As in 0:07, 12:30 and 1:02:03. */
export function inFigures(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** As somebody who listens is told it: 7 s, 12 min 30 s. */
export function asDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return `PT${h > 0 ? `${h}H` : ""}${m > 0 ? `${m}M` : ""}${s}S`;
}

/** How loud something is, as a bar; it moves without drawing the page anew. */
import { useEffect, useRef } from "react";
import { useSettings } from "../../app/settings";
import type { Word } from "../../words/words";

export function Level({ word, bind }: { word: Word; bind: (tell: (level: number) => void) => void }) {
  const { say } = useSettings();
  const bar = useRef<HTMLSpanElement>(null);
  const meter = useRef<HTMLDivElement>(null);
  useEffect(() => {
    bind((level) => {
      if (bar.current) bar.current.style.scale = `${level} 1`;
      meter.current?.setAttribute("aria-valuenow", String(Math.round(100 * level)));
    });
    return () => bind(() => {});
  }, [bind]);
  return (
    <div className="level">
      <span className="soft">{say(word)}</span>
      <div
        ref={meter}
        className="track"
        role="meter"
        aria-label={say(word)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={0}
        data-testid={word}
      >
        <span ref={bar} />
      </div>
    </div>
  );
}

/** Logging in: a name, a password, and in words why not. */
import { useId, useRef, useState, type FormEvent } from "react";
import { useSettings } from "../../app/settings";
import { ask, Refused } from "../../lib/api";
import { Button } from "../../ui/button";
import type { SessionOut } from "../../vocabulary/api";

export function LogIn({
  isOver,
  onLoggedIn,
}: {
  /** Whether a session ended that was used until now. */
  isOver: boolean;
  onLoggedIn: (session: SessionOut) => void;
}) {
  const { say } = useSettings();
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState("");
  const password = useRef<HTMLInputElement>(null);
  const [nameId, passwordId, problemId] = [useId(), useId(), useId()];

  async function logIn(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (isAsking) return;
    const said = new FormData(event.currentTarget);
    const body = { name: String(said.get("name")), password: String(said.get("password")) };
    setAsking(true);
    setProblem("");
    try {
      onLoggedIn(await ask("POST /session", {}, body));
    } catch (error) {
      setAsking(false);
      setProblem(why(error));
      password.current?.select();
    }
  }

  function why(error: unknown): string {
    if (!(error instanceof Refused)) return String(error);
    if (error.isUnanswered) return say("unanswered");
    if (error.status === 429) return say("too_many_tries");
    return error.isOfSession ? say("wrong_log_in") : error.message;
  }

  return (
    <main className="door">
      <form className="card log-in" onSubmit={logIn} aria-describedby={problemId}>
        <h1>{say("log_in_title")}</h1>
        <p className="soft">{say("log_in_hint")}</p>
        {isOver && !problem && (
          <p className="banner calm" role="status">
            {say("session_over")}
          </p>
        )}
        <label htmlFor={nameId}>{say("name")}</label>
        <input
          id={nameId}
          name="name"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          required
          autoFocus
        />
        <label htmlFor={passwordId}>{say("password")}</label>
        <input
          id={passwordId}
          ref={password}
          name="password"
          type="password"
          autoComplete="current-password"
          maxLength={1024}
          required
        />
        <p className="problem" role="alert" id={problemId} data-testid="problem">
          {problem}
        </p>
        <Button type="submit" weight="primary" isPending={isAsking}>
          {say(isAsking ? "logging_in" : "log_in")}
        </Button>
      </form>
    </main>
  );
}

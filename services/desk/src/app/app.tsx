/** Who is logged in decides what is shown. */
import { useCallback, useEffect, useState } from "react";
import { LogIn } from "../features/sign-in/log-in";
import { ask, Refused } from "../lib/api";
import { Button } from "../ui/button";
import type { SessionOut } from "../vocabulary/api";
import { DeskPage } from "./desk-page";
import { PageHead } from "./page-head";
import { useSettings } from "./settings";

type Door =
  | { kind: "looking" }
  | { kind: "shut"; isOver: boolean }
  | { kind: "open"; session: SessionOut; isNew: boolean };

const AGAIN_MS = 2_000;

export function App() {
  const { say } = useSettings();
  const [door, setDoor] = useState<Door>({ kind: "looking" });

  useEffect(() => {
    if (door.kind !== "looking") return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const session = await ask("GET /session", {});
        setDoor({ kind: "open", session, isNew: false });
      } catch (error) {
        // While the engine starts nobody is known: that is no reason to ask for a password.
        if (error instanceof Refused && error.isOfSession) setDoor({ kind: "shut", isOver: false });
        else timer = setTimeout(look, AGAIN_MS);
      }
    };
    void look();
    return () => clearTimeout(timer);
  }, [door.kind]);

  const over = useCallback(() => setDoor({ kind: "shut", isOver: true }), []);
  const logOut = useCallback(() => {
    void ask("DELETE /session", {}).catch(() => undefined);
    setDoor({ kind: "shut", isOver: false });
  }, []);

  switch (door.kind) {
    case "looking":
      return (
        <>
          <PageHead />
          <p className="soft moment">{say("loading")}</p>
        </>
      );
    case "shut":
      return (
        <>
          <PageHead />
          <LogIn
            isOver={door.isOver}
            onLoggedIn={(session) => setDoor({ kind: "open", session, isNew: true })}
          />
        </>
      );
    default:
      return door.session.agent_id ? (
        <DeskPage
          agentId={door.session.agent_id}
          beginsWork={door.isNew}
          onOver={over}
          onLogOut={logOut}
        />
      ) : (
        <>
          <PageHead />
          <main className="door">
            <section className="card log-in">
              <h1>{say("no_agent_title")}</h1>
              <p className="soft">{say("no_agent")}</p>
              <Button weight="primary" onPress={logOut}>
                {say("log_out")}
              </Button>
            </section>
          </main>
        </>
      );
  }
}

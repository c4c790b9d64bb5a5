/** Which key does what. */
import { useSettings } from "../../app/settings";
import type { Word } from "../../words/words";
import { KEYS } from "../ready-switch/reasons";

const ROWS: readonly (readonly [string, Word])[] = [
  [KEYS.help, "key_help"],
  [KEYS.ready, "key_ready"],
  [KEYS.not_ready, "key_not_ready"],
  [KEYS.answer, "key_answer"],
  [KEYS.hang_up, "key_hang_up"],
  [KEYS.finish, "key_finish"],
  [KEYS.sign_out, "key_sign_out"],
  [KEYS.mute, "key_mute"],
];

export function KeysCard() {
  const { say } = useSettings();
  return (
    <section className="card keys" aria-labelledby="keys" data-testid="keys">
      <h2 id="keys">{say("shortcuts")}</h2>
      <dl>
        {ROWS.map(([key, word]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{say(word)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

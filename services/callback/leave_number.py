"""Takes a caller's number while the engine is away: Asterisk runs this (AGI, stdin).

It must live without the rest of ours: only Python, pyst2 and this file. What a caller
keyed is written as a file; the engine tells it as a fact when it is back.

    leave-number SPOOL PROMPTS CALL_ID LANGUAGE QUEUE
"""

import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asterisk.agi import AGI, AGIException

TRIES = 3
FIRST_KEY_MS = 8_000
MOST_KEYS = 15
NUMBER = re.compile(r"[0-9]{3,15}", re.ASCII)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
WORD = re.compile(r"[a-z0-9_]{0,40}", re.ASCII)


def main() -> None:
    """Ask for a number, write it, and tell the dialplan by ``CC_LEFT``."""
    spool, prompts, call_id, language, *rest = sys.argv[1:]
    queue = rest[0] if rest else ""
    if not (UUID.fullmatch(call_id) and WORD.fullmatch(language + queue)):
        sys.exit(2)
    # pyst2 writes every command and answer to its stderr: keys must not be there.
    agi = AGI(stderr=Path(os.devnull).open("w"))  # noqa: SIM115 - for the whole run
    try:
        number = _asked(agi, Path(prompts), language)
        if number is not None:
            _write(Path(spool), call_id, number, queue=queue, language=language)
            agi.set_variable("CC_LEFT", "1")
            agi.stream_file(_sound(Path(prompts), "thanks", language))
    except (AGIException, ValueError):
        """The caller has gone (pyst2 takes the end for a number); the file stands."""


def _asked(agi: Any, prompts: Path, language: str) -> str | None:  # noqa: ANN401 - pyst2 has no types
    """Return the number that was keyed, or None when none was in all tries."""
    for nth in range(TRIES):
        name = "ask" if nth == 0 else "again"
        keyed = agi.get_data(_sound(prompts, name, language), FIRST_KEY_MS, MOST_KEYS)
        if NUMBER.fullmatch(keyed):
            return str(keyed)
    return None


def _sound(prompts: Path, name: str, language: str) -> str:
    return f'"{prompts / f"open-{name}-{language}"}"'


def _write(spool: Path, call_id: str, number: str, **more: str) -> None:
    """Write so that it is there whole or not at all, whatever breaks next."""
    told = {
        "call_id": call_id,
        "number": number,
        "at": datetime.now(UTC).isoformat(),
        **more,
    }
    draft = spool / f".{call_id}.new"
    with draft.open("w", encoding="utf-8") as out:
        json.dump(told, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(spool / f"{call_id}.json")


if __name__ == "__main__":
    main()

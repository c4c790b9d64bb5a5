"""The code by which prompts are recorded from a telephone: made, held, void."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ivr.sounds import Language
from recordings.disk import put

FILE = "prompt_code.json"
"""In the folder of secrets; it holds a sum, so nobody gets the code from it."""
DIGITS = 8
MOST_PROMPTS = 9
MOST_WRONG = 9
"""Wrong codes, whoever dialled, behind which the code is void."""
_COST = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What may be recorded, and in which language one is spoken to."""

    prompts: tuple[str, ...]
    """By the key that chooses each, from 1."""
    language: Language


class PromptCode:
    """The one code that holds now, if any."""

    def __init__(self, secrets_folder: Path) -> None:
        """Read nothing yet."""
        self._path = secrets_folder / FILE

    def make(
        self, prompts: Sequence[str], *, until: datetime, language: Language
    ) -> str:
        """Make a code for some prompts; one before is void.

        Returns:
            The code, which is told this once.

        Raises:
            OSError: It cannot be kept.
        """
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        salt = secrets.token_hex(16)
        self._write(
            {
                "salt": salt,
                "sum": _sum(code, salt),
                "until": until.isoformat(),
                "prompts": list(prompts),
                "language": language.value,
                "wrong": 0,
            }
        )
        return code

    def end(self) -> bool:
        """Make the code void; False when there was none."""
        there = self._path.exists()
        self._path.unlink(missing_ok=True)
        return there

    def holds(self, now: datetime) -> bool:
        """Tell whether there is a code at all."""
        return self._read(now) is not None

    def entered(self, code: str, now: datetime) -> Grant | None:
        """Return what a code is for; None for a wrong one, which is counted."""
        told = self._read(now)
        if told is None:
            return None
        if hmac.compare_digest(_sum(code, told["salt"]), told["sum"]):
            return Grant(
                prompts=tuple(told["prompts"]), language=Language(told["language"])
            )
        told["wrong"] += 1
        if told["wrong"] >= MOST_WRONG:
            self.end()
        else:
            self._write(told)
        return None

    def _read(self, now: datetime) -> dict[str, Any] | None:
        try:
            told: dict[str, Any] = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        if datetime.fromisoformat(str(told["until"])) <= now:
            self.end()
            return None
        return told

    def _write(self, told: object) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(self._path, json.dumps(told).encode())


def _sum(code: str, salt: str) -> str:
    # Dear on purpose: of eight digits a plain sum is found in a second.
    dear = hashlib.scrypt(code.encode(), salt=salt.encode(), n=_COST, r=8, p=1)
    return dear.hex()

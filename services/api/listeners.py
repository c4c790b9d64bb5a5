"""Who may hear recordings: a name, the sum of a token, and the queues it is for."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from recordings.disk import put

FILE = "listeners.json"

_Kept: TypeAlias = dict[str, dict[str, Any]]
"""By the sum of a token: name and queues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Somebody who may hear recordings."""

    name: str
    queues: tuple[str, ...] | None
    """Of which queues; None means of all."""

    def may_hear(self, queue_id: str | None) -> bool:
        """Return whether the conversations of a queue are theirs to hear."""
        return self.queues is None or queue_id in self.queues


class Listeners:
    """The list of them, in the folder of secrets; read anew each time."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet.

        Args:
            folder: Of secrets. The file holds sums, so nobody gets a token from it.
        """
        self._path = folder / FILE

    def known_by(self, token: str) -> Listener | None:
        """Return whose token this is, or None."""
        # Sums are compared: how long that takes tells nothing of a token.
        told = self._read().get(_sum(token))
        if told is None:
            return None
        queues = told["queues"]
        return Listener(
            name=told["name"], queues=None if queues is None else tuple(queues)
        )

    def allow(self, listener: Listener) -> str:
        """Let somebody hear, by the token that is returned; one before is void."""
        token = secrets.token_urlsafe(24)
        others = self._without(listener.name)
        self._write(others | {_sum(token): asdict(listener)})
        return token

    def disallow(self, name: str) -> bool:
        """Take the right away at once; False when nobody is called so."""
        before, others = self._read(), self._without(name)
        self._write(others)
        return len(others) < len(before)

    def _without(self, name: str) -> _Kept:
        return {key: told for key, told in self._read().items() if told["name"] != name}

    def _read(self) -> _Kept:
        try:
            told: _Kept = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        return told

    def _write(self, told: _Kept) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(self._path, json.dumps(told, indent=1).encode())


def _sum(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

"""Numbers that callers left while nobody decided: the script's files, as facts."""

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from acd.vocabulary.ids import CallId, QueueId
from acd.vocabulary.open_facts import CallbackLeft

log = structlog.get_logger()

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_NUMBER = re.compile(r"\+?[0-9]{3,20}", re.ASCII)
_WORD = re.compile(r"[a-z0-9_]{0,40}", re.ASCII)
_MOST_BYTES = 4096
_KEPT_S: Final = 5.0


class Spool:
    """The folder where the script leaves them, and who reads it.

    Each number is given out once. Its file is deleted some seconds later: it is in the
    journal then.
    """

    def __init__(self, folder: Path) -> None:
        """Begin with what is there; the folder need not be there yet."""
        self._folder = folder
        self._given: dict[Path, float] = {}
        self._unusable: set[Path] = set()
        self._problems: dict[str, str] = {}

    def left(self, now: datetime, now_s: float) -> Iterator[CallbackLeft]:
        """Return each number that was left since the last time.

        Args:
            now: Nothing is told to have happened later.
            now_s: Monotonic seconds.
        """
        try:
            files = _left_in(self._folder)
        except OSError as error:
            self._complain("callbacks_unreadable", error)
            return
        self._problems.pop("callbacks_unreadable", None)
        self._unusable.intersection_update(files)
        for file in files:
            if file in self._given:
                continue
            fact = _read(file, now)
            if fact is not None:
                self._given[file] = now_s
                yield fact
            elif file not in self._unusable:
                # Once: it lies there until somebody looks at it.
                self._unusable.add(file)
                log.error("callback_unusable", file=file.name)

    def empty(self, now_s: float) -> None:
        """Delete what was given out long enough ago."""
        for file in [it for it, at in self._given.items() if at <= now_s - _KEPT_S]:
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                self._complain("callbacks_not_emptied", error)
                return
            del self._given[file]
            self._problems.pop("callbacks_not_emptied", None)

    def _complain(self, event: str, error: OSError) -> None:
        # It is tried twice a second: once is enough.
        if self._problems.get(event) != str(error):
            self._problems[event] = str(error)
            log.warning(event, reason=str(error))


def _left_in(folder: Path) -> list[Path]:
    # Looked at whenever a leg ends, and nearly always empty: a glob costs ten times.
    try:
        with os.scandir(folder) as there:
            return sorted(Path(one) for one in there if one.name.endswith(".json"))
    except FileNotFoundError:
        return []


def _read(file: Path, now: datetime) -> CallbackLeft | None:
    try:
        if file.is_symlink() or file.stat().st_size > _MOST_BYTES:
            return None
        told = json.loads(file.read_text(encoding="utf-8"))
        call_id, number = str(told["call_id"]), str(told["number"])
        queue, language = str(told["queue"]), str(told["language"])
        at = datetime.fromisoformat(told["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    forms = ((_UUID, call_id), (_NUMBER, number), (_WORD, queue), (_WORD, language))
    if not all(form.fullmatch(text) for form, text in forms) or at.tzinfo is None:
        return None
    return CallbackLeft(
        at=min(at, now),
        call_id=CallId(call_id),
        callback_number=number,
        queue_id=QueueId(queue),
        language=language,
    )

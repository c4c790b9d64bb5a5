"""Numbers that callers left while nobody decided: the script's files, as facts."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import structlog

from acd.vocabulary.ids import CallId, QueueId
from acd.vocabulary.open_facts import CallbackLeft

log = structlog.get_logger()

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_NUMBER = re.compile(r"\+?[0-9]{3,20}", re.ASCII)
_WORD = re.compile(r"[a-z0-9_]{0,40}", re.ASCII)
_MOST_BYTES = 4096


def waiting(folder: Path, now: datetime) -> Iterator[tuple[Path, CallbackLeft]]:
    """Return each number left, with its file; delete it once it is in the journal.

    Args:
        folder: Where the script leaves them.
        now: Nothing is told to have happened later.
    """
    try:
        files = sorted(folder.glob("*.json"))
    except OSError as error:
        log.warning("callbacks_unreadable", reason=str(error))
        return
    for file in files:
        fact = _read(file, now)
        if fact is None:
            log.error("callback_unusable", file=file.name)
        else:
            yield file, fact


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

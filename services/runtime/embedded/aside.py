"""Logs that grew large, put aside at a start, when nobody writes them."""

from pathlib import Path
from typing import Final

LOG_KEPT_BYTES: Final = 10_000_000
_ASTERISKS = ("messages.log", "security.log")
_END_BYTES = 1 << 16


def put_aside(log: Path) -> None:
    """Let a large log begin anew; the one put aside before it goes."""
    if log.exists() and log.stat().st_size > LOG_KEPT_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))


def put_asterisks_aside(folder: Path) -> None:
    """Let Asterisk's large logs begin anew.

    That of queues tells the engine what it missed: it stays until all of it is read,
    which empties it.
    """
    for name in _ASTERISKS:
        put_aside(folder / name)
    notes = folder / "queue_log"
    if _is_emptied(notes):
        put_aside(notes)


def _is_emptied(notes: Path) -> bool:
    try:
        with notes.open("rb") as opened:
            size_bytes = opened.seek(0, 2)
            # It is emptied from its beginning on: what is not, is at its end.
            opened.seek(max(0, size_bytes - _END_BYTES))
            return not opened.read().strip(b"\0")
    except FileNotFoundError:
        return False

"""The open queue as Asterisk's configuration has it: who calls what, and where to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.floor.admission import gate_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEntry:
    """What a number's callers get while there is no engine."""

    queue: str = ""
    """The queue of those who were not in one yet; "": they can leave a number."""
    call_class: int = 0
    """From 0 to 20: who has more goes before all who have less."""
    language: str = "en"
    """Of what they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQueue:
    """One queue of the floor, as Asterisk serves it."""

    name: str
    ring_s: int
    wrap_up_s: int


def entries(
    numbers: Iterable[str],
    given: Mapping[str, OpenEntry],
    reserved: Mapping[str, int],
) -> Iterator[str]:
    """Return the lines of the dialplan by which each number is entered.

    Args:
        numbers: What a caller can dial.
        given: What their callers get without the engine.
        reserved: Lines kept for a number alone.
    """
    for number in numbers:
        entry = given.get(number, OpenEntry())
        yield (
            f"exten => {number},1,MSet(CC_NUMBER={number},CC_OPEN_QUEUE={entry.queue},"
            f"CC_CLASS={entry.call_class},CC_LANGUAGE={entry.language},"
            f"CC_GATE={gate_of(number)},CC_RESERVED={reserved.get(number) or ''})"
        )
        yield " same => n,Goto(cc-in,s,1)"


def queues(given: Iterable[OpenQueue]) -> Iterator[str]:
    """Return the lines of ``queues.conf`` for each queue."""
    for queue in given:
        yield f"[{queue.name}](open)"
        yield f"timeout = {queue.ring_s}"
        yield f"wrapuptime = {queue.wrap_up_s}"

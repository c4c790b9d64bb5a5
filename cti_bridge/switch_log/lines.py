"""What the dialplan noted while nobody may have listened, told as facts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from acd.vocabulary.facts import OpenFact
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, Place, QueueId
from acd.vocabulary.leg_facts import LegEnded, LegEnding
from acd.vocabulary.offer_facts import Party
from acd.vocabulary.open_facts import (
    OpenQueueJoined,
    OpenQueueLeft,
    OpenQueueServed,
    OpenTalkEnded,
)
from cti_bridge.forms import LEG, MOST_NAME, NUMBER, SIP_CALL_ID, UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of the log of queues that is ours."""

    call_id: str
    """The call; of what Asterisk itself wrote, the caller's leg."""
    fact: OpenFact | LegEnded
    is_own_wish: bool = False
    """Whether a leg that ended hung up itself."""


_QUEUE: Final = re.compile(r"[A-Za-z0-9_.-]{0,64}", re.ASCII)
_CLASS: Final = re.compile(r"0?[0-9]{1,2}", re.ASCII)
_CAUSE: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
_LEG_ENDED: Final = "|CCGONE|"
_ENDED_BY: Final = {"COMPLETECALLER": Party.CALLER, "COMPLETEAGENT": Party.AGENT}


class _Unusable(ValueError):
    """A line is not as our dialplan writes it."""


def read_line(
    line: str, *, place_of: Callable[[str], Place], now: datetime
) -> Note | None:
    """Return what a line tells.

    Args:
        line: One line of Asterisk's ``queue_log``, without its end.
        place_of: Whose calls those of a number are.
        now: Nothing is told to have happened later.

    Returns:
        None for what is not ours to act on, or is not of its form.
    """
    parts = line.split("|", 5)
    if len(parts) != 6:
        return None
    wrote_at, call_id, _, _, event, told = parts
    try:
        if event in _ENDED_BY:
            ended = OpenTalkEnded(
                at=min(_instant(wrote_at), now),
                leg_id=LegId(_fits(LEG, call_id)),
                ended_by=_ENDED_BY[event],
            )
            return Note(call_id=call_id, fact=ended)
        if event.startswith("CC"):
            call = CallId(_fits(UUID, call_id))
            fact = _of_dialplan(event, call, told, place_of=place_of, now=now)
            is_own = event == "CCGONE" and told.endswith(" 1")
            return (
                Note(call_id=call_id, fact=fact, is_own_wish=is_own) if fact else None
            )
    except (ValueError, OverflowError, OSError):
        return None
    return None


def ended_leg(line: str) -> LegId | None:
    """Return whose end a line notes, at next to no cost; None for any other line.

    What it says is not looked at: ``read_line`` does, where it is of use.
    """
    _, is_end, told = line.partition(_LEG_ENDED)
    words = told.split(" ", 2)
    return LegId(words[1]) if is_end and len(words) > 1 else None


def _of_dialplan(
    event: str,
    call_id: CallId,
    told: str,
    *,
    place_of: Callable[[str], Place],
    now: datetime,
) -> OpenFact | LegEnded | None:
    words = told.split(" ", 10)
    at = min(_instant(words[0]), now)
    match event, words:
        case "CCOPEN", [_, arrived, queued, rank, queue, _, leg, *who] if len(who) == 4:
            number, caller, sip_call_id, name = who
            return OpenQueueJoined(
                at=at,
                place=place_of(number),
                call_id=call_id,
                leg_id=LegId(_fits(LEG, leg)),
                queue_id=QueueId(_fits(_QUEUE, queue)),
                call_class=int(_fits(_CLASS, rank)),
                arrived_at=min(_instant(arrived), at),
                queued_at=min(_instant(queued), at),
                number=_fits(NUMBER, number),
                caller_number=_fits(NUMBER, caller),
                caller_name=_name(name),
                sip_call_id=_fits(SIP_CALL_ID, sip_call_id),
            )
        case (("CCLEFT" | "CCBYE"), [_]):
            return OpenQueueLeft(at=at, call_id=call_id, is_final=event == "CCBYE")
        case "CCSERVED", [_, offer, leg, agent]:
            return OpenQueueServed(
                at=at,
                call_id=call_id,
                offer_id=OfferId(_fits(UUID, offer)),
                leg_id=LegId(_fits(LEG, leg)),
                agent_id=AgentId(_fits(LEG, agent)),
            )
        case "CCPARTED", [_, leg, "0" | "1" as is_own]:
            return OpenTalkEnded(
                at=at,
                leg_id=LegId(_fits(LEG, leg)),
                ended_by=Party.AGENT if is_own == "1" else Party.CALLER,
            )
        case "CCGONE", [_, leg, cause, "0" | "1"]:
            return LegEnded(
                at=at,
                leg_id=LegId(_fits(LEG, leg)),
                ending=LegEnding.HUNG_UP,
                cause=int(cause) if _CAUSE.fullmatch(cause) else 0,
            )
        case _:
            return None


def _name(text: str) -> str:
    return text if text.isprintable() and len(text) <= MOST_NAME else ""


def _fits(form: re.Pattern[str], text: str) -> str:
    if form.fullmatch(text) is None:
        raise _Unusable(text)
    return text


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(float(text), UTC)

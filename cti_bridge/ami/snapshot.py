"""All that lives in Asterisk, told as one fact."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

import structlog

from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, QueueId, SkillId
from acd.vocabulary.leg_facts import (
    LegRole,
    LegSeen,
    SwitchSeen,
)
from cti_bridge.ami import causes
from cti_bridge.ami.connection import Connection
from cti_bridge.ami.protocol import Message
from cti_bridge.forms import UUID

log = structlog.get_logger(__name__)

DEVICES: Final = "PJSIP/"
"""Legs are telephones; ``Local/`` channels come of devices that would redirect."""

_UP: Final = str(causes.UP)
_WAITING_ROOMS: Final = ("cc-wait", "cc-listen")
"""The contexts in which callers wait (dialplans/extensions.conf)."""

VARIABLES: Final = (
    "CC_CALL_ID,CC_STATE,CC_NUMBER,CC_QUEUE,CC_SKILLS,CC_CLASS,CC_T0,CC_OFFER_ID,"
    "CC_AGENT,CC_MUTED"
)
"""What the dialplan keeps on each leg (dialplans/extensions.conf)."""


async def take(
    link: Connection, *, now: Callable[[], datetime]
) -> tuple[SwitchSeen, dict[LegId, str]]:
    """Ask Asterisk for every leg that lives.

    Returns:
        The fact, and Asterisk's name of each leg.

    Raises:
        AmiError: Asterisk did not tell.
    """
    taken_at = now()
    items = await link.ask("Status", {"Variables": VARIABLES})
    believed = [item for item in items if not item.is_doubtful]
    if len(believed) < len(items):
        # Left out, such a leg would be taken for one that ended.
        log.warning("status_doubtful", items=len(items) - len(believed))
    telephones = [item for item in items if item["Channel"].startswith(DEVICES)]
    seen = SwitchSeen(
        at=now(),
        boot_id=link.system_name,
        taken_at=taken_at,
        legs=tuple(legs_seen(telephones)),
    )
    return seen, {LegId(item["Uniqueid"]): item["Channel"] for item in telephones}


def legs_seen(items: Iterable[Message]) -> Iterable[LegSeen]:
    """Tell each leg of Asterisk's answers to ``Status``."""
    for item in items:
        told = item.variables()
        offer_id, agent_id = told.get("CC_OFFER_ID"), told.get("CC_AGENT")
        queue_id = told.get("CC_QUEUE")
        skills = sorted(filter(None, told.get("CC_SKILLS", "").split(":")))
        yield LegSeen(
            leg_id=LegId(item["Uniqueid"]),
            role=_role(told.get("CC_STATE", ""), is_offer=bool(offer_id)),
            call_id=CallId(told.get("CC_CALL_ID", "")),
            offer_id=OfferId(offer_id) if offer_id else None,
            agent_id=AgentId(agent_id) if agent_id else None,
            queue_id=QueueId(queue_id) if queue_id else None,
            skills=tuple(SkillId(skill) for skill in skills),
            queued_at=_instant(told.get("CC_T0", "")),
            number=told.get("CC_NUMBER", ""),
            call_class=call_class(told.get("CC_CLASS")),
            is_up=item["ChannelState"] == _UP,
            bridge_id=item.get("BridgeID") or None,
            is_muted=bool(told.get("CC_MUTED")),
        )


def leg_listed(item: Message) -> LegSeen:
    """Tell what can be known of a leg from its line in Asterisk's list.

    It has no variables: whose leg it is, and since when it waits, is left out.
    """
    leg_id = item["Uniqueid"]
    role = LegRole.OTHER
    if UUID.fullmatch(leg_id):
        # Only we choose ids, and only for the legs of offers.
        role = LegRole.OFFER
    elif item["Context"] in _WAITING_ROOMS:
        role = LegRole.WAITING
    return LegSeen(
        leg_id=LegId(leg_id),
        role=role,
        call_id=CallId(""),
        is_up=item["ChannelState"] == _UP,
        bridge_id=item.get("BridgeId") or None,
    )


def _role(state: str, *, is_offer: bool) -> LegRole:
    match state:
        case "flow":
            return LegRole.FLOW
        case "served":
            return LegRole.SERVED
        case "held":
            return LegRole.HELD
        case _ if is_offer:
            # Before its device answers the leg has not come to the dialplan.
            return LegRole.OFFER
        case "waiting" | "talking":
            return LegRole.WAITING
        case "open":
            return LegRole.OPEN
        case _:
            return LegRole.OTHER


def call_class(text: str | None) -> int:
    """Return a call's class as its leg has it; 0 where it has none."""
    return int(text) if text and re.fullmatch("[0-9]{1,2}", text, re.ASCII) else 0


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None

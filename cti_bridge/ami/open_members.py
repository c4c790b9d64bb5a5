"""The members of Asterisk's own queues: who could serve callers without the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import structlog

from acd.vocabulary.decisions import MirrorAgents, OpenMember
from cti_bridge.ami.actions import Fields
from cti_bridge.ami.connection import Connection

log = structlog.get_logger(__name__)

_PREFIX: Final = "PJSIP/"
_AT_ONCE: Final = 50
"""Actions that an agent who is to be rung may have to wait for."""

Shown = dict[str, dict[str, bool]]
"""Whether a member is paused, by queue, by interface."""


class OpenMembers:
    """Keeps them as the engine has its agents; only what differs is sent."""

    def __init__(self) -> None:
        """Begin without knowing any."""
        self._shown: Shown = {}
        self._turn = asyncio.Lock()

    async def show(self, link: Connection, mirror: MirrorAgents) -> None:
        """Make members what the engine wants; one mirror after the other.

        Raises:
            AmiError: It is not known what became of it; the next whole one mends it.
        """
        async with self._turn:
            if mirror.is_whole:
                self._shown = await seen(link)
            wanted = {_interface(it): it for it in mirror.members}
            others = set(self._shown) - set(wanted) if mirror.is_whole else set()
            actions = [
                action
                for interface, member in wanted.items()
                for action in _changes(interface, member, self._shown.get(interface))
            ]
            for interface in others:
                actions += _removals(interface, self._shown[interface])
            for some in _batches(actions):
                await _done(link, some)
            for interface, member in wanted.items():
                paused = dict.fromkeys(member.queue_ids, member.is_paused)
                self._shown[interface] = {str(q): p for q, p in paused.items()}
            for interface in others:
                del self._shown[interface]


async def _done(link: Connection, actions: Sequence[tuple[str, Fields]]) -> None:
    # Written together, done in order.
    replies = await asyncio.gather(*(link.act(*action) for action in actions))
    for (action, fields), reply in zip(actions, replies, strict=True):
        if not reply.succeeded:
            reason = reply.get("Message")
            log.warning("member_refused", action=action, reason=reason, **fields)


async def seen(link: Connection) -> Shown:
    """Ask Asterisk who is a member of what.

    Raises:
        AmiError: It did not tell.
    """
    shown: Shown = {}
    for item in await link.ask("QueueStatus"):
        interface = item.get("Location") or ""
        if item.event == "QueueMember" and interface.startswith(_PREFIX):
            queues = shown.setdefault(interface, {})
            queues[item["Queue"]] = item.get("Paused") == "1"
    return shown


def _interface(member: OpenMember) -> str:
    return f"{_PREFIX}{member.device_id}"


def _changes(
    interface: str, member: OpenMember, shown: Mapping[str, bool] | None
) -> Iterator[tuple[str, Fields]]:
    shown, paused = shown or {}, "true" if member.is_paused else "false"
    for queue_id in member.queue_ids:
        if queue_id not in shown:
            yield (
                "QueueAdd",
                {
                    "Queue": queue_id,
                    "Interface": interface,
                    "MemberName": member.agent_id,
                    "Penalty": "0",
                    "Paused": paused,
                },
            )
    yield from _removals(interface, set(shown) - set(member.queue_ids))
    stays = set(shown) & set(member.queue_ids)
    if any(shown[queue_id] != member.is_paused for queue_id in stays):
        # In all its queues at once.
        yield "QueuePause", {"Interface": interface, "Paused": paused}


def _removals(interface: str, queues: Iterable[str]) -> list[tuple[str, Fields]]:
    return [
        ("QueueRemove", {"Queue": queue, "Interface": interface})
        for queue in sorted(queues)
    ]


def _batches(
    actions: Sequence[tuple[str, Fields]],
) -> Iterator[Sequence[tuple[str, Fields]]]:
    for first in range(0, len(actions), _AT_ONCE):
        yield actions[first : first + _AT_ONCE]

"""Shows a published floor to the running switch: devices, numbers, queues."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from acd.core.floor import Floor as LiveFloor
from acd.core.new_policy import taken_out
from acd.policy import AgentProfile
from acd.vocabulary.ids import AgentId
from cti_bridge.ami.connection import Connection
from cti_bridge.ami.errors import AmiError
from services.floor.floor import Floor
from services.runtime.embedded import asterisk
from services.runtime.embedded.asterisk import AsteriskPlace, TakenUp
from services.runtime.errors import RuntimeProblem

log = structlog.get_logger()

READ_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.1


class SwitchFloor:
    """Has Asterisk read anew what a floor changes in its configuration."""

    def __init__(
        self,
        place_of: Callable[[Floor], AsteriskPlace],
        live: LiveFloor,
        *,
        link: Callable[[], Connection | None],
    ) -> None:
        """Join it with its surroundings.

        Args:
            place_of: How Asterisk would be started with a floor.
            live: Who is on the floor now.
            link: The live link to the switch, None while there is none.
        """
        self._place_of = place_of
        self._live = live
        self._link = link

    async def show(self, floor: Floor) -> list[str]:
        """Let the switch know of a floor, and of whoever is only leaving it.

        Returns:
            What it will know with its next start only, a sentence each.
        """
        whole = with_those_who_leave(floor, self._live)
        try:
            taken = await asyncio.to_thread(self._take_up, whole)
        except (RuntimeProblem, OSError) as problem:
            log.warning("switch_floor_not_shown", why=str(problem))
            return [
                f"asterisk: knows nothing of what changed, {problem}; it will with its"
                " next start"
            ]
        if "queues.conf" in taken.files:
            await self._until_read(whole)
        return _in_words(taken)

    def _take_up(self, floor: Floor) -> TakenUp:
        return asterisk.take_up(self._place_of(floor))

    async def _until_read(self, floor: Floor) -> None:
        """Return when Asterisk knows the queues, or when it takes too long."""
        wanted = {str(queue_id) for queue_id in floor.policy.queues}
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                while (link := self._link()) is not None:
                    told = await link.ask("QueueStatus")
                    known = {it["Queue"] for it in told if it.event == "QueueParams"}
                    if wanted <= known:
                        return
                    await asyncio.sleep(_LOOK_EVERY_S)
        except (TimeoutError, AmiError) as error:
            # The next whole mirror of members mends what comes too early.
            log.warning("switch_floor_not_seen", why=str(error))


def with_those_who_leave(floor: Floor, live: LiveFloor) -> Floor:
    """Return a floor with agents and queues that stay until they are done."""
    policy = floor.policy
    queues = {
        queue_id: live.policy.queues[queue_id]
        for queue_id, count in taken_out(live, policy)
        if count
    } | {it: live.policy.queues[it] for it in live.closing}
    agents: dict[AgentId, AgentProfile] = {
        agent_id: agent.profile
        for agent_id, agent in live.agents.items()
        if agent.call_id is not None or agent_id in live.leaving
    }
    whole = replace(
        policy,
        queues=queues | dict(policy.queues),
        agents=agents | dict(policy.agents),
    )
    return replace(floor, policy=whole)


def _in_words(taken: TakenUp) -> list[str]:
    if not taken.later:
        return []
    names: Sequence[str] = sorted(taken.later)
    return [
        f"asterisk: reads {', '.join(names)} at its start only; what changed there"
        " comes with its next one"
    ]

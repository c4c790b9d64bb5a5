"""The calls of the bench of routing: each ends when its agent is through with it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime

from services.phone.sipp import CallerPlan, DevicePlan, Load, SippOutcome, SippRun
from services.runtime.bench.mixed_load import coming_back
from services.runtime.bench.routing.plan import (
    QUEUES,
    RING_MS,
    PlannedCaller,
    PlannedQueue,
    RoutingPlan,
    Talks,
)
from services.runtime.bench.stand import Stand

_LOOK_EVERY_S = 0.25
_AGAIN_AFTER_S = 1.0
_PATIENCE_MS = 180_000
"""Nobody gives up: who does not reach anybody is a failure of the run."""
_AT_ONCE_PER_S = 100.0


async def called(stand: Stand, plan: RoutingPlan) -> list[SippOutcome]:
    """Place all calls, and return them queue by queue when the last has ended."""
    last_s = plan.callers[-1].dials_after_s
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(coming_back(stand))
        devices = await stack.enter_async_context(
            stand.devices(DevicePlan(ring_ms=RING_MS))
        )
        runs = [
            await stack.enter_async_context(_calling(stand, plan, queue, last_s))
            for queue in QUEUES.values()
        ]
        await stack.enter_async_context(_goodbyes(plan, devices, runs))
        return list(await asyncio.gather(*(run.finished() for run in runs)))


@asynccontextmanager
async def _calling(
    stand: Stand, plan: RoutingPlan, queue: PlannedQueue, last_s: float
) -> AsyncIterator[SippRun]:
    crowd = [it for it in plan.callers if it.queue is queue]
    callers = CallerPlan(
        number=queue.number,
        callers=[(it.number, "bench") for it in crowd],
        hang_up_after_ms=(_PATIENCE_MS,),
        dial_after_ms=_waits_ms(crowd),
    )
    load = Load(
        calls=len(crowd),
        per_s=_AT_ONCE_PER_S,
        at_once=len(crowd),
        timeout_s=last_s + _PATIENCE_MS / 1000,
    )
    async with stand.calling(callers, load, name=queue.kind) as run:
        yield run


def _waits_ms(crowd: Sequence[PlannedCaller]) -> list[int]:
    """Return how long each one waits; SIPp begins one after the other."""
    return [
        max(1, round(it.dials_after_s * 1000 - nth * 1000 / _AT_ONCE_PER_S))
        for nth, it in enumerate(crowd)
    ]


@asynccontextmanager
async def _goodbyes(
    plan: RoutingPlan, devices: SippRun, runs: Sequence[SippRun]
) -> AsyncIterator[None]:
    task = asyncio.create_task(Goodbyes(plan, devices, runs).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Goodbyes:
    """Lets callers hang up when whoever picked up has talked as long as they truly do.

    It is the caller who goes: whom an agent hangs up on early has not been helped, and
    such a call would count as cut short.
    """

    def __init__(
        self, plan: RoutingPlan, devices: SippRun, runs: Sequence[SippRun]
    ) -> None:
        """Begin with nobody talking."""
        self._plan, self._devices, self._runs = plan, devices, runs
        self._queues = {it.number: it.queue for it in plan.callers}
        self._talks: dict[tuple[str, str], Talks] = {}
        self._until: dict[str, datetime] = {}
        """By the caller's number."""
        self._known: set[str] = set()
        """Dialogs of devices whose talk is drawn."""

    async def run(self) -> None:
        """Look at the devices four times a second, until cancelled."""
        while True:
            self._picked_up()
            dialogs = self._dialogs()
            now = datetime.now(UTC)
            for number, until in list(self._until.items()):
                if number not in dialogs:
                    del self._until[number]
                elif (left_s := (until - now).total_seconds()) < _LOOK_EVERY_S:
                    run, dialog = dialogs[number]
                    loop = asyncio.get_running_loop()
                    loop.call_later(max(0.0, left_s), run.hang_up, [dialog])
                    self._until[number] = datetime.fromtimestamp(
                        now.timestamp() + max(0.0, left_s) + _AGAIN_AFTER_S, UTC
                    )
            await asyncio.sleep(_LOOK_EVERY_S)

    def _picked_up(self) -> None:
        """Draw how long each new talk is."""
        for call in self._devices.calls:
            picked_up_at = call.at.get("picked_up")
            if picked_up_at is None or call.sip_call_id in self._known:
                continue
            self._known.add(call.sip_call_id)
            agent_id = call.device.removeprefix("dev-").partition("@")[0]
            talk_s = self._talk_s(agent_id, self._queues[call.number])
            until_s = picked_up_at.timestamp() + talk_s
            self._until[call.number] = datetime.fromtimestamp(until_s, UTC)

    def _talk_s(self, agent_id: str, queue: PlannedQueue) -> float:
        key = agent_id, queue.queue_id
        if key not in self._talks:
            self._talks[key] = self._plan.talks_s(agent_id, queue)
        return self._talks[key].next_s()

    def _dialogs(self) -> Mapping[str, tuple[SippRun, str]]:
        """Return who is on the line, by number."""
        return {
            call.number: (run, call.sip_call_id)
            for run in self._runs
            for call in run.calls
            if "hung_up" not in call.at
        }

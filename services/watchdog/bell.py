"""Gathers what changes within a moment into one alarm, and has it delivered."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from services.watchdog.alarm import Alarm, Told
from services.watchdog.errors import AlarmUndelivered
from services.watchdog.senders import Sender

log = structlog.get_logger(__name__)

GATHER_S = 2.0
"""What breaks with something else is seen within this, and told with it."""
RETRIES_S = (1.0, 4.0, 15.0)
"""Waited before each further try; then the alarm stands in the log only."""
_MOST_WAITING = 200


class Bell:
    """Rings for changes; never makes anybody wait."""

    def __init__(
        self,
        senders: Sequence[Sender],
        *,
        instance: str,
        now: Callable[[], datetime],
        gather_s: float = GATHER_S,
        retries_s: Sequence[float] = RETRIES_S,
    ) -> None:
        """Have nothing to tell yet.

        Args:
            senders: The ways to people; none means the log only.
            instance: How alarms call this instance.
            now: Tells the time.
            gather_s: How long is gathered.
            retries_s: What is waited before each further try.
        """
        self._senders = senders
        self._instance = instance
        self._now = now
        self._gather_s = gather_s
        self._retries_s = retries_s
        self._told: deque[Told] = deque(maxlen=_MOST_WAITING)
        self._wake = asyncio.Event()
        self.problems: dict[str, str] = {}
        """Which way failed last, and why."""

    def ring(self, told: Told) -> None:
        """Have a change told; returns at once."""
        change = told.change
        log.warning(
            "component_changed",
            component=change.component,
            before=change.before.value,
            after=change.after.value,
            sentence=change.sentence,
            because=told.because,
            duration_s=told.duration_s,
        )
        self._told.append(told)
        self._wake.set()

    async def run(self) -> None:
        """Deliver, until cancelled; the ways do not wait for each other."""
        queues = [asyncio.Queue[Alarm](maxsize=_MOST_WAITING) for _ in self._senders]
        async with asyncio.TaskGroup() as tasks:
            for sender, queue in zip(self._senders, queues, strict=True):
                tasks.create_task(self._deliver(sender, queue), name=sender.name)
            while True:
                await self._wake.wait()
                await asyncio.sleep(self._gather_s)
                self._wake.clear()
                told, self._told = self._told, deque(maxlen=_MOST_WAITING)
                alarm = Alarm(instance=self._instance, at=self._now(), told=list(told))
                for queue in queues:
                    if queue.full():
                        queue.get_nowait()  # the newest is what counts
                    queue.put_nowait(alarm)

    async def _deliver(self, sender: Sender, queue: asyncio.Queue[Alarm]) -> None:
        while True:
            alarm = await queue.get()
            for wait_s in (*self._retries_s, None):
                try:
                    await sender.send(alarm)
                except AlarmUndelivered as error:
                    self.problems[sender.name] = str(error)
                    log.warning("alarm_undelivered", way=sender.name, why=str(error))
                    if wait_s is not None:
                        await asyncio.sleep(wait_s)
                else:
                    self.problems.pop(sender.name, None)
                    break

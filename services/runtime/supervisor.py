"""Starts the parts in order, starts again what dies, stops all on a signal."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from services.runtime.embedded.child import Child
from services.runtime.embedded.errors import PartRefuses
from services.runtime.errors import RuntimeProblem
from services.runtime.progress import Say, say
from services.runtime.restarts import START_ORDER, PartName, Restarts

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
RENEW_SIGNAL = signal.SIGUSR1
"""Asks to start anew, from the code as it is now, what carries no call."""
_RENEWED: tuple[PartName, ...] = ("watchdog", "engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """How one part is started and stopped."""

    start: Callable[[], Awaitable[Child]]
    """Returns when the part is ready; raises RuntimeProblem when it is not."""
    stop: Callable[[Child], Awaitable[None]]
    renew: Callable[[Child], Awaitable[None]] | None = None
    """Stops it for another to follow at once; None where ``stop`` does as well."""


class Supervisor:
    """Keeps the parts of one instance running until it is told to stop."""

    def __init__(
        self,
        parts: Mapping[PartName, Supervised],
        *,
        pids_changed: Callable[[Mapping[str, int]], None],
        tell: Say = say,
    ) -> None:
        """Take the parts; none is started yet.

        Args:
            parts: What to run; a part that is not ours to run is left out.
            pids_changed: Told the process ids when all is ready, and at each change.
            tell: Takes what happens, for the operator.
        """
        self._parts = parts
        self._pids_changed = pids_changed
        self._tell = tell
        self._running: dict[PartName, Child] = {}
        self._started_at_s: dict[PartName, float] = {}
        self._starting: dict[asyncio.Task[Child], PartName] = {}
        self._restarts = Restarts()
        self._stop_asked = asyncio.Event()
        self._renewing: dict[PartName, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Run the parts until a signal asks to stop, then stop them all.

        Raises:
            RuntimeProblem: A part did not come up at the first start; the others are
                stopped.
        """
        with self._signals():
            try:
                if await self._unless_stopped(self._start_all()):
                    self._pids_changed(self._pids())
                    await self._keep_running()
            finally:
                await self._stop_all()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for one in _STOP_SIGNALS:
            loop.add_signal_handler(one, self._stop_asked.set)
        loop.add_signal_handler(RENEW_SIGNAL, self._renew)
        try:
            yield
        finally:
            for one in (*_STOP_SIGNALS, RENEW_SIGNAL):
                loop.remove_signal_handler(one)

    def _renew(self) -> None:
        """Stop in order what carries no call; its end is taken in as any other."""
        for part in _RENEWED:
            child = self._running.get(part)
            if child and part not in self._renewing:
                self._tell(f"{part}: stopping, to start it from the code of now …")
                stop = self._parts[part].renew or self._parts[part].stop
                self._renewing[part] = asyncio.ensure_future(stop(child))

    async def _unless_stopped(self, work: Awaitable[None]) -> bool:
        """Do the work; False when a signal asked to stop before it was done."""
        working = asyncio.ensure_future(work)
        asked = asyncio.create_task(self._stop_asked.wait())
        try:
            await asyncio.wait((working, asked), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                return False
            working.result()
            return True
        finally:
            asked.cancel()
            working.cancel()
            # What was being started is ended before anything else is.
            with suppress(asyncio.CancelledError, RuntimeProblem):
                await working

    async def _start_all(self) -> None:
        for part in START_ORDER:
            if part not in self._parts:
                continue
            began = time.monotonic()
            self._tell(f"{part}: starting …")
            self._is_up(part, await self._parts[part].start())
            self._tell(f"{part}: ready in {time.monotonic() - began:.1f} s")

    def _is_up(self, part: PartName, child: Child) -> None:
        self._running[part] = child
        self._started_at_s[part] = time.monotonic()

    def _pids(self) -> dict[str, int]:
        return {part: child.pid for part, child in self._running.items()}

    async def _keep_running(self) -> None:
        asked = asyncio.create_task(self._stop_asked.wait())
        endings: dict[asyncio.Task[int], PartName] = {}
        try:
            while not asked.done():
                watched = set(endings.values())
                for part, child in self._running.items():
                    if part not in watched:
                        endings[asyncio.create_task(child.wait())] = part
                await asyncio.wait(
                    (asked, *endings, *self._starting),
                    timeout=self._until_due_s(),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for ending in [task for task in endings if task.done()]:
                    await self._take_in_death(endings.pop(ending), ending.result())
                self._take_in_starts()
                self._start_due()
        finally:
            for task in (asked, *endings):
                task.cancel()

    def _until_due_s(self) -> float | None:
        due = self._restarts.next_deadline_s
        return None if due is None else max(0.0, due - time.monotonic())

    async def _take_in_death(self, part: PartName, code: int) -> None:
        child = self._running.pop(part)
        renewing = self._renewing.pop(part, None)
        if renewing:
            await asyncio.wait((renewing,))
        await child.stop()  # what it left in its group
        now = time.monotonic()
        if renewing:
            self._restarts = self._restarts.renewed(part, at_s=now)
            self._pids_changed(self._pids())
            return
        ran_s = now - self._started_at_s[part]
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._tell(
            f"{part}: ended by {how} after {ran_s:.1f} s; its log is {child.log}"
        )
        self._restarts = self._restarts.died(part, at_s=now, ran_s=ran_s)
        self._pids_changed(self._pids())

    def _start_due(self) -> None:
        due, self._restarts = self._restarts.take_due(now_s=time.monotonic())
        for part in due:
            self._tell(f"{part}: starting again …")
            starting = asyncio.ensure_future(self._parts[part].start())
            self._starting[starting] = part

    def _take_in_starts(self) -> None:
        for starting in [task for task in self._starting if task.done()]:
            part = self._starting.pop(starting)
            try:
                child = starting.result()
            except PartRefuses as refusal:
                # Again and again would not mend it. What else runs goes on: calls
                # that are talking end in their own time.
                self._tell(f"{refusal}; mend that, then stop tieline and start it")
            except (RuntimeProblem, OSError) as problem:
                self._tell(str(problem))
                now = time.monotonic()
                self._restarts = self._restarts.died(part, at_s=now, ran_s=0.0)
            else:
                self._is_up(part, child)
                self._tell(f"{part}: ready again")
                self._pids_changed(self._pids())

    async def _stop_all(self) -> None:
        for stopping in self._renewing.values():
            stopping.cancel()
        await asyncio.gather(*self._renewing.values(), return_exceptions=True)
        for starting in self._starting:
            starting.cancel()
        # One that had come up in this moment is among the running then.
        await asyncio.gather(*self._starting, return_exceptions=True)
        for starting, part in self._starting.items():
            if not starting.cancelled() and starting.exception() is None:
                self._running[part] = starting.result()
        for part in reversed(START_ORDER):
            child = self._running.pop(part, None)
            if child:
                self._tell(f"{part}: stopping …")
                await self._parts[part].stop(child)

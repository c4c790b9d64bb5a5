"""Recognisers in processes of their own: one phrase at a time each, few who wait."""

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from ivr.ports import Recognised
from ivr.understanding.grammar import Grammar
from services.speech.ending import times_for
from services.speech.errors import RecogniserBroken, RecogniserBusy
from services.speech.listening import Listening, Patience
from services.speech.phrase import Asked
from services.speech.tape import Tape, taping
from services.speech.worker_process import Launch, WorkerGone, WorkerProcess

log = structlog.get_logger()

_LONGEST_MORE_S = 5.0
"""Of sound kept beyond the deadline: a line that was a little behind."""
_STEADY_S = 60.0
"""A worker that ran for so long is started anew at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a pool bounds."""

    workers: int
    """Phrases that are heard at once, each in a process with its own model."""
    waiting: int = 2
    """Callers who wait for a free one; the next is told it is busy at once."""
    wait_s: float = 1.0
    """So long they wait."""
    start_s: float = 120.0
    """A model that is not loaded by then is started anew."""
    again_s: float = 0.2
    """Before another start; doubled each time, up to ``again_most_s``."""
    again_most_s: float = 60.0
    patience: Patience = field(default_factory=Patience)


class RecogniserPool:
    """A ``Recogniser`` made of processes; also of several languages, of one model."""

    def __init__(self, launch: Launch, limits: Limits) -> None:
        """Start nothing yet."""
        self.name = launch.recogniser
        self.trouble = ""
        """Why the last worker that ended did so; "" since one is ready again."""
        self._launch = launch
        self._limits = limits
        self._idle: deque[WorkerProcess] = deque()
        self._running: set[WorkerProcess] = set()
        self._waiting: deque[asyncio.Future[WorkerProcess]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)

    async def start(self) -> None:
        """Have the processes started beside; nothing is waited for."""
        for _ in range(self._limits.workers):
            self._beside(self._keep())

    async def aclose(self) -> None:
        """End every process; who waits is told that it is busy."""
        while self._tasks:
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks.difference_update(tasks)
        for waiter in self._waiting:
            waiter.cancel()

    @property
    def ready(self) -> tuple[WorkerProcess, ...]:
        """The processes whose models are loaded, also those that listen."""
        return tuple(self._running)

    @property
    def free(self) -> int:
        """How many could listen to a phrase now."""
        return sum(worker.is_alive for worker in self._idle)

    async def hear(
        self, sound: AsyncIterator[bytes], grammar: Grammar, deadline_s: float
    ) -> AsyncGenerator[Recognised, None]:
        """Yield what is heard; see ``Recogniser``.

        Close it (``contextlib.aclosing``) where it is left before its end. A worker
        that dies in the middle is replaced once by another, which hears the phrase
        from its beginning.

        Raises:
            RecogniserBusy: None is free, and none became so in time.
            RecogniserBroken: Two died of it, or it cannot listen for what is asked.
        """
        until = asyncio.get_running_loop().time() + deadline_s
        async with taping(sound, deadline_s + _LONGEST_MORE_S) as tape:
            for is_last in (False, True):
                asked = self._asked(grammar, deadline_s)
                try:
                    async with (
                        self._listening(asked, until) as listening,
                        contextlib.aclosing(listening.words(tape)) as words,
                    ):
                        async for heard in words:
                            yield heard
                    break
                except WorkerGone as gone:
                    log.warning("recogniser_lost", recogniser=self.name, why=gone.why)
                    if is_last:
                        raise RecogniserBroken(self.name, gone.why) from None
            _raise_of(tape)

    def _asked(self, grammar: Grammar, deadline_s: float) -> Asked:
        return Asked(
            number=next(self._numbers),
            language=grammar.language.value,
            phrases=grammar.phrases(),
            digits=grammar.digits,
            times=times_for(grammar.digits, float(deadline_s)),
        )

    @asynccontextmanager
    async def _listening(self, asked: Asked, until: float) -> AsyncIterator[Listening]:
        worker = await self._taken()
        listening = Listening(
            name=self.name,
            worker=worker,
            asked=asked,
            until=until,
            patience=self._limits.patience,
        )
        try:
            yield listening
        finally:
            if listening.is_over or not worker.is_alive:
                self._give(worker)
            else:
                self._beside(self._freed(listening))

    async def _freed(self, listening: Listening) -> None:
        await listening.dropped()
        self._give(listening.worker)

    async def _taken(self) -> WorkerProcess:
        while self._idle:
            worker = self._idle.popleft()
            if worker.is_alive:
                return worker
        limits = self._limits
        if not self._running:
            why = self.trouble or "is not ready yet"
            raise RecogniserBusy(self.name, f"none runs: {why}")
        if len(self._waiting) >= limits.waiting:
            why = f"all {limits.workers} are taken, {limits.waiting} wait already"
            raise RecogniserBusy(self.name, why)
        waiter: asyncio.Future[WorkerProcess]
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(limits.wait_s):
                return await waiter
        except TimeoutError:
            self._waits_no_more(waiter)
            why = f"all {limits.workers} are taken, none came free in {limits.wait_s} s"
            raise RecogniserBusy(self.name, why) from None
        except asyncio.CancelledError:
            self._waits_no_more(waiter)
            raise

    def _waits_no_more(self, waiter: "asyncio.Future[WorkerProcess]") -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        if waiter.done() and not waiter.cancelled():
            # It was given one in the moment in which it left.
            self._give(waiter.result())

    def _give(self, worker: WorkerProcess) -> None:
        """Let the next who waits have it, or keep it for who comes."""
        if not worker.is_alive or worker not in self._running:
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(worker)
                return
        self._idle.append(worker)

    async def _keep(self) -> None:
        """Have one process run, whatever it dies of, until the pool is closed."""
        limits = self._limits
        again_s = limits.again_s
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                worker = await WorkerProcess.started(self._launch, limits.start_s)
            except WorkerGone as gone:
                self._troubled(gone.why)
            else:
                await self._kept(worker)
                if clock() - began >= _STEADY_S:
                    again_s = limits.again_s
            await asyncio.sleep(again_s)
            again_s = min(2 * again_s, limits.again_most_s)

    async def _kept(self, worker: WorkerProcess) -> None:
        self._running.add(worker)
        self._give(worker)
        self.trouble = ""
        log.info("recogniser_ready", recogniser=self.name, ends_by=worker.ends_by)
        try:
            code = await worker.gone()
            self._troubled(f"ended by {code}")
        finally:
            self._running.discard(worker)
            if worker in self._idle:
                self._idle.remove(worker)
            await worker.end()

    def _troubled(self, why: str) -> None:
        self.trouble = why
        log.warning("recogniser_ended", recogniser=self.name, why=why)

    def _beside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _raise_of(tape: Tape) -> None:
    if tape.error is not None:
        raise tape.error

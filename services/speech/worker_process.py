"""A recogniser's process, as the pool holds it: frames to it and from it."""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.speech.errors import FrameBroken, RecognitionError
from services.speech.frames import Frame, Frames, Kind

WORKER = Path(__file__).with_name("worker.py")
_READ_BYTES = 65536
_ENDS_S = 1.0
"""A worker that is told to end has so long, then it is killed."""


class WorkerGone(RecognitionError):
    """A process that ended, or that says what it must not."""

    def __init__(self, why: str) -> None:
        """Say why."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a recogniser is started."""

    recogniser: str
    """As the worker knows it: ``vosk``, ``whisper``."""
    python: Path
    """In whose environment it is installed."""
    model: str = ""
    """Its folder; "" means the packaged one."""
    cache: str = ""
    """A folder for what it makes once."""
    memory_mb: int = 2048
    """What one process may take; beyond, it ends and is started anew."""
    threads: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    program: Path = WORKER

    @property
    def argv(self) -> tuple[str, ...]:
        """The command."""
        return (
            str(self.python),
            "-I",
            str(self.program),
            self.recogniser,
            f"--model={self.model}",
            f"--cache={self.cache}",
            f"--memory-mb={self.memory_mb}",
            f"--threads={self.threads}",
            f"--parent={os.getpid()}",
        )

    @property
    def environment(self) -> dict[str, str]:
        """All that it finds there: ours as a whole has secrets in it."""
        count = str(self.threads)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), count)
        return {"PATH": os.defpath, **threads, **self.env}


class WorkerProcess:
    """One running recogniser, whose model is loaded."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._frames = Frames()
        self._ready: deque[Frame] = deque()
        self._is_lost = False
        self.ends_by = ""
        """What tells it that a caller has finished: ``silero`` or ``loudness``."""

    @classmethod
    async def started(cls, launch: Launch, limit_s: float) -> "WorkerProcess":
        """Start one and wait until it is ready.

        Raises:
            WorkerGone: It could not, or not within the limit; it runs no more.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *launch.argv,
                env=launch.environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise WorkerGone(f"cannot be started: {error}") from None
        worker = cls(process)
        try:
            await worker._begun(limit_s)
        except BaseException:
            await worker.end()
            raise
        return worker

    async def _begun(self, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                frame = await self.next()
        except TimeoutError:
            raise WorkerGone(f"was not ready within {limit_s:g} s") from None
        told = self.told(frame)
        if frame.kind is not Kind.READY:
            raise WorkerGone(str(told.get("why", "is not ready"))[:500])
        self.ends_by = str(told.get("ends_by", ""))[:40]

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it may be asked: it has not ended, nor is it about to."""
        return self._process.returncode is None and not self._is_lost

    async def send(self, frame: bytes) -> None:
        """Write a frame, and wait while much is unread.

        Raises:
            WorkerGone: It reads no more.
        """
        pipe = self._process.stdin
        if pipe is None or pipe.is_closing():
            raise self._lost("has ended")
        try:
            pipe.write(frame)
            await pipe.drain()
        except (ConnectionError, RuntimeError) as error:
            raise self._lost(f"has ended: {type(error).__name__}") from None

    async def next(self) -> Frame:
        """Return the next frame; what is waited for may be given up at any time.

        Raises:
            WorkerGone: There will be none.
        """
        pipe = self._process.stdout
        while not self._ready:
            more = await pipe.read(_READ_BYTES) if pipe else b""
            if not more:
                raise self._lost("has ended")
            try:
                self._ready += self._frames.fed(more)
            except FrameBroken as broken:
                raise self._lost(f"speaks otherwise than agreed: {broken}") from None
        return self._ready.popleft()

    def told(self, frame: Frame) -> dict[str, object]:
        """Return what a frame tells.

        Raises:
            WorkerGone: It is no object.
        """
        try:
            return frame.told()
        except FrameBroken as broken:
            raise self._lost(f"speaks otherwise than agreed: {broken}") from None

    def _lost(self, why: str) -> WorkerGone:
        """End what is no use any more; return what is to be raised."""
        self.kill()
        return WorkerGone(why)

    def kill(self) -> None:
        """End it at once; it is not asked again, even before its end is known."""
        self._is_lost = True
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def gone(self) -> int:
        """Wait for its end; return its exit code."""
        return await self._process.wait()

    async def end(self) -> None:
        """Have it end, and wait for that."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._is_lost = True
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ENDS_S):
                    await self._process.wait()
        self.kill()
        await self._process.wait()

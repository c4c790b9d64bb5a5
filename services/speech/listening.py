"""One phrase given to one worker: its sound to it, its words from it, in time."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from ivr.ports import Recognised
from ivr.understanding.outcome import Said
from services.speech.errors import RecogniserBroken
from services.speech.frames import Frame, Kind, packed, packed_json
from services.speech.phrase import Asked
from services.speech.tape import Tape
from services.speech.worker_process import WorkerGone, WorkerProcess

_MOST_SAID = 10
_MOST_LETTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a worker is waited for, in seconds."""

    stall_s: float = 3.0
    """Without a sign while it has sound to work through: it hangs."""
    grace_s: float = 1.5
    """After the deadline, for the last words."""


@dataclass(slots=True, kw_only=True)
class Listening:
    """A worker at one phrase."""

    name: str
    worker: WorkerProcess
    asked: Asked
    until: float
    """The deadline, by the loop's clock."""
    patience: Patience
    is_over: bool = False
    """Whether the worker is done with the phrase, and free."""
    _sent: int = 0
    _done: int = 0
    _owes_since: float | None = None
    """Since when it has given no sign while it owes one."""
    _last: tuple[Said, ...] = field(default_factory=tuple)

    async def words(self, tape: Tape) -> AsyncGenerator[Recognised, None]:
        """Yield what is heard, the final one last.

        Raises:
            WorkerGone: It ended, hung and was ended, or says what it must not.
            RecogniserBroken: It cannot listen for what is asked, or gave no words by
                the deadline.
        """
        opening = packed_json(Kind.OPEN, **self.asked.as_dict())
        await self.worker.send(opening)
        sender = asyncio.create_task(self._send(tape))
        try:
            async with contextlib.aclosing(self._answers()) as answers:
                async for heard in answers:
                    yield heard
        finally:
            sender.cancel()
            # Its own end is no news: a worker that is gone is found by reading.
            await asyncio.gather(sender, return_exceptions=True)

    async def dropped(self) -> None:
        """Have the worker leave the phrase; one that does not is killed."""
        try:
            async with asyncio.timeout(self.patience.stall_s):
                await self.worker.send(packed(Kind.DROP))
                while not self._is_idle(await self.worker.next()):
                    pass
        except (TimeoutError, WorkerGone):
            self.worker.kill()
        self.is_over = True

    def _is_idle(self, frame: Frame) -> bool:
        return frame.kind is Kind.IDLE and self._is_ours(self.worker.told(frame))

    async def _send(self, tape: Tape) -> None:
        try:
            async with asyncio.timeout_at(self.until):
                async for piece in tape.pieces():
                    self._sent += len(piece)
                    self._owes()
                    await self.worker.send(packed(Kind.SOUND, piece))
        except TimeoutError:
            pass
        self._owes()
        await self.worker.send(packed(Kind.END))

    def _owes(self) -> None:
        if self._owes_since is None:
            self._owes_since = asyncio.get_running_loop().time()

    async def _answers(self) -> AsyncGenerator[Recognised, None]:
        clock = asyncio.get_running_loop().time
        while not self.is_over:
            due = self._due(clock())
            try:
                async with asyncio.timeout_at(due):
                    frame = await self.worker.next()
            except TimeoutError:
                if clock() < self._due(clock()):
                    continue
                self.worker.kill()
                if clock() >= self.until + self.patience.grace_s:
                    self.is_over = True
                    if not self._last:
                        # That it has told nothing yet does not say nothing was said.
                        why = "gave no words by the deadline"
                        raise RecogniserBroken(self.name, why) from None
                    # Whatever was heard is final.
                    yield Recognised(said=self._last, is_final=True)
                    return
                raise WorkerGone("hangs in the middle of a phrase") from None
            if (heard := self._heard(frame)) is not None:
                yield heard

    def _due(self, now: float) -> float:
        """Return when it hangs unless it gives a sign."""
        end = self.until + self.patience.grace_s
        since = now if self._owes_since is None else self._owes_since
        return min(end, since + self.patience.stall_s)

    def _heard(self, frame: Frame) -> Recognised | None:
        told = self.worker.told(frame)
        if not self._is_ours(told):
            return None
        match frame.kind, told:
            case Kind.PULSE, {"at": int(at)}:
                self._done = at
                self._owes_since = None
                if at < self._sent:
                    self._owes()
                return None
            case Kind.HEARD, {"said": [*said], "is_final": bool(is_final)}:
                self._last = tuple(self._said(one) for one in said[:_MOST_SAID])
                self.is_over = is_final
                return Recognised(said=self._last, is_final=is_final)
            case Kind.FAILED, {"why": str(why)}:
                self.is_over = True
                raise RecogniserBroken(self.name, why[:500])
            case Kind.IDLE, _:
                return None
            case kind, _:
                self.worker.kill()
                raise WorkerGone(f"speaks otherwise than agreed: {kind.name}")

    def _is_ours(self, told: dict[str, object]) -> bool:
        return told.get("number") == self.asked.number

    def _said(self, told: object) -> Said:
        match told:
            case [str(text), float() | int() as sure] if 0 <= sure <= 1:
                return Said(text[:_MOST_LETTERS], float(sure))
            case _:
                self.worker.kill()
                raise WorkerGone("speaks otherwise than agreed: words")

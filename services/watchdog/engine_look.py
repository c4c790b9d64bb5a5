"""Whether the engine's loop turns; an engine that has stalled is killed.

Stopped, it would keep its callers in silence and its database session for as long as it
is stopped; killed, its supervisor starts it again, and it adopts what lives.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from services.watchdog.asking import Asking
from services.watchdog.errors import EngineSilent, LinkAway
from services.watchdog.eye import Eye
from services.watchdog.host import kill_surely
from services.watchdog.light import Light, Reading
from services.watchdog.place import Place
from services.watchdog.silence import Silence

log = structlog.get_logger(__name__)

HEARTBEAT = "CC_HB"
"""The global variable in which the engine writes Asterisk's epoch, each second."""
ENGINE_WORDS = b"services.runtime.engine"
_LOOK_S = 1.0
_LEAST_LOOK_S = 0.1
_HEARTBEAT_S = 0.5

Pids = Callable[[], Mapping[str, int]]
"""Tells the processes of the instance by part; a part that is down is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One engine that was killed because it had stalled."""

    pid: int
    silent_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The numbers of the newest entry in the journal and on record."""

    journaled_seq: int
    shipped_seq: int

    @classmethod
    def told(cls, body: Mapping[str, object]) -> "Progress | None":
        """Read them out of an answer; None where it does not tell them."""
        journaled, shipped = body.get("journaled_seq"), body.get("shipped_seq")
        if isinstance(journaled, int) and isinstance(shipped, int):
            return cls(journaled_seq=journaled, shipped_seq=shipped)
        return None


class EngineLook:
    """Looks at the engine by two ways: its HTTP, and the heartbeat it leaves."""

    def __init__(
        self,
        place: Place,
        eye: Eye,
        asking: Asking,
        *,
        pids: Pids,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to listen."""
        self._place = place
        self._eye = eye
        self._asking = asking
        self._pids = pids
        self._now_s = now_s
        self._silence = Silence.begun(now_s())
        self.progress: Progress | None = None
        """How far the engine's records are; None while it gives no answer."""
        self.killed: list[Kill] = []

    async def engine(self) -> Reading:
        """Ask the loop; where it gives no answer for too long, kill its process."""
        began = self._now_s()
        try:
            patience_s = self._patience_s(began)
            async with asyncio.timeout(patience_s):
                answer = await self._asking.get("/health", limit_s=patience_s)
        except (EngineSilent, TimeoutError):
            self.progress = None
            self._silence = self._silence.missed(self._now_s())
            return await self._unanswered()
        now = self._now_s()
        self._silence = self._silence.answered(now)
        if answer.is_error:
            self.progress = None
            why = f"/health answers {answer.status}; see log/engine.log"
            return Reading(light=Light.RED, sentence=f"engine: {why}")
        self.progress = Progress.told(answer.told)
        return await self._answered(now - began)

    def _patience_s(self, now_s: float) -> float:
        limit_s = self._place.limits.kill_after_s
        left_s = limit_s - self._silence.lasts_s(now_s) if limit_s else _LOOK_S
        return min(_LOOK_S, max(_LEAST_LOOK_S, left_s))

    async def _answered(self, took_s: float) -> Reading:
        limits = self._place.limits
        age_s = await self._heartbeat_age_s()
        figures = {"answer_s": round(took_s, 4)}
        if age_s is not None:
            figures["heartbeat_age_s"] = round(age_s, 2)
            if age_s > limits.heartbeat_s:
                why = (
                    f"engine: its heartbeat in asterisk is {age_s:.0f} s old, so new"
                    " calls are served without it; see log/engine.log for its ami link"
                )
                return Reading(light=Light.RED, sentence=why, figures=figures)
        if took_s > limits.slow_s:
            why = (
                f"engine: its loop took {took_s:.2f} s to answer; is the machine full?"
            )
            return Reading(light=Light.YELLOW, sentence=why, figures=figures)
        return Reading(light=Light.GREEN, sentence="engine: answers", figures=figures)

    async def _unanswered(self) -> Reading:
        pid = self._pids().get("engine")
        if pid is None:
            self._silence = Silence.begun(self._now_s())
            why = "engine: not running; its supervisor starts it, see log/engine.log"
            return Reading(light=Light.RED, sentence=why)
        silent_s = self._silence.lasts_s(self._now_s())
        figures = {"silent_s": round(silent_s, 1)}
        why = f"engine: no answer for {silent_s:.1f} s"
        limit_s = self._place.limits.kill_after_s
        if not limit_s:
            sentence = f"{why}; kill -9 {pid} would have it started again"
            return Reading(light=Light.RED, sentence=sentence, figures=figures)
        if not self._silence.is_stalled(self._now_s(), limit_s=limit_s):
            sentence = f"{why}; it is killed after {limit_s:g} s"
            return Reading(light=Light.RED, sentence=sentence, figures=figures)
        age_s = await self._heartbeat_age_s()
        if age_s is not None and age_s <= self._place.limits.heartbeat_s:
            sentence = f"{why} over http, but its heartbeat goes on; see log/engine.log"
            return Reading(light=Light.RED, sentence=sentence, figures=figures)
        return Reading(
            light=Light.RED,
            sentence=self._kill(pid, silent_s),
            figures=figures,
            is_news=True,
        )

    def _kill(self, pid: int, silent_s: float) -> str:
        self._silence = Silence.begun(self._now_s())
        words = (ENGINE_WORDS, os.fsencode(self._place.data))
        if not kill_surely(pid, words):
            return f"engine: process {pid} is gone; its supervisor starts another"
        self.killed.append(Kill(pid=pid, silent_s=silent_s))
        log.error("engine_killed", pid=pid, silent_s=round(silent_s, 1))
        return (
            f"engine: gave no answer for {silent_s:.1f} s and was killed, process"
            f" {pid}; its supervisor starts it again, see log/engine.log for why"
        )

    async def _heartbeat_age_s(self) -> float | None:
        """Return how old the heartbeat is; None when nobody knows."""
        if self._eye.problem is not None:
            return None
        try:
            told = await self._eye.ask(
                "Getvar", Variable=HEARTBEAT, limit_s=_HEARTBEAT_S
            )
        except LinkAway:
            return None
        beat = told.get("value", "")
        if not beat.isdecimal():
            return None  # asterisk has just begun, or the engine writes none
        # By Asterisk's clock, as the engine writes it.
        return max(0.0, time.time() + self._eye.clock_ahead_s - int(beat))

"""One caller's ear and mouth: what is played, what is said, and which keys come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from cti_bridge.audiosocket.attention import Attention, Hears
from cti_bridge.audiosocket.player import Player, is_loud, length_s
from cti_bridge.audiosocket.protocol import (
    FRAME_S,
    RATE_HZ,
    SILENCE,
    Pressed,
    Sound,
    sound,
)
from cti_bridge.audiosocket.recognition import Recognition
from cti_bridge.audiosocket.server import Leg
from ivr.ports import Ears, Heard, NothingHeard, Recognised
from ivr.written import KEYS

MOST_OWED: Final = 5
"""Frames that are made up for behind a loop that stood still; the rest of the pause is
heard as one."""
MOST_KEYS: Final = 40
"""Keys that are kept until somebody asks for them."""
LOUD: Final = 1000
"""A sample beyond it is no quiet line: -30 dB below the loudest."""
GAP_S: Final = 0.2
"""A telephone that sends nothing for so long is silent, and is heard so."""
DEADLINE_S: Final = 60.0
"""Beyond what is played, for a recogniser that nobody asks to finish."""


class Ear:
    """A leg's sound in both directions, for as many steps as there are."""

    def __init__(self, leg: Leg) -> None:
        """Take over a leg."""
        self._leg = leg
        self._time_s = asyncio.get_running_loop().time
        self._player = Player()
        self._keys: deque[str] = deque(maxlen=MOST_KEYS)
        self._new = asyncio.Event()
        self._recognition: Recognition | None = None
        self._sent = 0
        self._began_s = self._heard_s = self._time_s()
        self._loud_s = float("-inf")
        self.lost_because: str | None = None
        """Why the leg is gone; None while it is there."""

    # ---- what the leg tells, by the loop

    def heard(self, message: Pressed | Sound) -> None:
        """Take a key or a piece of sound."""
        if isinstance(message, Pressed):
            if message.key in KEYS:
                self._keys.append(message.key)
                self._new.set()
            return
        now_s = self._time_s()
        pcm = message.pcm
        ahead_s = self._heard_s + len(pcm) / 2 / RATE_HZ
        self._heard_s = min(max(ahead_s, now_s - GAP_S), now_s + GAP_S)
        if is_loud(pcm, peak=LOUD):
            self._loud_s = now_s
        if self._recognition is not None:
            self._recognition.take(pcm)

    def lost(self, reason: str) -> None:
        """Take that the leg is gone."""
        self.lost_because = reason
        self._stop_recognition()
        self._new.set()

    def tick(self, now_s: float) -> None:
        """Send what is due, and hear the silence of a telephone that sends nothing."""
        owed = int((now_s - self._began_s) / FRAME_S) - self._sent
        if owed > MOST_OWED:
            self._began_s += (owed - MOST_OWED) * FRAME_S
            owed = MOST_OWED
        was_over = self._player.is_over
        for _ in range(owed):
            self._leg.write(sound(self._player.next_frame()))
            self._sent += 1
        if self._player.is_over and not was_over:
            self._new.set()
        while self._heard_s < now_s - GAP_S:
            self._heard_s += FRAME_S
            if self._recognition is not None:
                self._recognition.take(SILENCE)

    # ---- what a walk asks

    async def hear(
        self, sounds: Sequence[bytes], keys: str, limit_s: float, ears: Ears
    ) -> Heard:
        """Play, wait and listen; see ``ivr.ports.Line.hear``."""
        now_s = self._time_s()
        attention = Attention(
            keys=keys,
            limit_s=limit_s,
            fits=ears.fits,
            sounds=len(sounds),
            now_s=now_s,
        )
        self._player.play(sounds)
        # What is being said may have begun while the last sound was played.
        if begun := self._listen(ears, length_s(sounds) + limit_s + DEADLINE_S):
            attention.recognised(begun, now_s)
        try:
            while True:
                self._tell(attention, ears)
                if attention.outcome is not None:
                    return attention.outcome
                await self._something(attention.due_s())
        finally:
            self._player.stop()
            is_begun = isinstance(attention.outcome, NothingHeard)
            if not is_begun or attention.hears is Hears.FINISHING:
                self._stop_recognition()

    def close(self) -> None:
        """Give the leg back; again is harmless."""
        self._stop_recognition()
        self._leg.hang_up()

    def _listen(self, ears: Ears, deadline_s: float) -> Recognised | None:
        """Have it listened; return what was made already of what is being said."""
        before = self._recognition
        if before is not None:
            is_same = before.recogniser is ears.recogniser
            if is_same and before.grammar == ears.grammar and not before.is_over:
                return before.latest
            before.close()
        self._recognition = Recognition(
            ears.recogniser, ears.grammar, deadline_s, wake=self._new.set
        )
        return None

    def _tell(self, attention: Attention, ears: Ears) -> None:
        """Tell all that has come since."""
        now_s = self._time_s()
        attention.loud_s = self._loud_s
        if attention.hears is Hears.PROMPT:
            attention.played = self._player.played
        while self._keys and attention.outcome is None:
            attention.pressed(self._keys.popleft(), now_s)
        if self.lost_because is not None:
            attention.broke(self.lost_because, now_s)
        self._tell_recognised(attention, ears, now_s)
        if self._player.is_over:
            attention.prompt_ended(now_s)
        attention.look(now_s)
        if attention.hears in (Hears.PHRASE, Hears.FINISHING):
            self._player.stop()
        if attention.hears is Hears.FINISHING and self._recognition is not None:
            self._recognition.finish()

    def _tell_recognised(self, attention: Attention, ears: Ears, now_s: float) -> None:
        recognition = self._recognition
        if recognition is None or attention.outcome is not None:
            return
        for result in recognition.results():
            attention.recognised(result, now_s)
        if recognition.problem is not None:
            attention.broke(recognition.problem, now_s)
        elif attention.wants_anew:
            attention.wants_anew = False
            if recognition.was_rash:
                attention.broke("the recogniser ended before it heard anything", now_s)
                return
            recognition.close()
            self._recognition = None
            self._listen(ears, DEADLINE_S)

    async def _something(self, due_s: float | None) -> None:
        """Return when something came, or at an instant."""
        if due_s is None:
            await self._new.wait()
        else:
            left_s = max(0.0, due_s - self._time_s())
            try:
                async with asyncio.timeout(left_s):
                    await self._new.wait()
            except TimeoutError:
                return
        self._new.clear()

    def _stop_recognition(self) -> None:
        if self._recognition is not None:
            self._recognition.close()
            self._recognition = None

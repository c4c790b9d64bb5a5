"""One caller's ear and mouth: what is played, what is said, and which keys come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from cti_bridge.audiosocket.attention import FINISH_S, PHRASE_S, Attention, Hears
from cti_bridge.audiosocket.gate import Gate
from cti_bridge.audiosocket.player import Player
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
BEFORE_S: Final = 0.5
"""Of sound before somebody was loud that belongs to what is said: consonants are quiet.
"""
GAP_S: Final = 0.2
"""A telephone that sends nothing for so long is silent, and is heard so."""
DEADLINE_S: Final = PHRASE_S + 5.0
"""For a recogniser that nobody asks to finish."""


class Ear:
    """A leg's sound in both directions, for as many steps as there are."""

    def __init__(self, leg: Leg, *, finish_s: float = FINISH_S) -> None:
        """Take over a leg.

        Args:
            leg: It.
            finish_s: In which a recogniser that is asked for its result gives it.
        """
        self._leg = leg
        self._finish_s = finish_s
        self._time_s = asyncio.get_running_loop().time
        self._player = Player()
        self._keys: deque[str] = deque(maxlen=MOST_KEYS)
        self._new = asyncio.Event()
        self._ears: Ears | None = None
        self._recognition: Recognition | None = None
        self._gate = Gate()
        self._before: deque[bytes] = deque(maxlen=int(BEFORE_S / FRAME_S))
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
        is_loud = self._gate.is_open(pcm)
        if is_loud:
            self._loud_s = now_s
        self._hear_on(pcm, is_loud=is_loud)

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
            frame = self._player.next_frame()
            self._gate.play(frame)
            self._leg.write(sound(frame))
            self._sent += 1
        if self._player.is_over and not was_over:
            self._new.set()
        while self._heard_s < now_s - GAP_S:
            self._heard_s += FRAME_S
            self._hear_on(SILENCE, is_loud=False)

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
            finish_s=self._finish_s,
        )
        self._player.play(sounds)
        # What is being said may have begun while the last sound was played.
        if begun := self._listen_by(ears):
            attention.recognised(begun, now_s)
        try:
            while True:
                self._tell(attention)
                if attention.outcome is not None:
                    return attention.outcome
                await self._something(attention.due_s())
        finally:
            self._player.stop()
            self._ears = None
            is_begun = isinstance(attention.outcome, NothingHeard)
            if not is_begun or attention.hears is Hears.FINISHING:
                self._stop_recognition()

    def keys_left(self) -> str:
        """Return the keys that came and nobody has asked for, and forget them."""
        left = "".join(self._keys)
        self._keys.clear()
        return left

    def close(self) -> None:
        """Give the leg back; again is harmless."""
        self._stop_recognition()
        self._leg.hang_up()

    # ---- who listens: only while somebody may be speaking, so that others can be heard

    def _listen_by(self, ears: Ears) -> Recognised | None:
        """Listen by these; return what was made already of what is being said."""
        self._ears = ears
        begun = self._recognition
        if begun is None:
            return None
        is_same = begun.recogniser is ears.recogniser
        if is_same and begun.grammar == ears.grammar and not begun.is_over:
            return begun.latest
        # The same words may be something else here: they are heard once more.
        self._stop_recognition()
        return None

    def _hear_on(self, pcm: bytes, *, is_loud: bool) -> None:
        """Give a piece of sound to who listens, from the first loud one on."""
        self._before.append(pcm)
        if self._recognition is not None:
            self._recognition.take(pcm)
        elif is_loud and self._ears is not None:
            self._recognition = Recognition(
                self._ears.recogniser,
                self._ears.grammar,
                DEADLINE_S,
                wake=self._new.set,
            )
            for piece in self._before:
                self._recognition.take(piece)

    def _tell(self, attention: Attention) -> None:
        """Tell all that has come since."""
        now_s = self._time_s()
        attention.loud_s = self._loud_s
        attention.is_recognised = self._recognition is not None
        if attention.hears is Hears.PROMPT:
            attention.played = self._player.played
        while self._keys and attention.outcome is None:
            attention.pressed(self._keys.popleft(), now_s)
        if self.lost_because is not None:
            attention.broke(self.lost_because, now_s)
        self._tell_recognised(attention, now_s)
        if self._player.is_over:
            attention.prompt_ended(now_s)
        attention.look(now_s)
        if attention.hears in (Hears.PHRASE, Hears.FINISHING):
            self._player.stop()
        if attention.hears is Hears.FINISHING:
            if self._recognition is None:
                attention.recognised(Recognised(said=(), is_final=True), now_s)
            else:
                self._recognition.finish()

    def _tell_recognised(self, attention: Attention, now_s: float) -> None:
        recognition = self._recognition
        if recognition is None or attention.outcome is not None:
            return
        for result in recognition.results():
            attention.recognised(result, now_s)
        if recognition.problem is not None:
            attention.broke(recognition.problem, now_s)
        elif recognition.is_over:
            if recognition.was_rash:
                attention.broke("the recogniser ended before it heard anything", now_s)
            # Whoever is loud next is heard anew.
            self._stop_recognition()

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

"""What ends one listening step: a key, words, time, or a recogniser that broke."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from ivr.ports import (
    Heard,
    HearingBroke,
    KeyHeard,
    NothingHeard,
    Recognised,
    WordsSpoken,
)
from ivr.understanding.outcome import Said

STALL_S: Final = 2.0
"""A recogniser that has heard words and tells nothing for so long, while the caller is
quiet, is asked to come to an end."""
FINISH_S: Final = 1.5
"""In which it must; both together are less than the 4 s that nobody hears nothing."""
PHRASE_S: Final = 15.0
"""The longest phrase; ten digits in groups take half of it."""
SPEAKING_S: Final = 6.0
"""So long who is loud when the time is over may go on, though no word was told yet."""
QUIET_S: Final = 0.7
"""Who was loud within this time is taken to be speaking."""


class Hears(StrEnum):
    """What is going on."""

    PROMPT = "prompt"
    """Sounds are played, and heard to their end unless something fits."""
    WAITS = "waits"
    PHRASE = "phrase"
    """Words have begun that count; nothing is played."""
    FINISHING = "finishing"
    """The recogniser was asked for its result."""


class Attention:
    """One listening step; time is a value, and nothing waits here."""

    def __init__(
        self,
        *,
        keys: str,
        limit_s: float,
        fits: Callable[[tuple[Said, ...]], bool],
        sounds: int,
        now_s: float,
        finish_s: float = FINISH_S,
    ) -> None:
        """Begin, with the sounds if there are any.

        Args:
            keys: That cut the sounds short.
            limit_s: How long to wait after them.
            fits: Whether words cut them short.
            sounds: How many there are.
            now_s: The instant, by any clock that only goes on.
            finish_s: In which a recogniser that is asked for its result gives it.
        """
        self._keys = keys
        self._finish_s = finish_s
        self._limit_s = limit_s
        self._fits = fits
        self._began_s = self._opened_s = now_s
        self._partial: tuple[Said, ...] = ()
        self._news_s = self._phrase_s = self._asked_s = now_s
        self._cut_ms: int | None = None
        self.loud_s = float("-inf")
        """When the caller was loud last."""
        self.is_recognised = False
        """Whether a recogniser has sound that it has told nothing final of."""
        self._goes_on = False
        """Whether the wait goes on where a result is nothing."""
        self.played = 0
        """How many sounds were heard to their end."""
        self.hears = Hears.PROMPT if sounds else Hears.WAITS
        self.outcome: Heard | None = None
        """What ended the step; None while nothing has."""
        if not sounds and limit_s <= 0:
            self.outcome = NothingHeard()

    def pressed(self, key: str, now_s: float) -> None:
        """Take a key."""
        if self.hears is Hears.PROMPT:
            if key not in self._keys:
                return
            self._cut(now_s)
        self._end(KeyHeard(key=key, after_ms=self._cut_ms))

    def prompt_ended(self, now_s: float) -> None:
        """Take that all sounds were heard to their end."""
        if self.hears is not Hears.PROMPT:
            return
        self.hears, self._opened_s = Hears.WAITS, now_s
        if self._limit_s <= 0:
            self._end(NothingHeard())
        elif self._partial:
            self._begin_phrase(now_s)

    def recognised(self, result: Recognised, now_s: float) -> None:
        """Take what the recogniser made of the speech so far."""
        if result.is_final:
            self._final(result.said, now_s)
            return
        self._news_s = now_s
        self._partial = result.said
        if not result.said or self.hears in (Hears.PHRASE, Hears.FINISHING):
            return
        if self.hears is Hears.PROMPT:
            if not self._fits(result.said):
                return
            self._cut(now_s)
        self._begin_phrase(now_s)

    def broke(self, detail: str, now_s: float) -> None:
        """Take that nobody recognises anything any more."""
        left_s, was_spoken = self._limit_s, False
        if self.hears is not Hears.PROMPT and self._cut_ms is None:
            left_s = max(0.0, self._opened_s + self._limit_s - now_s)
            was_spoken = self._was_loud()
        self._end(
            HearingBroke(
                detail=detail,
                played=self.played,
                left_s=left_s,
                was_spoken=was_spoken,
            )
        )

    def look(self, now_s: float) -> None:
        """Take that time has passed."""
        due_s = self.due_s()
        if self.outcome is not None or due_s is None or now_s < due_s:
            return
        if self.hears is Hears.FINISHING:
            self.broke("the recogniser gave no result in its time", now_s)
        else:
            # A recogniser may be silent until its end, and a caller who has spoken
            # waits for no more than that; who only coughed has the rest of the time.
            over_s = self._opened_s + self._limit_s
            self._goes_on = self.hears is Hears.WAITS and now_s < over_s
            self.hears, self._asked_s = Hears.FINISHING, now_s

    def due_s(self) -> float | None:
        """Return when to look again; None for not before something comes."""
        match self.hears:
            case Hears.PROMPT:
                return None
            case Hears.WAITS:
                over_s = self._opened_s + self._limit_s
                if self.is_recognised and self._was_loud():
                    asked_s = max(self.loud_s, self._opened_s) + STALL_S
                    if asked_s < over_s:
                        return asked_s
                if self.loud_s < over_s - QUIET_S:
                    return over_s
                return min(self.loud_s + QUIET_S, over_s + SPEAKING_S)
            case Hears.PHRASE:
                last_s = max(self._news_s, self.loud_s)
                return min(last_s + STALL_S, self._phrase_s + PHRASE_S)
            case Hears.FINISHING:
                return self._asked_s + self._finish_s

    def _was_loud(self) -> bool:
        """Tell whether the caller was loud behind the prompt, or up to its end."""
        return self.loud_s >= self._opened_s - QUIET_S

    def _final(self, said: tuple[Said, ...], now_s: float) -> None:
        was_cut = self._cut_ms is not None
        if self.hears is Hears.PROMPT:
            if not said or not self._fits(said):
                self._partial = ()
                return
            self._cut(now_s)
        elif not said and was_cut:
            # What cut the prompt was heard; that it is taken back at the end is no
            # reason to leave the caller in silence.
            said = self._partial
        if said:
            took_s = max(0.0, now_s - max(self.loud_s, self._began_s))
            took_ms = round(took_s * 1000)
            words = WordsSpoken(said=said, after_ms=self._cut_ms, took_ms=took_ms)
            self._end(words)
        elif self.hears is Hears.FINISHING and not self._goes_on:
            self._end(NothingHeard())
        else:
            self.hears, self._partial = Hears.WAITS, ()

    def _begin_phrase(self, now_s: float) -> None:
        self.hears = Hears.PHRASE
        self._news_s = self._phrase_s = now_s

    def _cut(self, now_s: float) -> None:
        self._cut_ms = round((now_s - self._began_s) * 1000)

    def _end(self, outcome: Heard) -> None:
        if self.outcome is None:
            self.outcome = outcome

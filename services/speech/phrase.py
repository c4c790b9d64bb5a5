"""One phrase of one caller, as a worker hears it: sound in, words out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from services.speech.ending import Ending, Speaking, Times
from services.speech.errors import FrameBroken
from services.speech.voicing import PIECE_S, PIECE_SAMPLES, Voicing, samples_of

BEFORE_S = 0.4
"""Of sound before the first voice that belongs to the words."""
AFTER_S = 0.3
"""Of silence behind the words that belongs to them; in more of it models hear words."""
_PIECE_BYTES = 2 * PIECE_SAMPLES
_BEFORE_BYTES = int(BEFORE_S / PIECE_S) * _PIECE_BYTES
MOST_PHRASES = 5000
"""That a recogniser is asked to listen for at once."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a recogniser made of sound."""

    text: str
    confidence: float
    """From 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be listened for."""

    number: int
    """Of the phrase, so that a late answer is known for one."""
    language: str
    """As ``zh``, ``en``."""
    phrases: tuple[str, ...]
    """Those of the grammar, in the caller's language."""
    times: Times
    digits: int = 0

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        times = self.times
        return {
            "number": self.number,
            "language": self.language,
            "phrases": self.phrases,
            "digits": self.digits,
            "times": [
                times.start_within_s,
                times.trailing_s,
                times.longest_s,
                times.onset_s,
            ],
        }


def asked_of(told: Mapping[str, object]) -> Asked:
    """Read what ``as_dict`` wrote.

    Raises:
        FrameBroken: It is something else.
    """
    match told:
        case {
            "number": int(number),
            "language": str(language),
            "phrases": [*phrases],
            "digits": int(digits),
            "times": [float(start), float(trailing), float(longest), float(onset)],
        } if all(isinstance(one, str) for one in phrases):
            times = Times(
                start_within_s=start,
                trailing_s=trailing,
                longest_s=longest,
                onset_s=onset,
            )
            return Asked(
                number=number,
                language=language,
                phrases=tuple(map(str, phrases[:MOST_PHRASES])),
                digits=digits,
                times=times,
            )
        case _:
            raise FrameBroken("OPEN that asks for nothing known")


MUMBLED_S = 0.5
"""Of a voice without any word that is more than a cough."""


class Stream(Protocol):
    """A recogniser at work on one phrase."""

    def accept(self, sound: bytes) -> Words | None:
        """Take more sound; return the words so far, None where nothing is to tell."""

    def finish(self) -> tuple[Words, ...]:
        """Return the words, the likeliest first; empty where there are none."""


class Model(Protocol):
    """A recogniser with its model loaded; a further one is one file that has it."""

    def open(self, asked: Asked) -> Stream:
        """Begin a phrase.

        Raises:
            RecognitionError: It cannot listen for what is asked; with a sentence.
        """


@dataclass(slots=True)
class Heard:
    """The phrase: the recogniser sees its words only, not the silence around them."""

    stream: Stream
    voicing: Voicing
    ending: Ending
    said: tuple[Words, ...] = ()
    """At last, the final words."""
    _odd: bytes = b""
    _held: bytearray = field(default_factory=bytearray)
    """Silence before the words, or behind them until more of them come."""
    _told: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether the words are final."""
        return self.ending.state is Speaking.ENDED

    def more(self, sound: bytes) -> Iterator[Words]:
        """Take more sound; yield the words so far, where they changed."""
        sound = self._odd + sound
        whole = len(sound) // _PIECE_BYTES * _PIECE_BYTES
        self._odd = sound[whole:]
        for at in range(0, whole, _PIECE_BYTES):
            words = self._piece(sound[at : at + _PIECE_BYTES])
            if words and words.text and words.text != self._told:
                self._told = words.text
                yield words
            if self.has_ended:
                self.end()
                return

    def end(self) -> None:
        """Make what was heard final; nothing where nobody spoke.

        Who spoke for long enough, and of whom no word was made, has said something that
        is not understood: that is told as words without letters.
        """
        if not self.ending.has_begun:
            return
        self.said = tuple(one for one in self.stream.finish() if one.text)
        if not self.said and self.ending.said_s >= MUMBLED_S:
            self.said = (Words("", 0.0),)

    def _piece(self, piece: bytes) -> Words | None:
        is_voice = self.voicing.is_voice(samples_of(piece))
        self.ending = self.ending.after(is_voice=is_voice, length_s=PIECE_S)
        now = self.ending
        if not now.has_begun:
            self._held += piece
            del self._held[:-_BEFORE_BYTES]
            return None
        if self.has_ended:
            return None
        if now.state is Speaking.TRAILING and now.for_s > AFTER_S:
            self._held += piece
            return None
        piece, self._held = bytes(self._held) + piece, bytearray()
        return self.stream.accept(piece)

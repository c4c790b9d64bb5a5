"""What of a caller's sound a recogniser is given, and when its words are final."""

from dataclasses import dataclass, field

from services.speech.ending import Ending, Times
from services.speech.phrase import AFTER_S, BEFORE_S, Heard, Words
from services.speech.voicing import PIECE_S, Loudness
from tests.services.speech.sounds import silence, tone

TIMES = Times(start_within_s=5.0)


@dataclass(slots=True)
class Taped:
    """A recogniser that keeps what it is given."""

    given: bytearray = field(default_factory=bytearray)

    def accept(self, sound: bytes) -> Words | None:
        self.given += sound
        return Words("loud" if any(sound) else "", 0.5)

    def finish(self) -> tuple[Words, ...]:
        return Words("all of it", 0.9), Words("", 0.1)


def heard(*sounds: bytes) -> tuple[Heard, Taped, list[Words]]:
    tape = Taped()
    one = Heard(tape, Loudness(), Ending(times=TIMES))
    words = [word for sound in sounds for word in one.more(sound)]
    return one, tape, words


def seconds(tape: Taped) -> float:
    return len(tape.given) / 16000


def test_the_words_are_given_with_a_little_around_them() -> None:
    one, tape, _ = heard(silence(3) + tone(1) + silence(2))

    assert one.has_ended
    assert one.said == (Words("all of it", 0.9),)
    assert abs(seconds(tape) - (1 + BEFORE_S + AFTER_S)) < 6 * PIECE_S


def test_a_breath_between_words_is_given_once_they_go_on() -> None:
    one, tape, _ = heard(silence(1) + tone(1) + silence(0.6) + tone(1) + silence(2))

    assert one.has_ended
    assert abs(seconds(tape) - (2.6 + BEFORE_S + AFTER_S)) < 6 * PIECE_S


def test_silence_is_not_given_at_all() -> None:
    one, tape, words = heard(silence(6))

    assert one.has_ended
    assert (one.said, bytes(tape.given), words) == ((), b"", [])


def test_the_same_words_are_told_once_however_the_sound_is_cut() -> None:
    sound = silence(0.5) + tone(1) + silence(1)
    pieces = [sound[at : at + 77] for at in range(0, len(sound), 77)]

    one, tape, words = heard(*pieces)

    assert words == [Words("loud", 0.5)]
    assert tape.given == heard(sound)[1].given
    assert one.has_ended


def test_what_comes_to_an_early_end_is_final_too() -> None:
    one, _, _ = heard(silence(0.5) + tone(1))
    assert not one.has_ended

    one.end()

    assert one.said == (Words("all of it", 0.9),)

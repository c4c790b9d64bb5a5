"""Who listens for words where a walk is, and what comes of what was heard."""

from collections.abc import Mapping

from ivr.flow_set import FlowSet
from ivr.grammars import grammar_of
from ivr.ports import (
    Ears,
    HearingBroke,
    KeyHeard,
    NothingHeard,
    Recogniser,
    WordsSpoken,
)
from ivr.sounds import Language
from ivr.steps import AskingStep, SayStep
from ivr.turns import Input, KeyCame, Listen, NoKeyCame, Played, Say, WordsCame
from ivr.understanding.grammar import Grammar
from ivr.understanding.outcome import DigitsSaid, Said, Taken
from ivr.understanding.understand import understood
from ivr.walk import Hearing, Phase, Walk

MOST_BREAKS = 2
"""After so many in one call nobody listens to its words any more."""


KEY_AFTER_S = 3.0
"""So long a key is waited for from who spoke to a recogniser that broke."""


class Listening:
    """Chooses who listens in one call, and gives up what broke."""

    def __init__(
        self, flow_set: FlowSet, recognisers: Mapping[Language, Recogniser]
    ) -> None:
        """Begin with all of them."""
        self._flow_set = flow_set
        self._recognisers = recognisers
        self._breaks = 0
        self._is_off = False

    def ears_for(self, act: Say | Listen, walk: Walk) -> Ears | None:
        """Return who listens during an act; None where only keys count.

        Behind a break that is so until the next prompt.
        """
        if not self._recognisers:
            return None
        if isinstance(act, Say):
            self._is_off = self._breaks >= MOST_BREAKS
        recogniser = self._recognisers.get(walk.language)
        if self._is_off or recogniser is None or not self._hears(act, walk):
            return None
        grammar = grammar_of(self._flow_set, walk)
        return Ears(
            recogniser=recogniser,
            grammar=grammar,
            fits=lambda said: _fits(said, grammar),
        )

    def broke(self) -> None:
        """Take that who listened broke."""
        self._breaks += 1
        self._is_off = True

    def _hears(self, act: Say | Listen, walk: Walk) -> bool:
        """Tell whether words have a place: not in what nobody can cut short."""
        if walk.phase not in (Phase.SAYING, Phase.LISTENING):
            return False
        if isinstance(act, Say) and not act.keys:
            return False
        step = self._flow_set.flows[walk.flow].steps[walk.step]
        return isinstance(step, AskingStep | SayStep)


def _fits(said: tuple[Said, ...], grammar: Grammar) -> bool:
    """Tell whether words are sure to be something that is asked."""
    return isinstance(understood(said, grammar), Taken | DigitsSaid)


def came_of(
    heard: KeyHeard | WordsSpoken | NothingHeard, act: Say | Listen, ears: Ears
) -> Input:
    """Return what a walk is told of what was heard."""
    match heard:
        case KeyHeard(key=key, after_ms=after_ms):
            return KeyCame(key=key, after_ms=after_ms)
        case WordsSpoken():
            return WordsCame(
                said=heard.said,
                after_ms=heard.after_ms,
                recogniser=type(ears.recogniser).__name__,
                took_ms=heard.took_ms,
            )
        case NothingHeard():
            return Played() if isinstance(act, Say) else NoKeyCame()


def left_after(broke: HearingBroke, walk: Walk) -> float:
    """Return how long a key is waited for where listening broke, in seconds."""
    if not broke.was_spoken:
        return broke.left_s
    if walk.hearing is Hearing.UNSURE:
        # What was asked is whether something is meant: a key answers that.
        return max(broke.left_s, KEY_AFTER_S)
    return min(broke.left_s, KEY_AFTER_S)


def silent_after(broke: HearingBroke, walk: Walk) -> Input:
    """Return what a walk is told where no key came by then.

    Who spoke was not silent: it is asked once more, and leads nowhere.
    """
    if broke.was_spoken and walk.hearing is not Hearing.UNSURE:
        return WordsCame(said=())
    return NoKeyCame()

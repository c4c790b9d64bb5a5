"""A caller who speaks, and presses keys where that is not understood: what when."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import (
    HearingFailed,
    KeyPressed,
    KeyTimedOut,
    PromptHeard,
    StepEntered,
    WordsHeard,
    WordsOutcome,
)
from ivr.asking import DIGITS_SAID
from ivr.flow_set import FlowSet
from ivr.sounds import Language
from ivr.steps import AskingStep, RecordStep
from ivr.ways import BACK_KEY, NO_KEY, YES_KEY
from services.flows.aloud import Gone, Item, Keys, Quiet, Utterance
from services.flows.script import SPEAK_S, Leave, Press, Speak

YES = {Language.ZH: "是的", Language.EN: "yes"}


class Step(StrEnum):
    """What a step wants of its caller."""

    ANSWER = "answer"
    MESSAGE = "message"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Utter:
    """Say these words."""

    text: str


Do = Utter | Press | Speak | Leave


@dataclass(slots=True, kw_only=True)
class Turn:
    """Words that were said, and what became of them."""

    step: str
    said: str
    heard: str = ""
    confidence: float = 0.0
    outcome: str = ""
    """As ``WordsHeard.outcome``; ``unheard``, ``broken`` where nothing was made of
    them; empty while nothing is known."""
    meant: str = ""
    why: str = ""
    took_ms: int = 0
    keys: str = ""
    """What was pressed in their stead."""

    @property
    def is_understood(self) -> bool:
        """Whether the call went on by these words, and neither by keys nor silence."""
        is_some = self.outcome in (WordsOutcome.TAKEN, WordsOutcome.UNCERTAIN)
        return is_some and not self.keys


def steps_of(flow_set: FlowSet) -> Callable[[str, str], Step]:
    """Return what tells what a step of a flow wants."""

    def of(flow: str, step: str) -> Step:
        match flow_set.flows[flow].steps.get(step):
            case AskingStep():
                return Step.ANSWER
            case RecordStep():
                return Step.MESSAGE
            case _:
                return Step.NOTHING

    return of


@dataclass(slots=True, kw_only=True)
class SpeakingCaller:
    """Follows what a call tells, and does the next thing when it is awaited."""

    items: Sequence[Item]
    wants: Callable[[str, str], Step]
    language: Language = Language.ZH
    """In which the caller says yes."""
    turns: list[Turn] = field(default_factory=list)
    astray: int = 0
    """How often words were taken for what was not meant."""
    _left: deque[Item] = field(init=False)
    _open: Utterance | None = None
    """What was said and not taken yet."""
    _asked: bool | None = None
    """Whether the flow asks if something is meant, and whether it is."""
    _yes_was_said: bool = False
    _words: deque[str] = field(default_factory=deque)
    """Keys for the next times that some are awaited."""
    _keys: deque[str] = field(default_factory=deque)
    """The rest of those that are pressed now."""
    _back: bool = False
    _before: Utterance | None = None
    """What was said before what is open."""
    _is_deaf: bool = False
    """Whether nobody listened since the last words."""

    def __post_init__(self) -> None:
        """Begin with the first thing to do."""
        self._left = deque(self.items)

    @property
    def by_keys(self) -> int:
        """How many of the words ended by keys."""
        return sum(bool(turn.keys) for turn in self.turns)

    def told(self, fact: FlowFact) -> Do | None:
        """Take what the call tells; return what to do, None for nothing."""
        match fact:
            case WordsHeard():
                self._heard(fact)
            case HearingFailed():
                self._is_deaf = True
                return self._unheard("broken", at_once=True)
            case KeyTimedOut():
                self._asked = None
                self._unheard("unheard")
            case KeyPressed() if self._keys:
                return Press(key=self._keys.popleft())
            case StepEntered():
                self._keys.clear()
            case PromptHeard(interrupted_ms=None):
                return self._awaited(fact.flow, fact.step)
            case _:
                """Nothing follows from it."""
        return None

    def _heard(self, words: WordsHeard) -> None:
        turn = self._turn()
        if turn is not None and not turn.outcome:
            turn.heard, turn.confidence = words.text, words.confidence
            turn.outcome, turn.meant = words.outcome.value, words.meant
            turn.why, turn.took_ms = words.why, words.took_ms
        asked, self._asked = self._asked, None
        if self._open is None:
            return
        is_meant = words.meant == self._open.meant
        match words.outcome:
            case WordsOutcome.TAKEN if asked and words.meant == YES_KEY:
                self._open = None
            case WordsOutcome.TAKEN if is_meant or _is_hidden(words):
                self._open = None
            case WordsOutcome.TAKEN:
                self.astray += 1
                self._back = True
            case WordsOutcome.UNCERTAIN:
                self._asked, self._yes_was_said = is_meant, False
            case WordsOutcome.REFUSED:
                """Asked once more: then by keys."""

    def _unheard(self, outcome: str, *, at_once: bool = False) -> Do | None:
        turn = self._turn()
        if turn is None or turn.outcome:
            return None
        turn.outcome = outcome
        return self._awaited("", turn.step) if at_once else None

    def _turn(self) -> Turn | None:
        return self.turns[-1] if self.turns else None

    def _awaited(self, flow: str, step: str) -> Do | None:
        """Do the next thing at a step that awaits something."""
        if flow:
            match self.wants(flow, step):
                case Step.MESSAGE:
                    return Speak(length_s=SPEAK_S, end_key="#")
                case Step.NOTHING:
                    return None
                case Step.ANSWER:
                    """It is the caller's turn."""
        if self._back:
            self._back = False
            return Press(key=BACK_KEY)
        if self._asked is not None:
            return self._answer(step)
        if self._words:
            return self._press(self._words.popleft())
        if self._open is not None:
            return self._by_keys(self._open)
        return self._next(f"{flow}.{step}")

    def _answer(self, step: str) -> Do:
        """Tell whether it is meant: first by word, then by key."""
        if not self._asked:
            self._asked = None
            return Press(key=NO_KEY)
        if self._yes_was_said:
            self._asked, self._open = None, None
            return Press(key=YES_KEY)
        self._yes_was_said = True
        return self._say(step, YES[self.language])

    def _by_keys(self, utterance: Utterance) -> Do | None:
        self._open = None
        turn = self._turn()
        keys = utterance.keys
        if utterance.confirms:
            # Where it was heard as nothing, all of it is asked once more.
            is_asked = turn is not None and turn.outcome == "broken"
            before = self._before.keys if self._before else ()
            keys = (YES_KEY,) if is_asked else before
        if turn is not None:
            turn.keys = " ".join(keys)
        if utterance.meant == DIGITS_SAID:
            # What would have been read back is not, now.
            while self._left and getattr(self._left[0], "confirms", False):
                self._left.popleft()
        self._words.extend(keys)
        return self._press(self._words.popleft()) if self._words else None

    def _next(self, step: str) -> Do | None:
        if not self._left:
            return None
        match self._left.popleft():
            case Utterance() as utterance:
                if not utterance.confirms:
                    self._before = utterance
                if self._is_deaf:
                    self._is_deaf = False
                    self.turns.append(
                        Turn(step=step, said=utterance.text, outcome="broken")
                    )
                    return self._by_keys(utterance)
                self._open = utterance
                return self._say(step, utterance.text)
            case Keys(keys=keys):
                return self._press(keys)
            case Quiet():
                return None
            case Gone():
                return Leave()

    def _say(self, step: str, text: str) -> Do:
        self._is_deaf = False
        self.turns.append(Turn(step=step, said=text))
        return Utter(text)

    def _press(self, keys: str) -> Do:
        self._keys = deque(keys[1:])
        return Press(key=keys[0])


def _is_hidden(words: WordsHeard) -> bool:
    """Tell whether nobody is told what was said: at a secret step."""
    return not words.meant and not words.text

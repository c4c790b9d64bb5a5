"""The walk of one call on record by other flows, as far as the record tells."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import (
    DigitsCollected,
    KeyPressed,
    KeyTimedOut,
    LookedUp,
    LookUpOutcome,
    MessageRecorded,
    PromptHeard,
    StepEntered,
    TraceOf,
    WordsHeard,
)
from acd.vocabulary.ids import CallId
from ivr.expressions import Expression, Node
from ivr.flow_set import FlowSet
from ivr.hours import Hours
from ivr.machine import take
from ivr.steps import AskingStep, CollectStep, MenuStep, RecordStep, SetStep, Step
from ivr.stride import Stride
from ivr.turns import (
    Act,
    Answer,
    Answered,
    Ask,
    AskFailed,
    Begun,
    Broke,
    CallerLeft,
    Found,
    HangUp,
    Input,
    KeyCame,
    LetGo,
    Listen,
    MessageTaken,
    NoKeyCame,
    NotFound,
    Played,
    Queue,
    Record,
    Say,
    WordsCame,
)
from ivr.values import Value
from ivr.walk import Walk, fresh_walk
from ivr.ways import PERSON_KEY
from services.flows.doubt import (
    FLAG,
    REPEATS,
    STORM,
    Doubt,
    Roots,
    answered_name,
    roots_of,
    written_by,
)
from services.flows.evidence import Evidence, covers
from services.flows.gaps import Missing, Unknown
from services.flows.traces import FAILED, LEFT, Entry, Trace, end_of

MOST_TURNS = 1000
_SOME_DIGIT = "1"
_NO_ENTRY: tuple[TraceOf, ...] = ()

FlagsThen = Callable[[str, datetime], bool]
"""Tells whether a flag was up at an instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The flows that calls are walked by again, and the world as it was."""

    flow_set: FlowSet
    hours: Hours
    flags: FlagsThen
    roots: Roots = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what what is set depends on."""
        object.__setattr__(self, "roots", roots_of(self.flow_set.flows))


class Again:
    """One call on its way once more."""

    def __init__(
        self, trace: Trace, others: Others, before: FlowSet | None, flow: str
    ) -> None:
        """Begin with the flow of its number; see ``replay``."""
        self._trace, self._others, self._before = trace, others, before
        self._evidence = Evidence(trace, before)
        self._doubt = Doubt(others.roots)
        values = {
            "caller": trace.caller,
            "number": trace.number,
            REPEATS: trace.repeats,
        }
        first = others.flow_set.flows[flow]
        self._walk: Walk = fresh_walk(first, CallId(trace.call_id), values)
        self._act: Act = Answer()
        self._place = -1
        """Of the entry that the walk is at, or was at last."""
        self._entry: Entry | None = None
        """The same; None at a step which the call did not come to then."""
        self._told: tuple[TraceOf, ...] = _NO_ENTRY
        """What the entry tells and was not used yet."""
        self._typing: list[str] = []
        """Digits that stand for secret ones."""
        self._rewritten: set[str] = set()
        """What was written otherwise than then: the record tells of it no more."""
        self._seen = 0
        """Facts of this turn that were looked at."""
        self.steps: list[str] = []
        """Those that it came to, as ``flow.step``."""
        self.end = ""
        """Where it ends; empty where the record tells no more before that."""
        self.unknown: Unknown | None = None

    def go(self) -> None:
        """Walk on until the end, or until the record tells no more."""
        if not self._trace.entries and self._trace.end in (LEFT, FAILED):
            self.end = self._trace.end
            return
        self._come(Begun())
        self._come(Answered())
        for _ in range(MOST_TURNS):
            if self.unknown or self._is_over:
                break
            came = self._answer()
            if isinstance(came, Unknown):
                self.unknown = came
            else:
                self._come(came)
        if self.unknown:
            self.end = ""

    @property
    def _is_over(self) -> bool:
        return isinstance(self._act, Queue | HangUp | LetGo)

    @property
    def _at(self) -> datetime:
        place = max(self._place, 0)
        return self._trace.entries[place].at if self._trace.entries else self._trace.at

    @property
    def _step(self) -> Step:
        flow = self._others.flow_set.flows[self._walk.flow]
        return flow.steps[self._walk.step]

    # ---- a turn

    def _come(self, came: Input) -> None:
        self._seen = 0
        around = dict(self._around())
        turn = take(
            self._others.flow_set,
            self._walk,
            came,
            self._at,
            around,
            judge=self._judge,
        )
        if self.unknown:
            return
        self._follow(turn.facts)
        self._walk, self._act = turn.walk, turn.act
        self.end = end_of(turn.facts) or ""

    def _around(self) -> Iterator[tuple[str, Value]]:
        hours, at = self._others.hours, self._at
        local = hours.local(at)
        yield "now", local
        yield "now.hour", local.hour
        yield "now.minute", local.minute
        yield "now.weekday", local.isoweekday()
        yield "holiday", hours.is_holiday(at)
        for name in hours.calendars:
            yield f"hours.{name}", hours.is_open(name, at)

    def _follow(self, facts: Sequence[FlowFact]) -> None:
        """Go along in the record with what the walk tells."""
        fresh, self._seen = facts[self._seen :], len(facts)
        for fact in fresh:
            if isinstance(fact, StepEntered):
                self._enter(fact)
            elif isinstance(fact, LookedUp):
                self._hide(fact)

    def _enter(self, entered: StepEntered) -> None:
        self.steps.append(f"{entered.flow}.{entered.step}")
        self._typing = []
        places = range(self._place + 1, len(self._trace.entries))
        found = (it for it in places if self._trace.entries[it].name == self.steps[-1])
        place = next(found, None)
        step = self._others.flow_set.flows[entered.flow].steps[entered.step]
        if place is None:
            self._entry, self._told = None, _NO_ENTRY
        else:
            self._place, self._entry = place, self._trace.entries[place]
            self._told = self._entry.told
            if not self._is_alike(step):
                self._told = _NO_ENTRY
        if isinstance(step, SetStep):
            self._write(written_by(step))

    def _is_alike(self, step: Step) -> bool:
        """Tell whether a step does what it did then; where nobody knows, it does."""
        entry = self._entry
        flow = self._before.flows.get(entry.flow) if self._before and entry else None
        then = flow.steps.get(entry.step) if flow and entry else None
        return then is None or type(then) is type(step)

    def _hide(self, fact: LookedUp) -> None:
        step = self._others.flow_set.flows[fact.flow].steps[fact.step]
        name = answered_name(step)
        if name is None:
            return
        self._write(written_by(step))
        if fact.outcome is LookUpOutcome.FOUND:
            self._doubt.hidden.add(name)

    def _write(self, names: frozenset[str]) -> None:
        if self._entry is None:
            self._rewritten |= names
        else:
            self._rewritten -= names

    # ---- what a branch asks

    def _judge(self, condition: Expression, stride: Stride) -> bool:
        if self.unknown:
            return False
        self._follow(stride.told)
        found = self._doubt.truth(
            condition.node, stride.values, self._recorded, self._stood
        )
        if found is None:
            name = f"{stride.walk.flow}.{stride.walk.step}"
            self.unknown = Unknown(
                missing=Missing.VALUE, step=name, what=str(condition)
            )
        return bool(found)

    def _recorded(self, node: Node) -> bool | None:
        names = [one.name for one in Expression("", node).names()]
        if covers(frozenset(self._rewritten), names):
            return None
        return self._evidence.of(node, self._place)

    def _stood(self, name: str) -> Value:
        value = None
        if not covers(frozenset(self._rewritten), [name]):
            value = self._evidence.value(name, self._place)
        if value is None and name == REPEATS:
            return self._trace.repeats
        if value is None and (name == STORM or name.startswith(FLAG)):
            return self._others.flags(name.removeprefix(FLAG), self._at)
        return value

    # ---- what comes of an act

    def _answer(self) -> Input | Unknown:
        match self._act:
            case Say():
                return self._heard()
            case Listen():
                return self._key()
            case Ask(question=question):
                return self._asked(question.name, self._act.keys)
            case Record():
                return self._message()
            case _:
                return CallerLeft()

    def _heard(self) -> Input:
        if self._told and isinstance(self._told[0], PromptHeard):
            self._told = self._told[1:]
        step = self._step
        if isinstance(step, RecordStep) and self._presses_person():
            return KeyCame(key=PERSON_KEY)
        asks = isinstance(step, AskingStep | RecordStep)
        return (None if asks and self._told else self._ended()) or Played()

    def _presses_person(self) -> bool:
        first = self._told[0] if self._told else None
        return isinstance(first, KeyPressed) and first.key == PERSON_KEY

    def _ended(self) -> Input | None:
        """Return how the call ended at this very entry; None where it went on."""
        is_last = self._place == len(self._trace.entries) - 1
        if self._entry is None or not is_last:
            return None
        if self._trace.end == LEFT:
            return CallerLeft()
        return Broke(detail="as on record") if self._trace.end == FAILED else None

    def _key(self) -> Input | Unknown:
        if self._typing:
            return KeyCame(key=self._typing.pop(0))
        is_typed = bool(self._walk.typed.text)
        while self._told:
            first, *rest = self._told
            if isinstance(first, PromptHeard | DigitsCollected) and is_typed:
                return NoKeyCame()
            self._told = tuple(rest)
            if isinstance(first, KeyTimedOut):
                return NoKeyCame()
            if isinstance(first, KeyPressed):
                return self._pressed(first)
            if isinstance(first, WordsHeard):
                return self._said(first)
        if is_typed:
            return NoKeyCame()
        return self._ended() or self._missing(Missing.KEY, _asked_of(self._entry))

    def _said(self, heard: WordsHeard) -> Input | Unknown:
        if not heard.text:
            return self._missing(Missing.KEY, "what was said is secret")
        return WordsCame.of(heard.text, heard.confidence)

    def _pressed(self, pressed: KeyPressed) -> Input:
        step = self._step
        if pressed.key:
            return KeyCame(key=pressed.key)
        if isinstance(step, CollectStep):
            return KeyCame(key=self._secret_key(step, pressed))
        if isinstance(step, MenuStep) and pressed.is_choice:
            return KeyCame(key=next(iter(step.keys)))
        return KeyCame(key="#")

    def _secret_key(self, step: CollectStep, pressed: KeyPressed) -> str:
        """Return a key in the place of a secret one: as many digits, and other ones."""
        self._doubt.hidden.add(step.into)
        told = takewhile(lambda it: not isinstance(it, PromptHeard), self._told)
        for nth, fact in enumerate(told):
            if isinstance(fact, DigitsCollected):
                self._told = self._told[nth:]
                self._typing = [_SOME_DIGIT] * (fact.count - 1)
                return _SOME_DIGIT
        if not pressed.is_choice:
            return step.end_key
        rest = [*takewhile(lambda it: isinstance(it, KeyPressed), self._told)]
        self._told = self._told[len(rest) :]
        return PERSON_KEY if self._goes_to_person() else _SOME_DIGIT

    def _goes_to_person(self) -> bool:
        entries, flow = self._trace.entries, self._walk.flow
        person = f"{flow}.{self._others.flow_set.flows[flow].person}"
        follows = entries[self._place + 1 : self._place + 2]
        return not self._told and any(it.name == person for it in follows)

    def _asked(self, name: str, keys: str) -> Input | Unknown:
        while self._told:
            first, *rest = self._told
            self._told = tuple(rest)
            if isinstance(first, KeyPressed) and first.key and first.key in keys:
                return KeyCame(key=first.key)
            if isinstance(first, LookedUp) and first.name == name:
                return _OUTCOMES[first.outcome](first.detail)
        return self._ended() or self._missing(Missing.ANSWER, name)

    def _message(self) -> Input | Unknown:
        if self._presses_person():
            return MessageTaken(length_s=0, key=PERSON_KEY)
        for fact in self._told:
            if isinstance(fact, MessageRecorded):
                return MessageTaken(length_s=fact.length_s)
        if self._entry is None:
            return self._missing(Missing.MESSAGE, "no message was recorded here")
        return self._ended() or AskFailed(detail="as on record")

    def _missing(self, missing: Missing, what: str) -> Unknown:
        return Unknown(
            missing=missing, step=f"{self._walk.flow}.{self._walk.step}", what=what
        )


def _asked_of(entry: Entry | None) -> str:
    return "was never asked" if entry is None else "was not asked so often"


_OUTCOMES: Mapping[LookUpOutcome, Callable[[str], Input]] = {
    LookUpOutcome.FOUND: lambda _detail: Found(),
    LookUpOutcome.NOT_FOUND: lambda _detail: NotFound(),
    LookUpOutcome.FAILED: lambda detail: AskFailed(detail=detail),
}

"""Cases of calls, written beside the flows: what is heard, and where each must end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from acd.vocabulary.ids import CallId
from ivr.flow_set import FlowSet
from ivr.lookups import LookUps
from ivr.problems import Problem, Refused, source_problems
from ivr.source import Source, SourceRefused, Trail, read_source
from ivr.together import without_person
from ivr.turns import (
    Ask,
    CallerLeft,
    Input,
    LeaveLine,
    LineLeft,
    Listen,
    MessageTaken,
    Played,
    Record,
    Say,
)
from ivr.values import Values
from ivr.wording import nearest
from ivr.words import PATTERNS, problem_at, read_as
from ivr.written import Part
from services.flows.answers import Answer, Answers, values_of, wrong_answer
from services.flows.others import Others
from services.flows.walking import Walking
from services.flows.written_keys import KEYS, Pressed

FOLDER = "cases"
"""Beside the folder of flows."""
MOST_TURNS = 1000
_VOICE = r"^([a-z0-9_+-]{1,40})?$"
_ENDS = r"^(queue [a-z][a-z0-9_]{0,39}|hang up|left)$"
_MONDAY = datetime(2026, 1, 5, 10, 0).astimezone()
_MESSAGE_S = 5.0
_BETWEEN = ("mapping[", "dict[", "tuple[")

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class CasesRefused(Refused):
    """Cases cannot be run as they are written."""


class WrittenCase(Part):
    """One call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[str, StringConstraints(max_length=20)] = ""
    """The number dialled; or else a flow."""
    flow: Annotated[str, StringConstraints(max_length=40)] = ""
    caller: Annotated[str, StringConstraints(max_length=40)] = "13800138000"
    at: datetime = _MONDAY
    """The clock, as 2026-11-23T22:15; a Monday morning if not written."""
    keys: Annotated[str, StringConstraints(pattern=KEYS, max_length=1000)] = ""
    """What the caller presses, a word for each time that a key is awaited: ``2``,
    ``13800138000#``, ``wait`` for no key, ``bye`` to hang up, ``say(家里停电了)`` for
    words, ``say(停电 @0.6)`` for words that a recogniser is not sure of. Then nothing
    more. In a queue that takes keys they go on; there ``wait`` lets the time for words
    come. ``say(查余额 | 2 1)`` presses 2 and 1 where the words are not understood."""
    voice: Annotated[str, StringConstraints(pattern=_VOICE)] = ""
    """Who says the words when the case is called: ``espeak-ng`` or a variant of it as
    ``espeak-ng+f4``, ``hibari``, or one of Kokoro's people as ``zm_yunxi``. Empty for a
    case that is not called with words."""
    speed: Annotated[float, Field(ge=0.5, le=2.0)] = 1.0
    """How quick that voice is; 1 is as it speaks by itself."""
    noise_db: Annotated[float, Field(ge=0, le=60)] | None = None
    """How much louder than the noise of the line the words are; None for a line without
    noise."""
    answers: Mapping[str, Answer | Answers] = Field(default_factory=dict)
    """What other systems say, by the name of the look-up or order: fields, or
    ``not_found`` or ``failed``. Of several each is said once, the last again and
    again."""
    around: Mapping[str, str] = Field(default_factory=dict)
    """What is so in the world, as in conditions: ``storm: true``."""
    hears: tuple[Text, ...] = ()
    """Parts of what must be heard, in this order."""
    hears_not: tuple[Text, ...] = ()
    """Parts of what must not be heard."""
    steps: tuple[Text, ...] = ()
    """Steps on the way, in this order, others between them or not."""
    ends: Annotated[str, StringConstraints(pattern=_ENDS)] | None = None
    """Where the call must end: ``queue q_bill``, ``hang up`` or ``left``."""


class WrittenCases(Part):
    """One file of cases."""

    cases: Mapping[Text, WrittenCase] = Field(min_length=1, max_length=2000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call, and where it stands in a file."""

    name: str
    written: WrittenCase
    source: Source
    flow: str
    """The name of the flow that it begins with."""
    look_ups: LookUps
    """What its answers are read as."""

    @property
    def key(self) -> str:
        """Return what tells it from all others: its file and its name."""
        return f"{Path(self.source.file).stem}/{self.name}"

    @property
    def speaks(self) -> bool:
        """Tell whether its caller says words."""
        return "say(" in self.written.keys

    @property
    def is_aloud(self) -> bool:
        """Tell whether its words are spoken into a telephone."""
        return self.speaks and bool(self.written.voice)

    @property
    def at(self) -> datetime:
        """Return its clock, aware."""
        return self.written.at.astimezone()

    @property
    def values(self) -> Values:
        """Return what is known of the call before it is answered."""
        return {"caller": self.written.caller, "number": self.written.number}

    @property
    def around(self) -> Values:
        """Return what is so in the world, but for the clock."""
        return values_of(self.written.around)

    def others(self) -> Others:
        """Return what other systems say, each from its first answer on."""
        return Others(self.written.answers, self.look_ups)

    def problem(self, field: str, what: str) -> Problem:
        """Return what is wrong with a field of it."""
        return problem_at(self.source, ("cases", self.name, field), what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of a case."""

    case: Case
    walking: Walking
    problems: tuple[Problem, ...]


def load_cases(folder: Path, flow_set: FlowSet) -> list[Case]:
    """Read every case beside a folder of flows; none where there is no folder of them.

    Raises:
        CasesRefused: With every problem of every file.
    """
    problems: list[Problem] = []
    cases: list[Case] = []
    for path in sorted((folder.parent / FOLDER).glob("*.yaml")):
        try:
            source = read_source(path)
        except SourceRefused as refused:
            problems += source_problems(path, refused)
            continue
        patterns = {
            **PATTERNS,
            KEYS: "keys, wait, bye or say(…), with a space between them",
            _ENDS: "`queue NAME`, `hang up` or `left`",
            _VOICE: "a voice, as espeak-ng, hibari or zm_yunxi",
        }
        options_at, trail_of = _options_at, _trail_of
        written = read_as(
            WrittenCases,
            source,
            options_at=options_at,
            trail_of=trail_of,
            patterns=patterns,
        )
        if isinstance(written, list):
            problems += written
            continue
        for name, one in written.cases.items():
            found = _case(name, one, source, flow_set)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                problems += _wrong_answers(found)
                cases.append(found)
    if problems:
        raise CasesRefused(problems)
    return cases


def _case(
    name: str, written: WrittenCase, source: Source, flow_set: FlowSet
) -> Case | Problem:
    where: Trail = ("cases", name)
    if bool(written.number) == bool(written.flow):
        what = "needs a number or a flow, one of the two; write `number: …`"
        return problem_at(source, where, what)
    known = flow_set.numbers if written.number else flow_set.flows
    wanted = written.number or written.flow
    if wanted not in known:
        kind = "number" if written.number else "flow"
        what = f"no {kind} is called {wanted!r}{nearest(wanted, known)}"
        return problem_at(source, (*where, kind), what)
    flow = flow_set.numbers.get(written.number, written.flow)
    if not flow_set.flows[flow].has_person:
        what = without_person(flow)
        return problem_at(source, (*where, "flow"), what)
    return Case(
        name=name, written=written, source=source, flow=flow, look_ups=flow_set.look_ups
    )


def _wrong_answers(case: Case) -> Iterator[Problem]:
    for name, one in case.written.answers.items():
        for nth, answer in enumerate(one if isinstance(one, tuple) else (one,)):
            place = (str(nth),) if isinstance(one, tuple) else ()
            for field, what in wrong_answer(name, answer, case.look_ups):
                trail = ("cases", case.name, "answers", name, *place)
                where = (*trail, field) if field else trail
                yield problem_at(case.source, where, what)


def begun(case: Case, flow_set: FlowSet) -> Walking:
    """Return the walk of a case, before its first key."""
    return Walking(
        flow_set=flow_set,
        flow=case.flow,
        at=case.at,
        call_id=CallId(case.name),
        values=case.values,
        around=case.around,
    )


def run(case: Case, flow_set: FlowSet) -> Ran:
    """Walk one case, and hold what came of it against what it says."""
    walking, others = begun(case, flow_set), case.others()
    pressed = Pressed(case.written.keys)
    for _ in range(MOST_TURNS):
        came = pressed.in_line(walking.keys_in_line) if walking.waits else None
        if walking.is_over and came is None:
            break
        walking.come(came or _answer(walking, pressed, others))
    return Ran(case=case, walking=walking, problems=tuple(_problems(case, walking)))


def _answer(walking: Walking, pressed: Pressed, others: Others) -> Input:
    match walking.act:
        case Say():
            return Played()
        case Listen():
            return pressed.asked()
        case LeaveLine():
            return LineLeft()
        case Record():
            return MessageTaken(length_s=_MESSAGE_S)
        case Ask(question=question):
            return others.answer(question)
        case _:
            return CallerLeft()


def _problems(case: Case, walking: Walking) -> Iterator[Problem]:
    written, way = case.written, " → ".join(walking.steps)
    heard = " ".join(walking.heard)
    if text := _first_missing(written.hears, heard):
        where = " out of its order" if text in heard else ""
        what = f"{text!r} is not heard{where} on the way {way}; heard {heard!r}"
        yield case.problem("hears", what)
    for text in written.hears_not:
        if text in heard:
            yield case.problem("hears_not", f"{text!r} is heard on the way {way}")
    rest = iter(walking.steps)
    if missing := [step for step in written.steps if step not in rest]:
        yield case.problem("steps", f"does not come to {missing[0]!r}, it goes {way}")
    if written.ends is not None and walking.end != written.ends:
        ended = walking.end or "nowhere"
        what = f"should end in {written.ends!r}, it ends in {ended!r} by the way {way}"
        yield case.problem("ends", what)


def _first_missing(wanted: Sequence[str], heard: str) -> str | None:
    begin = 0
    for text in wanted:
        found = heard.find(text, begin)
        if found < 0:
            return text
        begin = found + len(text)
    return None


def _options_at(place: Trail) -> Sequence[str]:
    model = WrittenCases if len(place) == 1 else WrittenCase
    return [*model.model_fields]


def _trail_of(place: Trail) -> Trail:
    """Take out what pydantic puts between: which of two forms an answer has."""
    return tuple(it for it in place if not it.startswith(_BETWEEN))

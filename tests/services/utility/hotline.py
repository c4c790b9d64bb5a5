"""Walks the shipped flows without a telephone, and asks the simulated utility."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import StepEntered
from acd.vocabulary.ids import CallId
from ivr.flow_set import FlowSet
from ivr.load import load_flows
from ivr.lookups import ArgumentType, FieldType, load_look_ups
from ivr.machine import take
from ivr.sounds import Either, Heard, Spoken
from ivr.turns import (
    Answer,
    Answered,
    Ask,
    AskFailed,
    Begun,
    Found,
    HangUp,
    Input,
    KeyCame,
    LeaveLine,
    LetGo,
    Listen,
    MessageTaken,
    NoKeyCame,
    NotFound,
    Played,
    Question,
    QuestionKind,
    Queue,
    Record,
    Say,
    Stay,
)
from ivr.values import Values
from ivr.walk import fresh_walk
from services.runtime.settings import CHECKOUT
from services.utility.fields import arguments_of, values_of
from services.utility.simulator.desk import Desk
from services.utility.simulator.world import World

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
DIALPLANS = CHECKOUT / "dialplans"
ASKED = load_look_ups(DIALPLANS / "lookups.yaml").look_ups
NUMBERS = {
    "6000": "main",
    "6001": "vip",
    "6002": "complaint",
    "6003": "english",
    "6010": "crew",
    "6020": "itdesk",
}
FLOWS = FlowSet(
    flows={name: one.flow for name, one in load_flows(DIALPLANS / "flows").items()},
    numbers=NUMBERS,
)


@dataclass(slots=True, kw_only=True)
class Way:
    """What became of one caller."""

    heard: list[str] = field(default_factory=list)
    facts: list[FlowFact] = field(default_factory=list)
    ended: Queue | HangUp | LetGo | None = None

    @property
    def queue(self) -> str:
        assert isinstance(self.ended, Queue), (self.ended, self.steps, self.heard)
        return self.ended.queue_id

    @property
    def steps(self) -> list[str]:
        return [
            f"{one.flow}.{one.step}"
            for one in self.facts
            if isinstance(one, StepEntered)
        ]

    @property
    def said(self) -> str:
        return "".join(self.heard)

    @property
    def first(self) -> str:
        return self.heard[0]


@dataclass(slots=True, kw_only=True)
class Hotline:
    """The flows and a utility; each call finds it as the one before left it."""

    desk: Desk = field(default_factory=lambda: Desk(World(NOON), now=lambda: NOON))
    is_answering: bool = True
    calls: int = 0

    def call(
        self,
        dialled: str,
        caller: str,
        keys: str = "",
        *,
        around: Values | None = None,
        speaks: bool = True,
        is_hasty: bool = False,
    ) -> Way:
        """Call, press keys each time one is waited for, and be silent after them.

        Who is hasty presses while something is said. A key ``C`` stands for the six
        digits of the last code that was sent.
        """
        self.calls += 1
        way, left = Way(), self._keys(keys)
        flow = FLOWS.flows[NUMBERS[dialled]]
        known = {"caller": caller, "number": dialled}
        walk = fresh_walk(flow, CallId(f"call-{self.calls}"), known)
        came: Input | None = Begun()
        at = NOON
        while came is not None:
            at += timedelta(milliseconds=1)
            turn = take(FLOWS, walk, came, at, around or {})
            walk = turn.walk
            way.facts += turn.facts
            match turn.act:
                case Answer():
                    came = Answered()
                case Say():
                    way.heard.append("".join(map(_text, turn.act.sounds)))
                    key = next(left, None) if is_hasty and turn.act.keys else None
                    came = Played() if key is None else KeyCame(key=key)
                case Listen():
                    key = next(left, None)
                    came = NoKeyCame() if key is None else KeyCame(key=key)
                case Ask():
                    came = self._asked(turn.act.question, str(walk.call_id))
                case Record():
                    came = MessageTaken(length_s=5 if speaks else 0)
                case Queue() | HangUp() | LetGo():
                    way.ended, came = turn.act, None
                case LeaveLine() | Stay():
                    raise AssertionError("the call is over where it waits")
        return way

    def _keys(self, keys: str) -> Iterator[str]:
        for key in keys:
            if key == "C":
                yield from self.desk.world.texts[-1].text[9:15]
            else:
                yield key

    def _asked(self, question: Question, call: str) -> Found | NotFound | AskFailed:
        if not self.is_answering:
            return AskFailed(detail="utility: no answer")
        takes: Mapping[str, ArgumentType] = {"to": ArgumentType.TEXT}
        gives: Mapping[str, FieldType] = {}
        path = "/sms"
        match question.kind:
            case QuestionKind.LOOK_UP:
                one = ASKED.look_ups[question.name]
                path, takes, gives = f"/look-ups/{one.asks}", one.takes, one.gives
            case QuestionKind.ORDER:
                kind = ASKED.orders[question.name]
                path, takes, gives = f"/orders/{kind.code}", kind.takes, kind.answers
            case QuestionKind.SMS:
                self.desk.answer(
                    "POST", "/sms", {"arguments": dict(question.arguments)}
                )
                return Found()
        missing = set(question.arguments) - set(takes)
        assert not missing, f"{question.name} takes no {missing}"
        body = {
            "call_id": call,
            "arguments": dict(arguments_of(question.arguments, takes)),
        }
        answer = self.desk.answer("POST", path, body).told
        if not answer.get("found"):
            return NotFound()
        return Found(values=values_of(answer["values"], gives))


def _text(heard: Heard) -> str:
    match heard:
        case Spoken():
            return heard.text
        case Either():
            return "".join(one.text for one in heard.otherwise)
        case _:
            return f"[{heard.name}]"

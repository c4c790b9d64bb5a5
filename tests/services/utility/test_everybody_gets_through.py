"""The flows that are shipped: a person is one key away, and no persona gets lost."""

import re
from dataclasses import replace

import pytest

from acd.vocabulary.ids import CallId
from ivr.flow import Flow
from ivr.flow_set import FlowSet
from ivr.machine import take
from ivr.sounds import Language
from ivr.steps import (
    AskingStep,
    LookUpStep,
    RecordStep,
    SmsStep,
    SubFlowStep,
    prompts_of,
)
from ivr.turns import (
    Act,
    Answered,
    Ask,
    Begun,
    HangUp,
    Input,
    KeyCame,
    Listen,
    MessageTaken,
    NoKeyCame,
    Played,
    Queue,
    Record,
    Say,
)
from ivr.walk import fresh_walk
from services.flows.cases import Case, load_cases
from tests.services.utility.hotline import DIALPLANS, FLOWS, NOON, Hotline

WAITING = [
    (name, step, language)
    for name, flow in FLOWS.flows.items()
    for step, what in flow.steps.items()
    if isinstance(what, AskingStep | RecordStep | LookUpStep)
    for language in sorted({flow.language, *flow.languages})
]
PERSONAS = [
    case
    for case in load_cases(DIALPLANS / "flows", FLOWS)
    if case.source.file.endswith("personas.yaml")
]
NUMBER = re.compile(r"[0-9]{3,}")


@pytest.mark.parametrize(("flow", "step", "language"), WAITING)
def test_key_0_reaches_a_person_wherever_a_caller_is_waited_for(
    flow: str, step: str, language: Language
) -> None:
    assert isinstance(end_by_key_0(flow, step, language), Queue)


def end_by_key_0(flow: str, step: str, language: Language) -> Act:
    """Return where a caller comes to who is at a step and presses nothing but 0."""
    begun = FLOWS.flows[flow].model_copy(update={"entry": step})
    first = begun if begun.has_person else walked_by(flow)
    flows = FlowSet(
        flows={**FLOWS.flows, flow: begun, first.name: first}, numbers=FLOWS.numbers
    )
    walk = replace(fresh_walk(first, CallId("call-1")), language=language)
    turn = take(flows, walk, Begun(), NOON)
    for _ in range(10):
        came: Input = Answered()
        match turn.act:
            case Say():
                came = Played()
            case Listen():
                # The first digit of a number is one as well, until no other comes.
                came = NoKeyCame() if turn.walk.typed.text else KeyCame(key="0")
            case Record():
                came = MessageTaken(length_s=0, key="0")
            case Ask(keys=keys):
                assert keys == "0"
                came = KeyCame(key="0")
            case Queue() | HangUp():
                return turn.act
            case _:
                pass
        turn = take(flows, turn.walk, came, NOON)
    raise AssertionError(turn.act)


def walked_by(flow: str) -> Flow:
    """Return a flow with a person of its own, beginning where it walks another."""
    return next(
        walker.model_copy(update={"entry": step})
        for walker in FLOWS.flows.values()
        if walker.has_person
        for step, what in walker.steps.items()
        if isinstance(what, SubFlowStep) and what.flow == flow
    )


def test_no_prompt_sends_the_caller_to_another_number() -> None:
    told = [
        (name, step, text)
        for name, flow in FLOWS.flows.items()
        for step, what in flow.steps.items()
        for prompt in [
            *prompts_of(what).values(),
            *([what.sms] if isinstance(what, SmsStep) else []),
        ]
        for text in prompt.texts().values()
        if NUMBER.search(text)
    ]

    assert told == []


@pytest.mark.parametrize("case", PERSONAS, ids=lambda it: it.name)
def test_a_persona_ends_with_the_simulated_utility_as_in_the_case(case: Case) -> None:
    written = case.written

    keys = written.keys.replace(" ", "")
    way = Hotline().call(written.number, written.caller, keys)

    ended = f"queue {way.queue}" if isinstance(way.ended, Queue) else "hang up"
    assert ended == written.ends
    assert [it for it in written.hears if it not in way.said] == []


def test_every_persona_has_a_case() -> None:
    assert {it.name[:3] for it in PERSONAS} == {f"P{nth:02d}" for nth in range(1, 16)}

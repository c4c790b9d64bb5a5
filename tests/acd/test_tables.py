"""Every state meets every fact: what is in the table moves, the rest is refused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

import pytest

from acd.core.agents import Agent
from acd.core.calls import Call
from acd.core.turn import Turn
from acd.vocabulary.errors import IllegalTransition
from acd.vocabulary.facts import ALL_FACTS, Fact
from acd.vocabulary.states import AgentState, CallState
from acd.vocabulary.transitions import AGENT_TRANSITIONS, CALL_TRANSITIONS
from tests.support.builders import ALICE, YZ, an_agent, at, call_id, caller_leg

S = TypeVar("S", bound=StrEnum)


def a_call(state: CallState) -> Call:
    return Call(
        call_id=call_id(1),
        leg_id=caller_leg(1),
        place=YZ,
        number="6000",
        caller_number="1",
        caller_name="",
        sip_call_id="",
        arrived_at=at(0),
        state=state,
    )


@pytest.mark.parametrize("state", AgentState)
@pytest.mark.parametrize("fact", ALL_FACTS, ids=lambda kind: kind.__name__)
def test_an_agents_state_moves_by_the_table_or_not_at_all(
    state: AgentState, fact: type[Fact]
) -> None:
    agent = Agent(an_agent(ALICE, "fault"))
    agent.state = state
    turn = Turn(at(0))

    if fact in AGENT_TRANSITIONS[state]:
        agent.take(turn, fact)
        assert agent.state is AGENT_TRANSITIONS[state][fact]
    else:
        with pytest.raises(IllegalTransition) as refused:
            agent.take(turn, fact)
        assert agent.state is state
        assert turn.facts == []
        assert str(refused.value).startswith(
            f"agent 'alice' is {state.value}, which has no place for {fact.__name__}; "
            "it takes "
        )


@pytest.mark.parametrize("state", CallState)
@pytest.mark.parametrize("fact", ALL_FACTS, ids=lambda kind: kind.__name__)
def test_a_calls_state_moves_by_the_table_or_not_at_all(
    state: CallState, fact: type[Fact]
) -> None:
    call = a_call(state)

    if fact in CALL_TRANSITIONS[state]:
        call.take(fact)
        assert call.state is CALL_TRANSITIONS[state][fact]
    else:
        with pytest.raises(IllegalTransition):
            call.take(fact)
        assert call.state is state


def reached(table: Mapping[S, Mapping[type[Fact], S]], start: S) -> set[S]:
    found, front = {start}, [start]
    while front:
        for state in table[front.pop()].values():
            if state not in found:
                found.add(state)
                front.append(state)
    return found


def test_every_state_can_be_reached() -> None:
    assert reached(AGENT_TRANSITIONS, AgentState.SIGNED_OUT) == set(AgentState)
    assert reached(CALL_TRANSITIONS, CallState.IN_FLOW) == set(CallState)

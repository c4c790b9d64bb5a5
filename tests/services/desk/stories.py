"""Days of one agent, told to the engine, and what a desk is sent of them."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    DeviceChosen,
    WrapUpDone,
)
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import LegRang
from services.live.board import Board
from services.live.fan_out import FanOut
from services.live.reach import Reach
from services.runtime.desk.build import TRACES
from services.runtime.live_view import LiveView
from tests.support.builders import (
    ALICE,
    Desk,
    arrived,
    at,
    caller_leg,
    hung_up,
    queued,
)

Step = dict[str, Any]
Tell = Callable[[float], None]
Story = Callable[[Desk], Iterator[float]]
"""Tells the engine what happens, and yields when: a desk reads at each."""

OWN = Reach(agent_id=ALICE, shows_numbers=True)


def a_call_is_answered_and_wrapped_up(desk: Desk) -> Iterator[float]:
    """Ready, rung, talking, a break wished for, wrap-up finished, and the break."""
    desk.tell(AgentSignedIn(at=at(0), agent_id=ALICE))
    yield 0
    desk.tell(AgentReady(at=at(1), agent_id=ALICE))
    yield 1
    desk.tell(arrived(1, 2), queued(1, 3))
    leg = desk.offered_leg(1)
    yield 3
    desk.tell(LegRang(at=at(4), leg_id=leg))
    yield 4
    desk.talk(1, 6)
    yield 6
    desk.tell(AgentNotReady(at=at(20), agent_id=ALICE, reason="break"))
    yield 20
    desk.tell(hung_up(caller_leg(1), 30), hung_up(LegId(leg), 30))
    yield 30
    desk.tell(WrapUpDone(at=at(42), agent_id=ALICE))
    yield 42


def she_chooses_her_page_and_signs_out(desk: Desk) -> Iterator[float]:
    """The page's telephone rings, until she signs out."""
    desk.ready(ALICE, seconds=0)
    yield 0
    desk.tell(DeviceChosen(at=at(2), agent_id=ALICE, is_on_page=True))
    yield 2
    desk.tell(AgentSignedOut(at=at(9), agent_id=ALICE))
    yield 9


def she_lets_it_ring(desk: Desk) -> Iterator[float]:
    """RONA: the call goes elsewhere, and she is not ready."""
    desk.ready(ALICE, seconds=0)
    yield 0
    desk.tell(arrived(1, 2), queued(1, 3))
    yield 3
    desk.tick(18)
    yield 18
    desk.tell(AgentReady(at=at(25), agent_id=ALICE))
    yield 25


def the_caller_gives_up_while_it_rings(desk: Desk) -> Iterator[float]:
    """The offer is withdrawn, and she is ready as before."""
    desk.ready(ALICE, seconds=0)
    yield 0
    desk.tell(arrived(1, 2), queued(1, 3))
    yield 3
    desk.tell(hung_up(caller_leg(1), 8))
    yield 8


def she_wants_to_leave_and_stays(desk: Desk) -> Iterator[float]:
    """A sign-out waits for the call's end, is taken back, and comes in wrap-up."""
    desk.ready(ALICE, seconds=0)
    desk.tell(arrived(1, 2), queued(1, 3))
    leg = desk.talk(1, 5)
    yield 5
    desk.tell(AgentSignedOut(at=at(9), agent_id=ALICE))
    yield 9
    desk.tell(AgentReady(at=at(12), agent_id=ALICE))
    yield 12
    desk.tell(hung_up(caller_leg(1), 20), hung_up(leg, 20))
    yield 20
    desk.tell(AgentSignedOut(at=at(25), agent_id=ALICE))
    yield 25


def wrap_up_ends_by_its_limit(desk: Desk) -> Iterator[float]:
    """Thirty seconds later the next call rings."""
    desk.ready(ALICE, seconds=0)
    desk.tell(arrived(1, 2), queued(1, 3))
    leg = desk.talk(1, 5)
    desk.tell(hung_up(caller_leg(1), 20), hung_up(leg, 20))
    yield 20
    desk.tell(arrived(2, 30), queued(2, 31))
    yield 31
    desk.tick(50)
    yield 50


STORIES: tuple[Story, ...] = (
    a_call_is_answered_and_wrapped_up,
    she_chooses_her_page_and_signs_out,
    she_lets_it_ring,
    the_caller_gives_up_while_it_rings,
    she_wants_to_leave_and_stays,
    wrap_up_ends_by_its_limit,
)


def recorded(story: Story) -> dict[str, Any]:
    """Return what a desk is sent of a story, and what is so after each message."""
    desk = Desk()
    seconds = 0.0
    view = LiveView(desk.engine.floor, now=lambda: at(seconds))
    fan_out = FanOut(view)
    subscriber = fan_out.subscribe(OWN)
    taken = len(desk.facts)
    steps: list[Step] = []

    def read() -> None:
        while (text := subscriber.next_text()) is not None:
            message = json.loads(text)
            if message["kind"] == "snapshot":
                message["stream"] = "recorded"
            steps.append({"message": message})

    read()
    for seconds in story(desk):  # noqa: B007 - the view's clock
        fan_out.take(desk.facts[taken:])
        taken = len(desk.facts)
        fan_out._spread(1)
        read()
        steps[-1]["then"] = so_it_is(fan_out)
    return {"story": (story.__doc__ or "").strip(), "steps": steps}


def so_it_is(fan_out: FanOut) -> Mapping[str, Any]:
    """Return the truth: what a reader who comes now is told."""
    stream = fan_out.subscribe(OWN)
    stream.stream._snapshot = None
    board = Board()
    while (text := stream.next_text()) is not None:
        board.take(json.loads(text))
    return {"agents": board.agents, "calls": board.calls}


def as_text(told: Mapping[str, Any]) -> str:
    return f"{json.dumps(told, indent=1, ensure_ascii=False)}\n"


def write() -> None:
    """Record all stories anew, for when facts or snapshots are told otherwise."""
    TRACES.mkdir(exist_ok=True)
    for story in STORIES:
        path = TRACES / f"{story.__name__}.json"
        path.write_text(as_text(recorded(story)), encoding="utf-8")
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    write()

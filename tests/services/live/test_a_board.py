"""A board carried on by facts shows what a new snapshot would, whatever happens."""

import json

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from acd.vocabulary.facts import ALL_FACTS
from services.live.board import Board, GapFound
from services.live.fan_out import FanOut
from services.live.reach import Reach
from services.live.shown import SHOWN, WITHHELD
from services.live.subscriber import Subscriber
from services.runtime.live_view import LiveView
from tests.acd.test_invariants import Floor
from tests.support.builders import ALICE, YZ, at

ALL = Reach(shows_numbers=True)
PROVINCE = Reach(province=YZ.province)
OWN = Reach(agent_id=ALICE, shows_numbers=True)


def read(subscriber: Subscriber, board: Board) -> Board:
    while (text := subscriber.next_text()) is not None:
        board.take(json.loads(text))
    return board


def shown(board: Board) -> tuple[object, ...]:
    return board.agents, board.queues(), board.calls


class Watched(Floor):
    """The bad day, with three who watch it from its beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.watch()

    def watch(self) -> None:
        """Begin to watch the engine that runs now."""
        self.watched = self.engine
        view = LiveView(self.engine.floor, now=lambda: at(self.now))
        self.fan_out = FanOut(view)
        self.fan_out._learn()
        self.taken = len(self.said)
        self.watchers = {
            reach: (self.fan_out.subscribe(reach), Board())
            for reach in (ALL, PROVINCE, OWN)
        }

    @invariant()
    def each_board_is_as_a_new_snapshot(self) -> None:
        if self.engine is not self.watched:
            # The process was another, and with it all streams.
            self.watch()
        self.fan_out.take(self.said[self.taken :])
        self.taken = len(self.said)
        for reach, (subscriber, board) in self.watchers.items():
            self.fan_out._spread(1)
            carried_on = shown(read(subscriber, board))
            # One who comes now, to a stream that makes its snapshot now.
            subscriber.stream._snapshot = None
            fresh = shown(read(self.fan_out.subscribe(reach), Board()))
            assert carried_on == fresh, reach


TestWatched = Watched.TestCase
TestWatched.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_every_fact_is_shown_or_withheld_for_a_reason() -> None:
    assert set(ALL_FACTS) == SHOWN | WITHHELD.keys()
    assert not SHOWN & WITHHELD.keys()
    assert all(WITHHELD.values())


def test_a_board_refuses_a_fact_that_does_not_follow() -> None:
    board = Board()
    empty: dict[str, list[object]] = {"agents": [], "queues": [], "calls": []}
    board.take(
        {"kind": "snapshot", "stream": "s", "seq": 7, "at": "", "part": 1, "parts": 1}
        | empty
    )

    with pytest.raises(GapFound, match="fact 8 is due, got 9; connect anew"):
        board.take({"kind": "facts", "facts": [{"seq": 9, "kind": "call_closed"}]})

"""Streams behind the switchboard: numbers, windows, slow readers, and what is kept."""

import json
from collections.abc import Iterator

import pytest

from acd.core.engine import Engine
from acd.vocabulary.agent_facts import AgentReady, AgentSignedIn
from acd.vocabulary.facts import ToldFact
from acd.vocabulary.flow_facts import KeyPressed
from services.live import fan_out as module
from services.live.board import Board
from services.live.errors import TooManyStreams
from services.live.fan_out import FanOut
from services.live.reach import Reach
from services.live.subscriber import Subscriber
from services.runtime.live_view import LiveView
from tests.support.builders import (
    ALICE,
    YZ,
    a_floor,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
    seen,
)

ALL = Reach(shows_numbers=True)


class Watched:
    """An engine whose turns are spread at once."""

    def __init__(self, *, window: int = 5000) -> None:
        self.engine = Engine(a_floor())
        self.fan_out = FanOut(
            LiveView(self.engine.floor, now=lambda: at(0)), window=window
        )
        self.tell(seen(-100))

    def tell(self, *facts: ToldFact) -> None:
        for fact in facts:
            self.fan_out.take(self.engine.apply(fact).facts)
        self.fan_out._spread(len(facts))


def texts(subscriber: Subscriber) -> Iterator[str]:
    while (text := subscriber.next_text()) is not None:
        yield text


def kinds(subscriber: Subscriber) -> list[str]:
    found: list[str] = []
    for text in texts(subscriber):
        told = json.loads(text)
        found += [fact["kind"] for fact in told.get("facts", [{"kind": "snapshot"}])]
    return found


def test_a_slow_reader_goes_on_from_a_snapshot_and_has_missed_nothing() -> None:
    watched = Watched(window=10)
    subscriber = watched.fan_out.subscribe(ALL)
    board = Board()
    board.take(json.loads(next(texts(subscriber))))

    watched.tell(*(arrived(n, n) for n in range(1, 12)))
    for text in texts(subscriber):
        board.take(json.loads(text))

    assert len(board.calls) == 11
    assert subscriber.times_behind == 1


def test_a_reader_at_the_edge_of_the_window_still_reads_facts() -> None:
    watched = Watched(window=10)
    subscriber = watched.fan_out.subscribe(ALL)
    list(texts(subscriber))

    watched.tell(*(arrived(n, n) for n in range(1, 11)))

    assert kinds(subscriber) == ["call_arrived"] * 10


def test_readers_of_one_reach_cost_one_snapshot_and_one_text() -> None:
    watched = Watched()
    readers = [watched.fan_out.subscribe(ALL) for _ in range(50)]
    for reader in readers:
        list(texts(reader))

    watched.tell(arrived(1, 1))
    said = [next(texts(reader)) for reader in readers]

    assert readers[0].stream.snapshots == 1
    assert all(text is said[0] for text in said)


def test_a_large_snapshot_comes_in_parts_that_are_small() -> None:
    watched = Watched()
    watched.tell(*(arrived(n, n) for n in range(1, 1001)))
    board = Board()

    parts = list(texts(watched.fan_out.subscribe(ALL)))
    for part in parts:
        assert not board.is_whole
        board.take(json.loads(part))

    assert len(parts) == 11
    assert max(map(len, parts)) < 64 * 1024
    assert board.is_whole
    assert len(board.calls) == 1000


def test_keys_of_a_caller_enter_no_stream() -> None:
    watched = Watched()
    watched.tell(arrived(1, 1))
    subscriber = watched.fan_out.subscribe(ALL)
    list(texts(subscriber))

    watched.tell(
        KeyPressed(
            at=at(2),
            call_id=call_id(1),
            flow="main",
            step="pin",
            key="7",
            nth=1,
            is_choice=False,
        )
    )

    assert kinds(subscriber) == []


def test_a_snapshot_of_the_switch_is_a_new_snapshot_for_everybody() -> None:
    watched = Watched()
    subscriber = watched.fan_out.subscribe(ALL)
    list(texts(subscriber))

    watched.tell(seen(5))

    assert kinds(subscriber) == ["snapshot"]


def test_turns_beyond_what_is_held_are_passed_over_and_a_snapshot_tells_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HELD_TURNS", 3)
    watched = Watched()
    subscriber = watched.fan_out.subscribe(ALL)
    list(texts(subscriber))

    for n in range(1, 6):
        watched.fan_out.take(watched.engine.apply(arrived(n, n)).facts)
    watched.fan_out._spread(100)
    board = Board()
    for text in texts(subscriber):
        board.take(json.loads(text))

    assert watched.fan_out.passed_over == 2
    assert len(board.calls) == 5


def test_there_are_only_so_many_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STREAMS", 2)
    watched = Watched()
    for province in ("YJ", "HL"):
        watched.fan_out.subscribe(Reach(province=province))

    with pytest.raises(TooManyStreams, match="2 different reaches are watched already"):
        watched.fan_out.subscribe(Reach(province="SD"))

    watched.fan_out.subscribe(Reach(province="HL"))
    assert watched.fan_out.subscribers == 3


async def test_a_stream_that_nobody_reads_is_kept_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = Watched()
    watched.fan_out.leave(watched.fan_out.subscribe(ALL))

    watched.fan_out._drop_unread(module.LINGER_S)
    assert watched.fan_out.streams == 1
    watched.fan_out._drop_unread(0.0)
    assert watched.fan_out.streams == 0


def test_nothing_is_kept_of_calls_that_are_over() -> None:
    watched = Watched()
    watched.tell(
        AgentSignedIn(at=at(0), agent_id=ALICE), AgentReady(at=at(0), agent_id=ALICE)
    )
    for n in range(1, 101):
        watched.tell(arrived(n, n), queued(n, n))
        watched.tell(hung_up(caller_leg(n), n))

    assert watched.fan_out._with == {}
    assert watched.fan_out.tally.closed == {
        (YZ.province, "abandoned_ringing"): 100,
    }
    assert watched.fan_out.tally.offers_ended == {("withdrawn",): 100}

"""The one loop: order, refusals, alarms, and living through a journal again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest

from acd.core.engine import Engine
from acd.vocabulary.agent_facts import AgentReady, AgentSignedIn
from acd.vocabulary.decisions import (
    Decision,
    MirrorAgents,
    RingAgent,
    StopRinging,
)
from acd.vocabulary.errors import IllegalTransition
from acd.vocabulary.facts import Fact
from services.runtime import switchboard as module
from services.runtime.clock import Clock
from services.runtime.switchboard import Switchboard, replay
from services.store.segments import Entry, Origin, entry_for, entry_of, line_of
from tests.support.builders import ALICE, a_floor, arrived, at, kinds, queued, seen


class Book:
    """A journal in memory, in the journal's own lines."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def append(self, fact: Fact, origin: Origin) -> int:
        seq = len(self.entries) + 1
        entry = entry_of(line_of(entry_for(seq, origin, fact)).rstrip(b"\n"))
        assert isinstance(entry, Entry)
        self.entries.append(entry)
        return seq


@contextlib.asynccontextmanager
async def a_switchboard(
    now: Callable[[], datetime],
) -> AsyncIterator[tuple[Switchboard, Book, list[Decision]]]:
    book = Book()
    done: list[Decision] = []

    def offered(decision: Decision) -> None:
        # What the open queue is told comes beside each change of an agent's state.
        if not isinstance(decision, MirrorAgents):
            done.append(decision)

    board = Switchboard(Engine(a_floor()), book, carry_out=offered, now=now)
    running = asyncio.create_task(board.run())
    board.tell(seen(-10))
    yield board, book, done
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.005)


async def test_what_follows_from_a_fact_is_written_behind_it_and_carried_out() -> None:
    async with a_switchboard(lambda: at(2)) as (board, book, done):
        await board.ask(AgentSignedIn(at=at(0), agent_id=ALICE))
        await board.ask(AgentReady(at=at(0), agent_id=ALICE))
        board.tell(arrived(1, 1))
        board.tell(queued(1, 2))
        await until(lambda: done)

    assert kinds(done) == ["RingAgent"]
    assert [(e.origin.value, type(e.fact()).__name__) for e in book.entries[-5:]] == [
        ("told", "CallArrived"),
        ("told", "CallQueued"),
        ("established", "RoutingDecided"),
        ("established", "OfferStarted"),
        ("established", "AgentStateEntered"),
    ]


async def test_whoever_asks_learns_of_a_refusal_and_the_journal_keeps_it() -> None:
    async with a_switchboard(lambda: at(0)) as (board, book, _):
        with pytest.raises(IllegalTransition, match="which has no place for"):
            await board.ask(AgentReady(at=at(0), agent_id=ALICE))

    assert book.entries[-1].origin is Origin.REFUSED


async def test_a_deadline_is_met_without_any_news() -> None:
    clock = Clock()
    began = clock.now()

    def now() -> datetime:
        # Fifteen seconds of ringing pass in a fraction of one.
        return at((clock.now() - began).total_seconds() * 100)

    async with a_switchboard(now) as (board, _, done):
        await board.ask(AgentSignedIn(at=now(), agent_id=ALICE))
        await board.ask(AgentReady(at=now(), agent_id=ALICE))
        board.tell(arrived(1, 0))
        board.tell(queued(1, 0))
        await until(lambda: len(done) == 1)
        # The alarm itself was set in real seconds; let it ring early, as a timer may.
        board.tell(arrived(2, 20))
        await asyncio.sleep(0.2)
        board.tell(arrived(3, 30))
        await until(lambda: len(done) == 2)

    assert [type(d) for d in done] == [RingAgent, StopRinging]


async def test_an_engine_that_lives_through_the_journal_again_knows_the_same() -> None:
    async with a_switchboard(lambda: at(2)) as (board, book, done):
        await board.ask(AgentSignedIn(at=at(0), agent_id=ALICE))
        await board.ask(AgentReady(at=at(0), agent_id=ALICE))
        board.tell(arrived(1, 1))
        board.tell(queued(1, 2))
        await until(lambda: done)
    again = Engine(a_floor())

    taken = replay(again, book.entries)

    assert taken == 5
    assert again.floor.agents[ALICE].state is board.engine.floor.agents[ALICE].state
    assert again.floor.offers.keys() == board.engine.floor.offers.keys()
    assert again.next_deadline == board.engine.next_deadline


async def test_when_too_much_waits_wishes_are_refused_and_the_switch_seen_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_WISHES", 3)
    monkeypatch.setattr(module, "MOST_FACTS", 5)
    book, overruns = Book(), []
    board = Switchboard(
        Engine(a_floor()),
        book,
        carry_out=lambda _decision: None,
        now=lambda: at(0),
        overrun=lambda: overruns.append(1),
    )
    board.tell(seen(-10))
    for n in range(2):
        board.tell(arrived(n, n))
    with pytest.raises(TimeoutError, match="3 facts wait; the engine is behind"):
        await board.ask(AgentSignedIn(at=at(0), agent_id=ALICE))
    for n in range(2, 9):
        board.tell(arrived(n, n))
    running = asyncio.create_task(board.run())
    await until(lambda: len(book.entries) == 5)
    await board.ask(AgentSignedIn(at=at(9), agent_id=ALICE))
    running.cancel()

    assert overruns == [1]
    assert kinds(entry.fact() for entry in book.entries)[:5] == [
        "SwitchSeen",
        *["CallArrived"] * 4,
    ]

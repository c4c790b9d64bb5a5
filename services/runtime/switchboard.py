"""The one loop: every fact once, in order, and what comes of it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from acd.core.engine import Engine
from acd.core.turn import Outcome
from acd.vocabulary.decisions import Decision
from acd.vocabulary.errors import AcdError
from acd.vocabulary.facts import (
    AgentWish,
    ControlWish,
    EstimateFact,
    Fact,
    ToldFact,
)
from acd.vocabulary.flow_facts import LeaveAsked
from services.store.segments import Entry, Origin

log = structlog.get_logger()

ROUND = 200
"""Facts taken in before the loop lets others have their turn: some 20 ms."""

MOST_WISHES = 5000
"""With so many facts waiting no further wish is taken: a person would wait too long."""
MOST_FACTS = 50_000
"""With so many waiting the link to the switch is given up: another one and a look at
what is there now are quicker than all that has been told."""


class Book(Protocol):
    """Where every fact is written: the journal."""

    def append(self, fact: Fact, origin: Origin) -> int:
        """Take in a fact at once; never raise, never wait."""


class Switchboard:
    """Takes facts from all edges, lets the engine decide, hands on what follows."""

    def __init__(
        self,
        engine: Engine,
        book: Book,
        *,
        carry_out: Callable[[Decision], None],
        now: Callable[[], datetime],
        listen: Callable[[Sequence[Fact]], None] = lambda _facts: None,
        overrun: Callable[[], None] = lambda: None,
    ) -> None:
        """Join the engine with its surroundings.

        Args:
            engine: Decides.
            book: Keeps.
            carry_out: Begins to carry out a decision and returns at once.
            now: The engine's time.
            listen: Takes the facts of each turn and returns at once.
            overrun: Called when facts are dropped, since too many wait: see that what
                they told is seen by another way.
        """
        self.engine = engine
        self._book = book
        self._carry_out = carry_out
        self._now = now
        self._listen = listen
        self._overrun = overrun
        self._is_overrun = False
        self.refused = 0
        """Facts that were refused so far."""
        self._facts: deque[tuple[ToldFact, asyncio.Future[None] | None]] = deque()
        self._wake = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at: datetime | None = None
        self._turns: list[asyncio.Future[None]] = []

    def tell(self, fact: ToldFact) -> None:
        """Hand in a fact; it is taken in after those before it.

        Beyond ``MOST_FACTS`` it is dropped, and ``overrun`` is called once.
        """
        if len(self._facts) < MOST_FACTS:
            self._is_overrun = False
            self._facts.append((fact, None))
        elif not self._is_overrun:
            self._is_overrun = True
            log.error("facts_overrun", waiting=len(self._facts))
            self._overrun()
        self._wake.set()

    async def ask(
        self, wish: AgentWish | ControlWish | EstimateFact | LeaveAsked
    ) -> None:
        """Hand in a wish and wait until it was taken in.

        Raises:
            AcdError: It was refused; nothing changed.
            TimeoutError: ``MOST_WISHES`` wait already; it was not handed in.
        """
        if len(self._facts) >= MOST_WISHES:
            msg = f"{len(self._facts)} facts wait; the engine is behind"
            raise TimeoutError(msg)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._facts.append((wish, answer))
        self._wake.set()
        await answer

    async def turned(self) -> None:
        """Return when the loop has come round: it lives, and takes in facts."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        self._wake.set()
        await turn

    async def run(self) -> None:
        """Take in facts for ever.

        An error that is not a refusal is a fault of ours: it ends the loop, and with
        it the process. The fact that brought it about is not in the journal yet, so
        the next process comes up without it and asks the switch how things are.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._facts:
                for _ in range(min(ROUND, len(self._facts))):
                    fact, answer = self._facts.popleft()
                    try:
                        self._take(fact, answer)
                    except Exception:
                        # The loop ends here; whoever asked must not wait for ever.
                        if answer is not None:
                            answer.cancel()
                        raise
                await asyncio.sleep(0)
            self._tick_when_due()
            turns, self._turns = self._turns, []
            for turn in turns:
                if not turn.done():
                    turn.set_result(None)

    def _take(self, fact: ToldFact, answer: asyncio.Future[None] | None) -> None:
        try:
            outcome = self.engine.apply(fact)
        except AcdError as refused:
            self.refused += 1
            self._book.append(fact, Origin.REFUSED)
            if answer is not None and not answer.done():
                answer.set_exception(refused)
            else:
                log.warning(
                    "fact_refused", fact=type(fact).__name__, reason=str(refused)
                )
            return
        self._follow(outcome)
        if answer is not None and not answer.done():
            answer.set_result(None)

    def _follow(self, outcome: Outcome) -> None:
        origin = Origin.TOLD
        for fact in outcome.facts:
            self._book.append(fact, origin)
            origin = Origin.ESTABLISHED
        if outcome.facts:
            self._listen(outcome.facts)
        for decision in outcome.decisions:
            self._carry_out(decision)

    def _tick_when_due(self) -> None:
        while (due_at := self.engine.next_deadline) is not None:
            now = self._now()
            if due_at > now:
                self._set_alarm(due_at, now)
                return
            self._follow(self.engine.tick(now))

    def _set_alarm(self, due_at: datetime, now: datetime) -> None:
        if self._alarm is not None:
            if self._alarm_at is not None and self._alarm_at <= due_at:
                return
            self._alarm.cancel()
        self._alarm_at = due_at
        self._alarm = asyncio.get_running_loop().call_later(
            (due_at - now).total_seconds(), self._ring
        )

    def _ring(self) -> None:
        self._alarm = self._alarm_at = None
        self._wake.set()


def replay(engine: Engine, entries: Iterable[Entry]) -> int:
    """Let an engine live through a journal again; its decisions are not carried out.

    Args:
        engine: As it was where the entries begin.
        entries: In order; what the engine itself established comes of itself.

    Returns:
        How many facts were taken in. What names a queue or an agent that the floor
        no longer has is passed over, and told in the log.
    """
    taken = 0
    for entry in entries:
        if entry.origin is not Origin.TOLD:
            continue
        fact = entry.fact()
        if not isinstance(fact, ToldFact):
            raise TypeError(f"entry {entry.seq}: {type(fact).__name__} is never told")
        try:
            engine.apply(fact)
        except AcdError as refused:
            log.warning("replay_passed_over", seq=entry.seq, reason=str(refused))
        else:
            taken += 1
    return taken

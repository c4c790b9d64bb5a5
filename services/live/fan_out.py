"""From one row of facts to many streams, behind the switchboard and at its own pace."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NoReturn

import structlog

from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import AgentId, CallId
from acd.vocabulary.offer_facts import (
    CallClosed,
    OfferDeclined,
    OfferFailed,
    OfferStarted,
    OfferTimedOut,
    OfferWithdrawn,
)
from services.live.errors import TooManyStreams
from services.live.picture import Floor, Picture
from services.live.reach import Reach
from services.live.shown import SHOWN, UNTOLD
from services.live.stream import WINDOW_FACTS, Stream
from services.live.subscriber import Subscriber
from services.live.tally import Tally
from services.live.wording import fact_text, is_personal

log = structlog.get_logger()

HELD_TURNS = 50_000
"""Turns of the switchboard that wait to be spread; more are passed over, and every
stream begins anew with a snapshot."""
MOST_STREAMS = 3000
"""Reaches watched at once: one for each agent of a large floor, and some for places."""
LINGER_S = 60.0
"""How long a stream that nobody reads is kept, so that it can be resumed."""
_ROUND_TURNS = 500
_EVERY_S = 0.05
"""Facts of so short a time go out together."""
_UNWATCHED_EVERY_S = 0.5


class FanOut:
    """Takes the facts of each turn and spreads them over the streams they are for."""

    def __init__(self, floor: Floor, *, window: int = WINDOW_FACTS) -> None:
        """Begin with nobody watching.

        Args:
            floor: What snapshots are taken of.
            window: How many facts each stream keeps.
        """
        self.tally = Tally()
        self.passed_over = 0
        """Turns that came while too many waited."""
        self.times_behind = 0
        """How often a reader fell out of its window and was given a new snapshot."""
        self._floor = floor
        self._window = window
        self._turns: deque[Sequence[Fact]] = deque()
        self._has_gap = False
        self._wake = asyncio.Event()
        self._streams: dict[Reach, Stream] = {}
        self._of_places: dict[Reach, Stream] = {}
        self._of_agents: dict[AgentId, dict[Reach, Stream]] = {}
        self._grown: set[Stream] = set()
        self._readers: dict[Stream, set[Subscriber]] = {}
        self._left_at_s: dict[Stream, float] = {}
        self._with: dict[CallId, set[AgentId]] = {}
        """Whom each live call is with: who is rung for it, has it or had it."""

    @property
    def subscribers(self) -> int:
        """How many read."""
        return sum(map(len, self._readers.values()))

    @property
    def streams(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    def take(self, facts: Sequence[Fact]) -> None:
        """Take in the facts of one turn at once; never raise, never wait."""
        if len(self._turns) >= HELD_TURNS:
            self.passed_over += 1
            self._has_gap = True
            return
        self._turns.append(facts)
        if not self._wake.is_set():
            self._wake.set()

    async def run(self) -> NoReturn:
        """Spread what was taken in, for ever."""
        self._learn()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._turns or self._has_gap:
                self._spread(_ROUND_TURNS)
                # Calls go first.
                await asyncio.sleep(0)
            self._tell_readers()
            self._drop_unread(LINGER_S)
            await asyncio.sleep(_EVERY_S if self._readers else _UNWATCHED_EVERY_S)

    def subscribe(
        self, reach: Reach, *, stream: str = "", after: int | None = None
    ) -> Subscriber:
        """Begin to read, where it was left or with a snapshot.

        Args:
            reach: The rights.
            stream: Name of the stream that was read before.
            after: Number of the last fact that was read of it.

        Raises:
            TooManyStreams: Nobody has these rights yet and there is no room.
        """
        found = self._stream(reach)
        is_resumed = stream == found.name and after is not None and found.holds(after)
        subscriber = Subscriber(found, after=after if is_resumed else None)
        self._join(subscriber)
        return subscriber

    def move(self, subscriber: Subscriber, reach: Reach) -> None:
        """Let a reader go on with other rights, from a snapshot.

        Raises:
            TooManyStreams: As ``subscribe``; the reader reads on as before.
        """
        found = self._stream(reach)
        self._part(subscriber)
        subscriber.move(found)
        self._join(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a reader; again is harmless."""
        self.times_behind += subscriber.times_behind
        subscriber.times_behind = 0
        self._part(subscriber)

    def _stream(self, reach: Reach) -> Stream:
        found = self._streams.get(reach)
        if found is not None:
            return found
        if len(self._streams) >= MOST_STREAMS:
            self._drop_unread(0.0)
        if len(self._streams) >= MOST_STREAMS:
            raise TooManyStreams(MOST_STREAMS)
        found = Stream(reach, picture=lambda: self._picture(reach), window=self._window)
        self._streams[reach] = found
        if reach.agent_id is None:
            self._of_places[reach] = found
        else:
            self._of_agents.setdefault(reach.agent_id, {})[reach] = found
        return found

    def _join(self, subscriber: Subscriber) -> None:
        self._readers.setdefault(subscriber.stream, set()).add(subscriber)
        self._left_at_s.pop(subscriber.stream, None)
        subscriber.grown.set()

    def _part(self, subscriber: Subscriber) -> None:
        readers = self._readers.get(subscriber.stream, set())
        readers.discard(subscriber)
        if not readers and self._readers.pop(subscriber.stream, None) is not None:
            now_s = time.monotonic()
            self._left_at_s[subscriber.stream] = now_s

    def _spread(self, turns: int) -> None:
        for _ in range(min(turns, len(self._turns))):
            for fact in self._turns.popleft():
                self._spread_fact(fact)
        if self._has_gap and not self._turns:
            self._has_gap = False
            log.warning("facts_passed_over", turns=self.passed_over)
            self._begin_anew()

    def _spread_fact(self, fact: Fact) -> None:
        self.tally.count(fact)
        kind = type(fact)
        if kind in UNTOLD:
            self._begin_anew()
        elif self._streams and kind in SHOWN:
            self._add(fact)
        match fact:
            case OfferStarted():
                self._with.setdefault(fact.call_id, set()).add(fact.agent_id)
                self._reach_changed(fact.agent_id)
            case OfferTimedOut() | OfferDeclined() | OfferFailed() | OfferWithdrawn():
                self._with.get(fact.call_id, set()).discard(fact.agent_id)
                self._reach_changed(fact.agent_id)
            case CallClosed():
                self._with.pop(fact.call_id, None)
            case _:
                """The call stays with whom it was."""

    def _add(self, fact: Fact) -> None:
        whole = masked = ""
        for stream in self._streams_for(fact):
            # Most facts tell nothing of the caller, and then there is one text.
            if stream.reach.shows_numbers or not is_personal(fact):
                whole = whole or fact_text(fact, shows_numbers=True)
                stream.add(whole)
            else:
                masked = masked or fact_text(fact, shows_numbers=False)
                stream.add(masked)
            self._grown.add(stream)

    def _streams_for(self, fact: Fact) -> Iterator[Stream]:
        """Yield the streams whose rights cover a fact; no other ever gets it."""
        for reach, stream in self._of_places.items():
            if reach.covers(fact.place):
                yield stream
        if self._of_agents:
            for agent_id in self._agents_of(fact):
                yield from self._of_agents.get(agent_id, {}).values()

    def _agents_of(self, fact: Fact) -> set[AgentId]:
        agent_id: AgentId | None = getattr(fact, "agent_id", None)
        if agent_id is not None:
            return {agent_id}
        call_id: CallId | None = getattr(fact, "call_id", None)
        return self._with.get(call_id, set()) if call_id is not None else set()

    def _reach_changed(self, agent_id: AgentId) -> None:
        """Tell by a snapshot that a call came to an agent, or went from them."""
        for stream in self._of_agents.get(agent_id, {}).values():
            stream.begin_anew()
            self._grown.add(stream)

    def _begin_anew(self) -> None:
        self._learn()
        for stream in self._streams.values():
            stream.begin_anew()
            self._grown.add(stream)

    def _learn(self) -> None:
        """Learn from the floor whom each call is with."""
        calls = self._floor.picture().calls
        self._with = {
            call.call_id: {call.agent_id} for call in calls if call.agent_id is not None
        }

    def _picture(self, reach: Reach) -> Picture:
        """Return what a reach covers, with all that was taken in spread before."""
        if self._turns:
            self._spread(len(self._turns))
            self._wake.set()
        if reach.agent_id is None:
            picture = self._floor.picture()
            return replace(
                picture,
                agents=[a for a in picture.agents if reach.covers(a.place)],
                queues=[q for q in picture.queues if reach.covers(q.place)],
                calls=[c for c in picture.calls if reach.covers(c.place)],
            )
        agent_id = reach.agent_id
        calls = [call for call, agents in self._with.items() if agent_id in agents]
        return self._floor.picture_of(agent_id, calls)

    def _tell_readers(self) -> None:
        for stream in self._grown:
            for reader in self._readers.get(stream, ()):
                reader.grown.set()
        self._grown.clear()

    def _drop_unread(self, after_s: float) -> None:
        now_s = time.monotonic()
        for stream, left_at_s in list(self._left_at_s.items()):
            if now_s - left_at_s >= after_s:
                del self._left_at_s[stream]
                del self._streams[stream.reach]
                self._of_places.pop(stream.reach, None)
                if (agent_id := stream.reach.agent_id) is not None:
                    self._of_agents[agent_id].pop(stream.reach)
                    if not self._of_agents[agent_id]:
                        del self._of_agents[agent_id]

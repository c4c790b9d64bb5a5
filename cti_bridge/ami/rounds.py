"""Every live leg looked at again and again, against what the engine believes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn, Protocol

import structlog

from acd.vocabulary.facts import LegFact
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import LegChecked, LegEnded, LegEnding, LegSeen
from cti_bridge.ami import snapshot
from cti_bridge.ami.connection import Connection
from cti_bridge.ami.errors import ActionFailed, AmiError
from cti_bridge.ami.protocol import Message
from cti_bridge.ami.translate import Translator

log = structlog.get_logger(__name__)

_TURN: Final = 100
"""Legs looked at before the loop lets others have their turn: about 2 ms."""

_LIMIT_S: Final = 15.0
"""How long a list may take: thousands of legs, on a machine that has much to do."""


class Beliefs(Protocol):
    """What the engine believes of legs; ``acd.core.watch`` tells it."""

    def missing(self, present: Container[LegId], asked_at: datetime) -> list[LegId]:
        """Return the legs that should be there and are not among the present."""

    def is_odd(self, leg: LegSeen, asked_at: datetime) -> bool:
        """Tell whether a leg is not as it is believed to be."""

    def has(self, leg_id: LegId) -> bool:
        """Tell whether a leg is believed to live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often and how hard is looked."""

    every_s: float = 3.0
    settles_s: float = 1.0
    """What looks wrong is asked again after so long: its news may be under way."""
    share: float = 0.05
    """Of the time, how much a round may take of it; then they are fewer."""
    longest_s: float = 8.0
    """Rounds are never further apart, whatever they take."""
    suspects: int = 100
    """How many legs are asked of one by one in a round; the others in the next."""


class Rounds:
    """Looks, asks again where something is wrong, and tells what is so."""

    def __init__(
        self,
        beliefs: Beliefs,
        *,
        tell: Callable[[LegFact], None],
        translator: Translator,
        now: Callable[[], datetime],
        pace: Pace | None = None,
    ) -> None:
        """Join it with its surroundings.

        Args:
            beliefs: What the engine believes.
            tell: Takes each fact; must return at once.
            translator: Keeps the names of legs.
            now: The engine's time.
            pace: How often to look.
        """
        self.found: Counter[str] = Counter()
        """``rounds`` and ``legs`` looked at, ``suspects`` asked of, and what was put
        right: ``gone`` and ``changed``. ``failed``: rounds that came to nothing."""
        self._beliefs = beliefs
        self._tell = tell
        self._translator = translator
        self._now = now
        self._pace = pace or Pace()
        self._seen_at: datetime | None = None
        self._alive: dict[LegId, datetime | None] = {}
        self._nameless: set[LegId] = set()

    async def run(self, link: Connection) -> NoReturn:
        """Make rounds over a link until cancelled."""
        loop = asyncio.get_running_loop()
        pace = self._pace
        self._seen_at, self._alive = None, {}
        took_s = 0.0
        while True:
            wanted_s = max(pace.every_s, took_s / pace.share)
            await asyncio.sleep(min(wanted_s, pace.longest_s))
            began_s = loop.time()
            try:
                suspects = await self.look(link)
                took_s = loop.time() - began_s
                if suspects:
                    await asyncio.sleep(pace.settles_s)
                    await self._confirm(link, suspects)
            except AmiError as error:
                self.found["failed"] += 1
                log.warning("round_failed", reason=str(error))
            except Exception:
                # A round is not worth a call: the next may fare better.
                self.found["failed"] += 1
                log.exception("round_broken")

    async def look(self, link: Connection) -> list[LegId]:
        """Look at all legs once and return those that are not as believed.

        Raises:
            AmiError: Asterisk did not tell.
        """
        asked_at = self._now()
        items = await link.ask("CoreShowChannels", limit_s=_LIMIT_S)
        names: dict[LegId, str] = {}
        odd: list[LegId] = []
        for number, item in enumerate(items, start=1):
            if number % _TURN == 0:
                await asyncio.sleep(0)
            if item.is_doubtful or not item["Channel"].startswith(snapshot.DEVICES):
                continue
            leg = snapshot.leg_listed(item)
            names[leg.leg_id] = item["Channel"]
            if self._beliefs.is_odd(leg, asked_at):
                odd.append(leg.leg_id)
        missing = self._beliefs.missing(names, asked_at)
        self._alive = {leg: self._alive.get(leg, self._seen_at) for leg in missing}
        self._seen_at = asked_at
        self._learn(names)
        self.found.update(rounds=1, legs=len(names))
        return missing + odd

    def _learn(self, names: dict[LegId, str]) -> None:
        """Keep the names of what lives, and none of what was away twice."""
        away = self._translator.names.keys() - names.keys()
        for leg_id in away & self._nameless:
            self._translator.forget(leg_id)
        self._nameless = away
        self._translator.names.update(names)

    async def _confirm(self, link: Connection, suspects: list[LegId]) -> None:
        for leg_id in suspects[: self._pace.suspects]:
            self.found["suspects"] += 1
            await self.ask_of(link, leg_id, alive_at=self._alive.get(leg_id))

    async def ask_of(
        self,
        link: Connection,
        leg_id: LegId,
        *,
        ending: LegEnding = LegEnding.LOST,
        alive_at: datetime | None = None,
    ) -> None:
        """Ask Asterisk of one leg, and tell what is so if it is not believed.

        Args:
            link: To ask over.
            leg_id: The leg.
            ending: What it means when Asterisk does not know it.
            alive_at: The last proof that it lived; None where there is none.

        Raises:
            AmiError: Asterisk did not tell.
        """
        asked_at = self._now()
        fields = {"Channel": leg_id, "Variables": snapshot.VARIABLES}
        try:
            items = await link.ask("Status", fields)
        except ActionFailed:
            self._gone(leg_id, ending, alive_at)
        else:
            self._there(items, asked_at)

    def _gone(
        self, leg_id: LegId, ending: LegEnding, alive_at: datetime | None
    ) -> None:
        self._translator.forget(leg_id)
        if not self._beliefs.has(leg_id):
            return  # its own news came meanwhile
        self.found["gone"] += 1
        log.warning("leg_gone_unheard", leg_id=leg_id, ending=ending)
        self._tell(
            LegEnded(at=self._now(), leg_id=leg_id, ending=ending, alive_at=alive_at)
        )

    def _there(self, items: Iterable[Message], asked_at: datetime) -> None:
        believed = [item for item in items if not item.is_doubtful]
        for item, leg in zip(believed, snapshot.legs_seen(believed), strict=True):
            if not self._beliefs.is_odd(leg, asked_at):
                continue
            self.found["changed"] += 1
            log.warning("leg_changed_unheard", leg_id=leg.leg_id, role=leg.role)
            # Whoever missed that a leg came to wait has no name to join it by.
            self._translator.names[leg.leg_id] = item["Channel"]
            self._tell(LegChecked(at=self._now(), taken_at=asked_at, leg=leg))

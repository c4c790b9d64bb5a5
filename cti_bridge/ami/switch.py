"""Asterisk as the engine sees it: facts out, decisions in, one link at a time."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, NoReturn

import structlog

from acd.vocabulary.facts import LegFact
from acd.vocabulary.leg_facts import SwitchLost
from cti_bridge.ami import snapshot
from cti_bridge.ami.carry_out import CarryOut
from cti_bridge.ami.connection import Account, Connection, Limits
from cti_bridge.ami.errors import AmiError
from cti_bridge.ami.heartbeat import Heartbeat
from cti_bridge.ami.protocol import Message
from cti_bridge.ami.reconnect import keep_connected
from cti_bridge.ami.rounds import Beliefs, Pace, Rounds
from cti_bridge.ami.translate import Doubt, Translator

log = structlog.get_logger(__name__)

_LED_AWAY_S: Final = 0.1
"""A caller who found the heartbeat old says so within milliseconds."""


async def _at_once() -> None:
    """Decide on nothing."""


class Switch:
    """Keeps the link, tells what Asterisk says, asks what the engine decides."""

    def __init__(
        self,
        account: Account,
        *,
        tell: Callable[[LegFact], None],
        beliefs: Beliefs,
        now: Callable[[], datetime],
        decides: Callable[[], Awaitable[None]] | None = None,
        is_recording: bool = True,
        limits: Limits | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Join it with its surroundings.

        Args:
            account: Where Asterisk's manager listens, and who we are there.
            tell: Takes each fact; must return at once.
            beliefs: What the engine believes of legs.
            now: The engine's time.
            decides: Returns when all that was told by now was decided on.
            is_recording: Whether offers begin a recording.
            limits: How long and how much to wait for.
            pace: How often every leg is looked at.
        """
        self._account = account
        self._tell = tell
        self._now = now
        self._limits = limits
        self.translator = Translator()
        self.carry_out = CarryOut(
            tell=tell,
            channel=self.translator.channel,
            now=now,
            is_recording=is_recording,
        )
        """Begins a decision at once; never raises."""
        self.rounds = Rounds(
            beliefs, tell=tell, translator=self.translator, now=now, pace=pace
        )
        """Looks at what lives, for what was not heard of it."""
        self._asking: set[asyncio.Task[None]] = set()
        self._walking: asyncio.Task[NoReturn] | None = None
        self._decides = decides or _at_once
        self._heartbeat: Heartbeat | None = None
        self._pulsing: Connection | None = None
        """The link that the heartbeat goes over: also while the snapshot is taken."""

    @property
    def link(self) -> Connection | None:
        """The live link, None while there is none."""
        return self.carry_out.link

    async def run(self) -> NoReturn:
        """Keep the link for ever.

        Raises:
            LoginRefused, AccountOverpowered: At the first link; the operator's to mend.
        """
        self._heartbeat = Heartbeat(
            link=lambda: self._pulsing, decides=self._decides, fence=self._fence
        )
        self._heartbeat.start()
        try:
            await keep_connected(
                self._account,
                sink=self._take,
                up=self._up,
                down=self._down,
                # Spreads reconnects; guards nothing.
                random=random.random,
                nonce=lambda: secrets.token_hex(8),
                limits=self._limits,
            )
        finally:
            self._heartbeat.stop()

    def _fence(self, reason: str) -> None:
        """Do nothing more over this link: another one, and a look first."""
        link = self._pulsing
        if link is not None:
            log.warning("switch_to_be_seen_again", reason=reason)
            link.close()
            self._lose()

    async def _up(self, link: Connection) -> None:
        if self._heartbeat is not None:
            await self._heartbeat.first(link)
            self._pulsing = link
            # Who was being led away has come to the open queue by now.
            await asyncio.sleep(_LED_AWAY_S)
        seen, channels = await snapshot.take(link, now=self._now)
        self.translator.begin(channels)
        self.carry_out.link = link
        log.info("switch_seen", boot_id=seen.boot_id, legs=len(seen.legs))
        # What Asterisk told meanwhile comes first: an end that was heard is no guess.
        link.release()
        self._tell(seen)
        self._walking = asyncio.create_task(self.rounds.run(link), name="rounds")

    def _down(self, error: AmiError) -> None:
        log.warning("switch_lost", reason=str(error))
        self._lose()

    def _lose(self) -> None:
        self._pulsing = None
        link, self.carry_out.link = self.carry_out.link, None
        if self._walking is not None:
            self._walking.cancel()
            self._walking = None
        if link is not None:
            now = self._now()
            alive_at = now - timedelta(seconds=link.silent_s)
            self._tell(SwitchLost(at=now, alive_at=alive_at))

    def _take(self, message: Message) -> None:
        told = self.translator.take(message, self._now())
        if message.is_doubtful:
            self._note_doubtful(message)
        for fact in told.facts:
            self._tell(fact)
        for doubt in told.doubts:
            task = asyncio.ensure_future(self._settle(doubt))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    def _note_doubtful(self, message: Message) -> None:
        """Say that a caller may be forging; his text itself is no log's business."""
        log.warning(
            "switch_message_doubted",
            event_name=message.event[:40],
            faults=sorted(message.faults),
            so_far=self.translator.passed_over["doubtful"],
        )

    async def _settle(self, doubt: Doubt) -> None:
        """Ask Asterisk of one leg, and tell what is so."""
        failing = self.translator.is_failing(doubt.leg_id)
        await asyncio.sleep(doubt.after_s)
        link = self.link
        if link is None or (failing and not self.translator.is_failing(doubt.leg_id)):
            return
        try:
            await self.rounds.ask_of(link, doubt.leg_id, ending=doubt.ending)
        except AmiError as error:
            # The next round tells.
            log.warning("leg_in_doubt", leg_id=doubt.leg_id, reason=str(error))

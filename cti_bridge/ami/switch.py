"""Asterisk as the engine sees it: facts out, decisions in, one link at a time."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

import structlog

from acd.vocabulary.facts import LegFact
from acd.vocabulary.leg_facts import LegEnded, SwitchLost
from cti_bridge.ami import snapshot
from cti_bridge.ami.carry_out import CarryOut
from cti_bridge.ami.connection import Account, Connection, Limits
from cti_bridge.ami.errors import ActionFailed, AmiError
from cti_bridge.ami.protocol import Message
from cti_bridge.ami.reconnect import keep_connected
from cti_bridge.ami.translate import Doubt, Translator

log = structlog.get_logger(__name__)


class Switch:
    """Keeps the link, tells what Asterisk says, asks what the engine decides."""

    def __init__(
        self,
        account: Account,
        *,
        tell: Callable[[LegFact], None],
        now: Callable[[], datetime],
        is_recording: bool = True,
        limits: Limits | None = None,
    ) -> None:
        """Join it with its surroundings.

        Args:
            account: Where Asterisk's manager listens, and who we are there.
            tell: Takes each fact; must return at once.
            now: The engine's time.
            is_recording: Whether offers begin a recording.
            limits: How long and how much to wait for.
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
        self._asking: set[asyncio.Task[None]] = set()

    @property
    def link(self) -> Connection | None:
        """The live link, None while there is none."""
        return self.carry_out.link

    async def run(self) -> NoReturn:
        """Keep the link for ever.

        Raises:
            LoginRefused, AccountOverpowered: At the first link; the operator's to mend.
        """
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

    async def _up(self, link: Connection) -> None:
        seen, channels = await snapshot.take(link, now=self._now)
        self.translator.begin(channels)
        self.carry_out.link = link
        log.info("switch_seen", boot_id=seen.boot_id, legs=len(seen.legs))
        self._tell(seen)

    def _down(self, error: AmiError) -> None:
        was_up, self.carry_out.link = self.carry_out.link is not None, None
        log.warning("switch_lost", reason=str(error))
        if was_up:
            self._tell(SwitchLost(at=self._now()))

    def _take(self, message: Message) -> None:
        told = self.translator.take(message, self._now())
        for fact in told.facts:
            self._tell(fact)
        for doubt in told.doubts:
            task = asyncio.ensure_future(self._settle(doubt))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _settle(self, doubt: Doubt) -> None:
        """Ask Asterisk of one leg, and tell what is so."""
        failing = self.translator.is_failing(doubt.leg_id)
        await asyncio.sleep(doubt.after_s)
        link = self.link
        if link is None or (failing and not self.translator.is_failing(doubt.leg_id)):
            return
        fields = {"Channel": doubt.leg_id, "Variables": snapshot.VARIABLES}
        try:
            items = await link.ask("Status", fields)
        except ActionFailed:
            self.translator.forget(doubt.leg_id)
            gone = LegEnded(at=self._now(), leg_id=doubt.leg_id, ending=doubt.ending)
            self._tell(gone)
        except AmiError as error:
            # The next snapshot tells.
            log.warning("leg_in_doubt", leg_id=doubt.leg_id, reason=str(error))
        else:
            for leg in snapshot.legs_seen(items):
                for fact in snapshot.facts_of(leg, at=self._now()):
                    self._tell(fact)

"""Keep one link to Asterisk's manager, for as long as we run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from cti_bridge.ami.connection import Account, Connection, Limits, Sink
from cti_bridge.ami.errors import AccountOverpowered, AmiError, LoginRefused

_FIRST_DELAY_S: Final = 0.2
_LAST_DELAY_S: Final = 1.0
"""Callers wait for it: Asterisk stands on this machine, and a try costs nothing."""
_STEADY_S: Final = 5.0
"""A link that lived so long did not fall at once."""


async def keep_connected(
    account: Account,
    *,
    sink: Sink,
    up: Callable[[Connection], Awaitable[None]],
    down: Callable[[AmiError], None],
    random: Callable[[], float],
    nonce: Callable[[], str],
    limits: Limits | None = None,
) -> NoReturn:
    """Keep one link to Asterisk for ever: when it is lost, make it anew.

    Args:
        account: Where and as whom.
        sink: Where events go.
        up: Called with each new link before its events flow: take the snapshot here.
            An AmiError out of it gives the link up.
        down: Told why, after each lost link and each try that failed.
        random: Gives 0 <= x < 1, so that many engines do not come back at once.
        nonce: Gives letters and digits that cannot be guessed, such as
            ``secrets.token_hex``.
        limits: How long and how much to wait for.

    Raises:
        LoginRefused, AccountOverpowered: At the first link only; the operator must
            see to it. Later they are told to ``down``, since calls are going on.
    """
    loop = asyncio.get_running_loop()
    epoch = 0
    ever_up = False
    delay_s = _FIRST_DELAY_S
    while True:
        epoch += 1
        began_at_s = loop.time()
        try:
            link = await Connection.open(
                account, epoch=epoch, nonce=nonce(), sink=sink, limits=limits
            )
            ever_up = True
            down(await _live(link, up))
        except (LoginRefused, AccountOverpowered) as error:
            if not ever_up:
                raise
            down(error)
        except AmiError as error:
            down(error)
        # One that falls at once is not asked again at once.
        if loop.time() - began_at_s > _STEADY_S:
            delay_s = _FIRST_DELAY_S
        await asyncio.sleep(delay_s * (0.5 + random() / 2))
        delay_s = min(delay_s * 2, _LAST_DELAY_S)


async def _live(
    link: Connection, up: Callable[[Connection], Awaitable[None]]
) -> AmiError:
    try:
        await up(link)
        link.release()
        return await link.lost()
    finally:
        link.close()

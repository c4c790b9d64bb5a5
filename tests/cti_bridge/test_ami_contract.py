"""What the small Asterisk of the tests says, the real one says too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cti_bridge.ami.connection import Account, Connection
from cti_bridge.ami.errors import ActionFailed, LoginRefused
from cti_bridge.ami.protocol import Message
from tests.support.fake_pbx import fake_pbx
from tests.support.real_pbx import real_pbx


@asynccontextmanager
async def the_small_one(data: Path) -> AsyncIterator[Account]:
    async with fake_pbx() as pbx:
        pbx.lists = {"CoreShowChannels": [], "BridgeList": []}
        yield pbx.peer


@pytest.mark.parametrize(
    "pbx",
    [
        pytest.param(the_small_one, id="small"),
        pytest.param(real_pbx, id="real", marks=pytest.mark.asterisk),
    ],
)
async def test_both_speak_alike(pbx, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # either of the two above
    seen: list[Message] = []
    async with pbx(tmp_path) as account:
        link = await Connection.open(
            account, epoch=1, nonce="0123456789abcdef", sink=seen.append
        )

        # Logging in proves that the engine's account holds no class too many.
        assert link.system_name
        assert link.asterisk_version.startswith("22.")
        assert await link.ask("CoreShowChannels") == []
        assert await link.ask("BridgeList") == []
        refused = await link.act("Hangup", {"Channel": "nobody"})
        assert (refused.response, refused["Message"]) == ("Error", "No such channel")
        with pytest.raises(ActionFailed, match="No such channel"):
            await link.ask("Status", {"Channel": "nobody"})
        assert (await link.act("Ping")).succeeded
        link.close()

        with pytest.raises(LoginRefused, match="Authentication failed; see manager"):
            await Connection.open(
                replace(account, secret="wrong"),
                epoch=2,
                nonce="0123456789abcdef",
                sink=seen.append,
            )

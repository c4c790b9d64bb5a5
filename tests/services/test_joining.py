"""How an agent's leg joins its caller, by the real dialplan alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cti_bridge.ami.connection import Connection
from cti_bridge.ami.protocol import Message
from services.phone.sipp import CallerPlan, Load, place_calls
from tests.services.test_led_away import flows_that_lead_to_the_queue
from tests.support.eventually import eventually
from tests.support.postgres import free_port
from tests.support.real_pbx import RealPbx, real_pbx

pytestmark = pytest.mark.asterisk

HOLD_MS = 20_000


class Waiting:
    """Two legs that wait; one of them is made to act as an agent's."""

    def __init__(self, pbx: RealPbx, link: Connection, told: list[Message]) -> None:
        self.pbx = pbx
        self.link = link
        self.told = told
        self.agent, self.caller = _waiting(told)

    async def join(self, caller: str) -> None:
        agent = self.agent["Channel"]
        named = {"Channel": agent, "Variable": "CC_CALLER", "Value": caller}
        await self.link.act("Setvar", named)
        led = {"Context": "cc-join", "Exten": "s", "Priority": "1"}
        answer = await self.link.act("Redirect", {"Channel": agent, **led})
        assert answer.succeeded, answer

    def entered(self) -> set[str]:
        """Return who came into a bridge."""
        return {m["Uniqueid"] for m in self.told if m.event == "BridgeEnter"}

    def ended(self) -> set[str]:
        """Return whose end the dialplan noted."""
        if not self.pbx.queue_log.exists():
            return set()
        lines = self.pbx.queue_log.read_text().splitlines()
        gone = [line.split("|CCGONE|")[1] for line in lines if "|CCGONE|" in line]
        return {line.split(" ")[1] for line in gone}


@asynccontextmanager
async def two_who_wait(folder: Path) -> AsyncIterator[Waiting]:
    told: list[Message] = []
    async with (
        real_pbx(folder, open_queue="q_one") as pbx,
        flows_that_lead_to_the_queue(pbx.agi_port),
    ):
        link = await Connection.open(pbx, epoch=1, nonce="n", sink=told.append)
        link.release()
        beat = {"Variable": "CC_HB", "Value": str(int(time.time() + 120))}
        await link.act("Setvar", beat)
        dialling = asyncio.create_task(_dial(pbx, folder))
        try:
            await eventually(lambda: len(_waiting(told)) == 2, 40)
            yield Waiting(pbx, link, told)
        finally:
            for message in _waiting(told):
                await link.act("Hangup", {"Channel": message["Channel"]})
            await dialling
            link.close()


def _waiting(told: list[Message]) -> list[Message]:
    return [m for m in told if m.get("UserEvent") == "CCWaiting"]


async def _dial(pbx: RealPbx, folder: Path) -> None:
    port = free_port()
    callers = [("13800000000", "caller"), ("13800000001", "caller")]
    await place_calls(
        CallerPlan(number="6000", callers=callers, hang_up_after_ms=(HOLD_MS,)),
        Load(calls=2, per_s=5, timeout_s=60),
        server=pbx.sip,
        port=port,
        folder=folder / f"sipp-{port}",
    )


async def test_both_legs_end_with_the_conversation_whoever_leaves(
    tmp_path: Path,
) -> None:
    async with two_who_wait(tmp_path) as both:
        legs = {both.agent["Uniqueid"], both.caller["Uniqueid"]}
        await both.join(both.caller["Channel"])
        await eventually(lambda: both.entered() == legs, 30)

        await both.link.act("Hangup", {"Channel": both.agent["Channel"]})

        # The caller does not wait on, with no engine to say that there was a talk.
        await eventually(lambda: both.ended() == legs, 30)


async def test_a_leg_that_finds_no_caller_says_so_and_waits_to_be_told_more(
    tmp_path: Path,
) -> None:
    async with two_who_wait(tmp_path) as both:
        await both.join("gone")

        def said() -> list[str | None]:
            news = [m for m in both.told if m.get("UserEvent") == "CCNotJoined"]
            return [m.get("Why") for m in news]

        await eventually(lambda: said() == ["NONEXISTENT"], 30)
        alive = await both.link.ask("Status", {"Channel": both.agent["Channel"]})

        assert [it["Context"] for it in alive] == ["cc-offer"]
        assert both.entered() == both.ended() == set()

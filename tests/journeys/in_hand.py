"""Two real telephones, and more, that say tones and tell by them whom they hear."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from services.phone.phone_call import PhoneCall
from services.phone.softphone import Line, Softphone, open_softphone
from services.phone.sound import SAMPLE_RATE_HZ, loudness_at, voice_like
from tests.journeys.story import hand_number
from tests.support.instance import RunningInstance

CALLER_HZ, A_HZ, B_HZ, SECRET_HZ = 440.0, 1000.0, 1700.0, 2600.0
TONES = (CALLER_HZ, A_HZ, B_HZ, SECRET_HZ)
LISTEN_S = 1.0
_HEARD = 400.0
"""A tone that is there has some 2,000; one that is not, below 50."""
_LIMIT_S = 30.0


@dataclass(slots=True, kw_only=True)
class Hand:
    """One caller and the agents of one hand, at their telephones."""

    instance: RunningInstance
    name: str
    phone: Softphone
    caller: PhoneCall
    agent: PhoneCall
    call_id: str

    def agent_id(self, who: str = "a") -> str:
        """Return the id of one of the agents."""
        return f"hand-{self.name}-{who}"

    async def ask(self, what: str, who: str = "a", **more: object) -> Any:
        """Have an agent ask for something, with the call in hand."""
        body = {"call_id": self.call_id, **more}
        return await self.instance.ask(
            "POST", f"/agents/{self.agent_id(who)}/{what}", body
        )

    async def state(self, who: str = "a") -> str:
        """Return an agent's state."""
        seen = await self.instance.ask("GET", f"/agents/{self.agent_id(who)}")
        return str(seen["state"])

    async def is_call(self, state: str) -> bool:
        """Tell whether the call is so now."""
        return bool(
            (await self.instance.ask("GET", f"/calls/{self.call_id}"))["state"] == state
        )

    async def until_call(self, state: str) -> None:
        """Wait until the call is so."""
        await until(lambda: self.is_call(state), f"call {state}")

    async def story(self) -> Any:
        """Return the call's record, once it is closed and its sound is stored."""

        async def is_whole() -> bool:
            found = await self.instance.rows(
                """SELECT (SELECT state FROM calls WHERE call_id = $1) AS state,
                (SELECT count(*) FROM conversations WHERE call_id = $1) AS talks,
                (SELECT count(*) FROM recordings WHERE call_id = $1) AS kept""",
                self.call_id,
            )
            [row] = found
            return bool(row["state"] == "closed" and row["kept"] >= row["talks"] > 0)

        await until(is_whole, "the record whole")
        return await self.instance.ask("GET", f"/calls/{self.call_id}/story")

    async def ring(self) -> PhoneCall:
        """Answer what rings next."""
        async with asyncio.timeout(_LIMIT_S):
            call = await self.phone.next_ring()
        await call.answer()
        return call


async def hears(call: PhoneCall, *tones: float) -> bool:
    """Listen until these tones are heard and no other of ours, for a while at least."""
    wanted = int(LISTEN_S * SAMPLE_RATE_HZ) * 2
    begin = len(call.ear.pcm)
    with suppress(TimeoutError):
        async with asyncio.timeout(_LIMIT_S):
            while call.ending is None:
                await asyncio.sleep(0.1)
                heard = call.ear.pcm[begin : begin + wanted]
                if len(heard) < wanted:
                    continue
                if {hz for hz in TONES if is_in(heard, hz)} == set(tones):
                    return True
                begin += wanted
    return False


def is_in(pcm: bytes, hz: float) -> bool:
    """Tell whether a tone is in a piece of sound."""
    return loudness_at(pcm, hz) > _HEARD


async def until(
    holds: Callable[[], Awaitable[bool]], what: str, limit_s: float = _LIMIT_S
) -> None:
    """Wait until it holds.

    Raises:
        AssertionError: It did not.
    """
    try:
        async with asyncio.timeout(limit_s):
            while not await holds():  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"it did not come to {what}") from None


@asynccontextmanager
async def talking(
    instance: RunningInstance, name: str, *, with_b: bool = False
) -> AsyncIterator[Hand]:
    """Have a caller and agent a talk; b is ready then, where wanted."""
    async with AsyncExitStack() as stack:
        lines = [_line(instance, f"hand-{name}-{who}") for who in "ab"]
        phone = await stack.enter_async_context(
            open_softphone(lines[0], keeps_sound=True, calls=4)
        )
        await phone.register()
        if with_b:
            await phone.register_too(lines[1])
        who = f"hand-{name}-a"
        stack.push_async_callback(_home, instance, name)
        for wish in ("sign-in", "ready"):
            await instance.ask("POST", f"/agents/{who}/{wish}", {})
        caller_line = Line(user="13900139000", server=instance.sip)
        caller = await phone.dial(hand_number(name), line=caller_line)
        async with asyncio.timeout(_LIMIT_S):
            agent = await phone.next_ring()
        await agent.answer()
        seen = await instance.ask("GET", f"/agents/{who}")
        hand = Hand(
            instance=instance,
            name=name,
            phone=phone,
            caller=caller,
            agent=agent,
            call_id=seen["call_id"],
        )
        if with_b:
            for wish in ("sign-in", "ready"):
                await instance.ask("POST", f"/agents/{hand.agent_id('b')}/{wish}", {})
        await hand.until_call("talking")
        caller.say(voice_like(CALLER_HZ), repeat=True)
        agent.say(voice_like(A_HZ), repeat=True)
        yield hand


async def _home(instance: RunningInstance, name: str) -> None:
    for who in "ab":
        seen = await instance.ask("GET", f"/agents/hand-{name}-{who}")
        if seen["state"] != "signed_out":
            await instance.ask("POST", f"/agents/hand-{name}-{who}/sign-out", {})


def _line(instance: RunningInstance, agent_id: str) -> Line:
    device = instance.devices.of(agent_id)
    return Line(user=device.device_id, server=instance.sip, password=device.password)

"""An agent's telephone alone: it is answered, and a desk in a browser does the rest."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from services.phone.devices import Devices
from services.phone.errors import CallIsOver
from services.phone.phone_call import PhoneCall
from services.phone.softphone import Line, open_softphone


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPhone:
    """Whose telephone, and what is done with it."""

    agent_id: str
    calls: int | None = None
    """How many are answered; None for no end."""
    answer_after_s: float = 1.0
    talk_s: float | None = None
    """None until the caller hangs up."""


async def answer_calls(
    wanted: DeskPhone, *, sip: str, devices: Devices, tell: Callable[[str], None]
) -> None:
    """Register an agent's device and answer what rings there; cancelled, hang up.

    Args:
        wanted: Whose, and how.
        sip: Host and port of the switch.
        devices: Passwords of the agents' devices.
        tell: Told each step as a line of text.

    Raises:
        PhoneError: The device is unknown or refused.
    """
    device = devices.of(wanted.agent_id)
    line = Line(user=device.device_id, server=sip, password=device.password)
    async with open_softphone(line) as phone:
        await phone.register()
        tell(f"{device.device_id} is registered; its agent is at the desk")
        answered = 0
        while wanted.calls is None or answered < wanted.calls:
            call = await phone.next_ring()
            tell("rings")
            await asyncio.sleep(wanted.answer_after_s)
            answered += await _answered(call, wanted, tell)


async def _answered(
    call: PhoneCall, wanted: DeskPhone, tell: Callable[[str], None]
) -> bool:
    try:
        await call.answer()
    except CallIsOver:
        tell("rings no more")
        return False
    tell("answered")
    if await call.wait_ended(wanted.talk_s) is None:
        await call.hang_up()
    tell("over")
    return True

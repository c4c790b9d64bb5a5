"""An agent: registers a device, signs in, answers, talks, wraps up, signs out."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal

from services.phone.devices import Devices
from services.phone.errors import (
    AgentHasACall,
    AnswerNotUnderstood,
    CallIsOver,
    HotlineUnreachable,
    NoAgentFree,
    RequestRefused,
)
from services.phone.hotline import Hotline
from services.phone.phone_call import PhoneCall
from services.phone.softphone import Line, Softphone, open_softphone
from services.phone.sound import AGENT_HZ, voice_like

_HEADERS = ("X-Tieline-Offer", "X-Tieline-Call")
_POLL_S = 0.2
_SETTLE_S = 2.0
_AT_A_CALL = ("reserved", "talking")
_WITH_A_CALL = (*_AT_A_CALL, "wrap_up")

_ENDED_BY = {"us": "agent", "them": "caller", "network": "network"}

Outcome = Literal["answered", "declined", "missed", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How an agent means to work."""

    agent_id: str | None = None
    """None takes the first who is signed out and has a device."""
    calls: int | None = None
    """Offers after which to go home; None stays until told to stop."""
    talk_s: float | None = None
    """None talks until the caller hangs up."""
    answer_after_s: float = 1.0
    declines: bool = False
    wrap_up_s: float = 1.0
    disposition: str | None = None


@dataclass(slots=True, kw_only=True)
class OfferWorked:
    """One offer as the agent saw it; times in seconds."""

    offer_id: str | None
    call_id: str | None
    caller_number: str
    outcome: Outcome = "missed"
    rang_s: float = 0.0
    talked_s: float = 0.0
    heard_s: float = 0.0
    ended_by: str | None = None
    """``agent``, ``caller`` or ``network``; None for an offer not answered."""


@dataclass(slots=True, kw_only=True)
class ShiftReport:
    """What an agent did; filled in as it happens, so that a signal loses nothing."""

    agent_id: str | None = None
    calls: list[OfferWorked] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Return the report as JSON has it."""
        return asdict(self)


async def work(
    shift: Shift,
    *,
    sip: str,
    hotline: Hotline,
    devices: Devices,
    report: ShiftReport,
    tell: Callable[[str], None],
) -> None:
    """Work one shift; cancelled, hang up, sign out and unregister.

    Args:
        shift: How to work.
        sip: Host and port of the switch.
        hotline: Where to sign in and to ask for work.
        devices: Passwords of the agents' devices.
        report: Filled in with each offer as it goes.
        tell: Told each step as a line of text.

    Raises:
        PhoneError: The device or the agent is refused, or the instance is gone.
    """
    agent_id = await _claim(shift, hotline, devices)
    report.agent_id = agent_id
    device = devices.of(agent_id)
    line = Line(user=device.device_id, server=sip, password=device.password)
    desk = _Desk(agent_id, shift, hotline, report, tell)
    try:
        async with open_softphone(line, expose_headers=_HEADERS) as phone:
            await phone.register()
            await hotline.ready(agent_id)
            tell(f"agent {agent_id} is ready on {device.device_id}")
            try:
                await desk.take_calls(phone)
            finally:
                # Before the phone unregisters: an agent who still looks ready would
                # be offered a call on a device that is gone.
                await desk.go_home()
    finally:
        await desk.go_home()


async def _claim(shift: Shift, hotline: Hotline, devices: Devices) -> str:
    """Sign in the agent asked for, or the first who can be had."""
    if shift.agent_id is not None:
        devices.of(shift.agent_id)
        seen = await hotline.agent(shift.agent_id)
        if seen.state in _WITH_A_CALL:
            # Their device would be ours from then on.
            raise AgentHasACall(shift.agent_id, seen.state)
        await hotline.sign_in(shift.agent_id)
        return shift.agent_id
    agents = await hotline.agents()
    for seen in agents:
        if seen.state == "signed_out" and seen.agent_id in devices:
            try:
                await hotline.sign_in(seen.agent_id)
            except RequestRefused:
                # Somebody was quicker; the next one may still be free.
                continue
            return seen.agent_id
    raise NoAgentFree(tuple(f"{seen.agent_id} {seen.state}" for seen in agents))


class _Desk:
    """One agent at work: each ring from its first sound to the end of wrap-up."""

    def __init__(
        self,
        agent_id: str,
        shift: Shift,
        hotline: Hotline,
        report: ShiftReport,
        tell: Callable[[str], None],
    ) -> None:
        self._agent_id = agent_id
        self._shift = shift
        self._hotline = hotline
        self._report = report
        self._tell = tell
        self._call: PhoneCall | None = None
        self._offer: OfferWorked | None = None
        self._is_signed_in = True

    async def take_calls(self, phone: Softphone) -> None:
        """Take offers until there were as many as the shift has."""
        taken = 0
        while self._shift.calls is None or taken < self._shift.calls:
            call = await phone.next_ring()
            offer = await self._take(call)
            self._note_end(offer, call)
            self._call = self._offer = None
            taken += offer.outcome != "withdrawn"
            await self._clear_desk()
            if taken != self._shift.calls:
                await self._be_ready()

    async def go_home(self) -> None:
        """Hang up, end the wrap-up and sign out; a second time does nothing."""
        if not self._is_signed_in:
            return
        self._is_signed_in = False
        if self._call is not None and self._offer is not None:
            if self._call.answered_at is None:
                self._offer.outcome = "declined"
            await self._call.hang_up()
            self._note_end(self._offer, self._call)
        # The instance may be gone, or have signed her out already; going home is
        # the one thing that must not fail.
        with suppress(RequestRefused, HotlineUnreachable, AnswerNotUnderstood):
            if await self._settled_state() == "wrap_up":
                await self._hotline.wrap_up_done(
                    self._agent_id, self._shift.disposition
                )
            await self._hotline.sign_out(self._agent_id)
            self._tell(f"agent {self._agent_id} is signed out")

    async def _take(self, call: PhoneCall) -> OfferWorked:
        offer = await self._offer_of(call)
        self._call, self._offer = call, offer
        self._report.calls.append(offer)
        self._tell(f"{offer.caller_number or 'somebody'} rings")
        if self._shift.declines:
            offer.outcome = "declined"
            await call.decline()
            return offer
        if await call.wait_ended(self._shift.answer_after_s):
            offer.outcome = await self._why_unanswered()
            return offer
        try:
            await call.answer()
        except CallIsOver:
            offer.outcome = await self._why_unanswered()
            return offer
        await self._talk(call, offer)
        return offer

    async def _talk(self, call: PhoneCall, offer: OfferWorked) -> None:
        call.say(voice_like(AGENT_HZ), repeat=True)
        if not await self._is_joined(call, offer):
            # The caller was gone before we picked up.
            offer.outcome = "withdrawn"
            return
        offer.outcome = "answered"
        self._tell("talking")
        if not await call.wait_ended(self._shift.talk_s):
            await call.hang_up()

    async def _is_joined(self, call: PhoneCall, offer: OfferWorked) -> bool:
        """Wait until the caller is there, or will not be any more."""
        if offer.call_id is None:
            return True
        while True:
            is_over = call.ending is not None
            seen = await self._hotline.call(offer.call_id)
            if seen is not None and seen.is_put_through:
                return True
            if is_over:
                return False
            await call.wait_ended(_POLL_S)

    async def _offer_of(self, call: PhoneCall) -> OfferWorked:
        """Learn which offer rings: of the INVITE's headers, else of the instance."""
        offer_id, call_id = (call.headers.get(name) for name in _HEADERS)
        if offer_id is None or call_id is None:
            me = await self._hotline.agent(self._agent_id)
            offer_id, call_id = me.offer_id, me.call_id
        seen = await self._hotline.call(call_id) if call_id else None
        return OfferWorked(
            offer_id=offer_id,
            call_id=call_id,
            caller_number=seen.caller_number if seen else call.other_side,
        )

    async def _why_unanswered(self) -> Outcome:
        state = await self._settled_state()
        return "missed" if state == "not_ready" else "withdrawn"

    def _note_end(self, offer: OfferWorked, call: PhoneCall) -> None:
        ended_at = call.ending.at if call.ending else datetime.now(UTC)
        answered_at = call.answered_at or ended_at
        offer.rang_s = _seconds(call.started_at, answered_at)
        offer.talked_s = _seconds(answered_at, ended_at)
        offer.heard_s = call.ear.heard_s
        if call.ending is not None and call.answered_at is not None:
            offer.ended_by = _ENDED_BY[call.ending.by]
        self._tell(f"{offer.outcome}, {offer.talked_s:.1f} s")

    async def _clear_desk(self) -> None:
        """Wrap up, if there is something to wrap up."""
        if await self._settled_state() != "wrap_up":
            return
        self._tell("wrapping up")
        await asyncio.sleep(self._shift.wrap_up_s)
        try:
            await self._hotline.wrap_up_done(self._agent_id, self._shift.disposition)
        except RequestRefused:
            # Its limit came first, and she is ready already.
            if (await self._hotline.agent(self._agent_id)).state == "wrap_up":
                raise

    async def _be_ready(self) -> None:
        if await self._settled_state() == "not_ready":
            await self._hotline.ready(self._agent_id)

    async def _settled_state(self) -> str:
        """Return her state once the call that has just ended is off her hands."""
        deadline = asyncio.get_running_loop().time() + _SETTLE_S
        while True:
            state = (await self._hotline.agent(self._agent_id)).state
            is_late = asyncio.get_running_loop().time() > deadline
            if state not in _AT_A_CALL or is_late:
                return state
            await asyncio.sleep(_POLL_S)


def _seconds(since: datetime, until: datetime) -> float:
    return round((until - since).total_seconds(), 3)

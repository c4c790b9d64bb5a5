"""A caller: dials, presses keys, waits for an agent, talks, hangs up, reports."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.phone.errors import CallIsOver, CallNotAnswered
from services.phone.hotline import CallSeen, Hotline
from services.phone.phone_call import PhoneCall
from services.phone.softphone import Line, open_softphone
from services.phone.sound import CALLER_HZ, voice_like, write_wav

_POLL_S = 0.5
_RECORD_WAIT_S = 10.0
_PROMPT_BEGUN_S = 0.2
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """What a caller means to do."""

    number: str
    caller_number: str
    caller_name: str = ""
    keys: tuple[str, ...] = ()
    press_after_s: float = 1.5
    """Seconds of a prompt that are heard before each key."""
    prompt_wait_s: float = 5.0
    """Seconds after which a key is pressed though no prompt was heard."""
    talk_s: float = 5.0
    wait_s: float = 60.0
    """Seconds from dialling until an agent must be reached, or the flow's end."""
    wants_agent: bool = True
    """Whether the call is for a person; else the flow alone should end it."""
    heard: Path | None = None
    """The file for all that was heard, a WAV; None keeps nothing."""


@dataclass(slots=True, kw_only=True)
class CallReport:
    """What became of it; times in seconds, instants in UTC."""

    call_id: str | None = None
    """The instance's id of the call; None when it never knew it."""
    number: str
    caller_number: str
    sip_call_id: str = ""
    answered: bool = False
    put_through: bool = False
    agent_id: str | None = None
    waited_s: float | None = None
    """From the queue's entry to the agent or the end; None for a call that never was
    in a queue."""
    talked_s: float | None = None
    keys: str = ""
    heard_s: float = 0.0
    """Sound that reached the caller, silence left out."""
    sip_status: int | None = None
    """The answer to the INVITE; None when there was none."""
    ended_by: str | None = None
    """``caller``, or who the record says, or ``hotline`` or ``network``."""
    started_at: datetime
    ended_at: datetime
    failure: str | None = None
    """Why the call did not do what it was meant to; None when it did."""

    def as_json(self) -> dict[str, object]:
        """Return the report as JSON has it."""
        told = asdict(self)
        told["from"] = told.pop("caller_number")
        for name in ("started_at", "ended_at"):
            told[name] = told[name].isoformat(timespec="milliseconds")
        return told


async def place_call(
    plan: CallPlan,
    *,
    sip: str,
    hotline: Hotline,
    numbers: tuple[str, ...] = (),
    tell: Callable[[str], None],
) -> CallReport:
    """Place one call as planned, from the trunk's side of the switch.

    Args:
        plan: What the caller does.
        sip: Host and port of the switch.
        hotline: Asked how the call goes.
        numbers: What can be dialled, for the words about a wrong number.
        tell: Told each step as a line of text.

    Raises:
        PhoneError: The phone does not start, the number or name cannot be sent, or
            the instance does not answer over HTTP.
        SoundUnwritable: What was heard cannot be kept. A call that goes wrong is no
            exception: the report's ``failure`` says so.
    """
    line = Line(user=plan.caller_number, server=sip, display_name=plan.caller_name)
    keeps_sound = plan.heard is not None
    async with open_softphone(line, keeps_sound=keeps_sound) as phone:
        call = await phone.dial(plan.number)
        script = _Script(plan, call, hotline, tell)
        try:
            await call.wait_answered(plan.wait_s)
        except CallNotAnswered as refusal:
            script.report.failure = _why_not_answered(refusal, numbers)
        else:
            script.report.answered = True
            await script.run()
        if plan.heard is not None:
            write_wav(plan.heard, call.ear.pcm)
        return await script.conclude()


class _Script:
    """The steps of one caller, each adding to the report."""

    def __init__(
        self,
        plan: CallPlan,
        call: PhoneCall,
        hotline: Hotline,
        tell: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._call = call
        self._hotline = hotline
        self._tell = tell
        self._seen: CallSeen | None = None
        self.report = CallReport(
            number=plan.number,
            caller_number=plan.caller_number,
            started_at=call.started_at,
            ended_at=call.started_at,
        )

    async def run(self) -> None:
        """Press the keys, wait for an agent, talk, hang up."""
        self._tell(f"{self._plan.number} answers")
        await self._press_keys()
        if not self._plan.wants_agent:
            await self._hear_out()
            return
        await self._wait_for_agent()
        if self.report.put_through:
            await self._talk()
        elif self._call.ending is None:
            self.report.failure = (
                f"{self._plan.number}: no agent was reached within"
                f" {self._plan.wait_s:g} s; is one ready: ./tieline agent"
            )
        else:
            self.report.failure = (
                f"{self._plan.number}: the hotline hung up before an agent was reached"
            )
        await self._call.hang_up()

    async def conclude(self) -> CallReport:
        """Wait a moment for the record, and complete the report from it."""
        call, report = self._call, self.report
        report.sip_call_id, report.heard_s = call.sip_call_id, call.ear.heard_s
        if call.ending is not None:
            report.ended_at = call.ending.at
            report.sip_status = 200 if report.answered else call.ending.status
            report.ended_by = {"us": "caller", "them": "hotline", "network": "network"}[
                call.ending.by
            ]
        if report.answered:
            await self._wait_for_record()
        if self._seen is not None:
            _complete(report, self._seen)
        return report

    async def _press_keys(self) -> None:
        for key in self._plan.keys:
            await self._call.wait_heard(
                _PROMPT_BEGUN_S, timeout_s=self._plan.prompt_wait_s
            )
            if await self._call.wait_ended(self._plan.press_after_s):
                return
            try:
                await self._call.press(key)
            except CallIsOver:
                return
            self.report.keys += key
            self._tell(f"pressed {key}")

    async def _hear_out(self) -> None:
        """Listen until the hotline hangs up, and hang up where it does not."""
        if await self._call.wait_ended(self._plan.wait_s) is None:
            self.report.failure = (
                f"{self._plan.number}: did not hang up within {self._plan.wait_s:g} s"
            )
            await self._call.hang_up()

    async def _wait_for_agent(self) -> None:
        deadline = self._call.started_at + timedelta(seconds=self._plan.wait_s)
        while datetime.now(UTC) < deadline:
            await self._look()
            if self._seen is not None and self._seen.is_put_through:
                self.report.put_through = True
                self._tell(f"put through to agent {self._seen.agent_id}")
                return
            if await self._call.wait_ended(_POLL_S):
                # It may have been put through and ended between two looks.
                await self._look()
                self.report.put_through = bool(self._seen and self._seen.is_put_through)
                return

    async def _talk(self) -> None:
        self._call.say(voice_like(CALLER_HZ), repeat=True)
        talked_s = 0.0
        if self._seen is not None and self._seen.connected_at is not None:
            since = datetime.now(UTC) - self._seen.connected_at
            talked_s = max(0.0, since.total_seconds())
        if await self._call.wait_ended(max(0.0, self._plan.talk_s - talked_s)):
            self._tell("the other side hung up")

    async def _look(self) -> None:
        if self._seen is None:
            self._seen = await self._hotline.call_of_dialog(self._call.sip_call_id)
        else:
            self._seen = await self._hotline.call(self._seen.call_id) or self._seen

    async def _wait_for_record(self) -> None:
        """Look until the instance says the call has ended, at most 3 s."""
        try:
            async with asyncio.timeout(_RECORD_WAIT_S):
                await self._look()
                while self._seen is None or self._seen.ended_at is None:
                    await asyncio.sleep(_POLL_S / 5)
                    await self._look()
        except TimeoutError:
            self._tell("the record of the call is not there yet")


def _complete(report: CallReport, seen: CallSeen) -> None:
    """Put what the instance knows in place of what the phone saw."""
    report.call_id, report.agent_id = seen.call_id, seen.agent_id
    if seen.is_put_through:
        report.put_through, report.failure = True, None
    report.started_at = seen.arrived_at or report.started_at
    report.ended_at = seen.ended_at or report.ended_at
    if report.ended_by == "hotline" and seen.ended_by not in (None, "caller"):
        report.ended_by = seen.ended_by
    report.waited_s = seen.waited_s
    # Of a call whose record did not come, what was so at the last look is no length.
    report.talked_s = seen.talked_s if seen.ended_at else None


def _why_not_answered(refusal: CallNotAnswered, numbers: tuple[str, ...]) -> str:
    if refusal.status == _NOT_FOUND:
        known = f"; numbers are {', '.join(numbers)}" if numbers else ""
        return f"{refusal.number}: no such number here (SIP {_NOT_FOUND}){known}"
    return str(refusal)

"""Plays one journey on a running instance with real telephones."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from services.phone.sipp import (
    CallerPlan,
    DevicePlan,
    Load,
    SippOutcome,
    SippRun,
    devices_ringing,
    place_calls,
    register_devices,
)
from services.runtime.parts import asterisk as asterisk_part
from services.runtime.settings import read_settings
from tests.journeys.failed_join import fail_a_join
from tests.journeys.record import call_ids, observed
from tests.journeys.story import Agent, Caller, Story, When
from tests.support.instance import TIELINE, RunningInstance

# Limits only end a story that would hang; a busy machine takes its time.
_MOMENT_LIMIT_S = 60.0
_SETTLE_LIMIT_S = 60.0
_AGENT_LIMIT_S = 30.0
_FROZEN_FOR_S = 6.0
_HUNG_FOR_S = 30.0
"""Then the engine is killed, as a watchdog would much sooner."""


@dataclass(slots=True, kw_only=True)
class CallerSaw:
    """What a caller's telephone tells."""

    sip_call_id: str
    status: int | None
    """The final answer to the INVITE."""
    hung_up_by: str | None
    """``us`` or ``them``; None for a call that was not answered."""
    went_as_planned: bool = True
    """As SIPp counts it: each message came where the scenario had a place for it."""
    report: dict[str, Any] = field(default_factory=dict)
    """What ``tieline call --json`` said; empty for SIPp."""


@dataclass(slots=True, kw_only=True)
class Played:
    """What a journey came to."""

    callers: dict[str, CallerSaw] = field(default_factory=dict)
    devices: dict[str, SippOutcome] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What ``tieline agent --json`` said, by agent."""
    agents: dict[str, str] = field(default_factory=dict)
    """State and reason at the end."""
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the record says, by caller; empty where it says nothing."""
    rows: dict[str, int] = field(default_factory=dict)
    """How many rows of calls a caller has."""


async def play(instance: RunningInstance, story: Story, folder: Path) -> Played:
    """Play a story from its first registration to its last record."""
    played = Played()
    stage = _Stage(instance, story, folder, played)
    async with AsyncExitStack() as stack:
        for name, agent in story.plan.agents.items():
            await stack.enter_async_context(stage.agent(name, agent))
        await stage.calls()
        await stage.settled()
        await stage.look_at_agents()
        # The telephones are put away last, so that none looks dead before.
    await stage.sign_out()
    await stage.look_at_record()
    return played


class _Stage:
    def __init__(
        self, instance: RunningInstance, story: Story, folder: Path, played: Played
    ) -> None:
        self._instance = instance
        self._story = story
        self._folder = folder / story.name
        self._played = played
        self._disturbed = asyncio.Event()

    @asynccontextmanager
    async def agent(self, name: str, agent: Agent) -> AsyncIterator[None]:
        if agent.phone == "softphone":
            async with self._softphone_agent(name, agent):
                yield
            return
        if agent.phone == "none":
            await self._make_ready(name)
            yield
            return
        async with self._sipp_device(name, agent) as run:
            await self._make_ready(name)
            yield
        self._played.devices[name] = run.outcome

    @asynccontextmanager
    async def _sipp_device(self, name: str, agent: Agent) -> AsyncIterator[SippRun]:
        port, folder = self._instance.peer_port(), self._folder / name
        device = self._instance.devices.of(self._story.agent_id(name))
        registered = await register_devices(
            {device.device_id: device.password},
            server=self._instance.sip,
            port=port,
            folder=folder / "register",
        )
        assert registered.successful == 1, registered.errors
        plan = DevicePlan(
            ring_ms=agent.ring_ms,
            status=agent.status,
            talk_ms=agent.talks_ms,
            echoes=agent.echoes,
        )
        async with devices_ringing(plan, port=port, folder=folder) as run:
            yield run

    @asynccontextmanager
    async def _softphone_agent(self, name: str, agent: Agent) -> AsyncIterator[None]:
        agent_id = self._story.agent_id(name)
        talks_s = agent.talks_ms / 1000
        words = ("agent", agent_id, "--calls", "1", "--talk", f"{talks_s:g}")
        working = asyncio.create_task(tieline(self._instance, *words))
        try:
            await self._until(partial(self._is, name, "ready"), _MOMENT_LIMIT_S)
            yield
            self._played.reports[name] = await working
        finally:
            working.cancel()

    async def calls(self) -> None:
        callers = self._story.plan.callers
        async with asyncio.TaskGroup() as tasks:
            for name, caller in callers.items():
                tasks.create_task(self._call(name, caller))
            if self._story.plan.disturb is not None:
                tasks.create_task(self._disturb())

    async def _call(self, name: str, caller: Caller) -> None:
        if caller.begins is not None:
            await self._moment(caller.begins)
        if caller.later_s is not None:
            await self._disturbed.wait()
            await asyncio.sleep(caller.later_s)
        number = caller.number
        if "{leg of " in number:
            number = await self._with_leg(number)
        dialled = caller.dials or self._story.number
        if caller.phone == "softphone":
            saw = await self._softphone_call(caller, dialled)
        else:
            saw = await self._sipp_call(name, caller, number, dialled)
        self._played.callers[name] = saw

    async def _sipp_call(
        self, name: str, caller: Caller, number: str, dialled: str
    ) -> CallerSaw:
        outcome = await place_calls(
            CallerPlan(
                number=dialled,
                callers=((number, caller.name),),
                hang_up_after_ms=(caller.hangs_up_after_ms,),
                payload=caller.payload,
                keys=caller.keys,
                # Asterisk takes keys in no other way; SIPp must be root for it.
                rtp_events=True,
            ),
            Load(calls=1, timeout_s=90),
            server=self._instance.sip,
            port=self._instance.peer_port(),
            folder=self._folder / name,
        )
        stderr = (self._folder / name / "stderr.log").read_text(errors="replace")
        assert len(outcome.calls) == 1, f"{name}: {outcome}: {stderr}"
        [call] = outcome.calls
        return CallerSaw(
            sip_call_id=call.sip_call_id,
            status=call.status,
            hung_up_by=call.hung_up_by,
            went_as_planned=(outcome.successful, outcome.failed) == (1, 0),
        )

    async def _softphone_call(self, caller: Caller, dialled: str) -> CallerSaw:
        report = await tieline(
            self._instance,
            *("call", dialled, "--from", caller.number, "--name", caller.name),
            *("--press", caller.keys, "--talk", f"{caller.talks_s:g}"),
            *("--press-after", f"{caller.press_after_s:g}"),
        )
        return CallerSaw(
            sip_call_id=report["sip_call_id"],
            status=report["sip_status"],
            hung_up_by="us" if report["ended_by"] == "caller" else "them",
            report=report,
        )

    async def _with_leg(self, text: str) -> str:
        head, _, rest = text.partition("{leg of ")
        name, _, tail = rest.partition("}")
        number = self._story.plan.callers[name].number
        question = (
            "SELECT caller_leg_id FROM calls WHERE number = $1 AND caller_number = $2"
        )
        [row] = await self._instance.rows(question, self._story.number, number)
        return f"{head}{row['caller_leg_id']}{tail}"

    async def _moment(self, when: When) -> None:
        number = self._story.plan.callers[when.caller].number
        question = """SELECT 1 FROM facts f JOIN calls c ON c.call_id = f.call_id
            WHERE c.number = $1 AND c.caller_number = $2 AND f.kind = $3"""

        async def has_come() -> bool:
            values = (self._story.number, number, when.had)
            return bool(await self._instance.rows(question, *values))

        came = await self._until(has_come, _MOMENT_LIMIT_S)
        assert came, f"{self._story.name}: {when.caller} had no {when.had}"

    async def _disturb(self) -> None:
        disturbed = self._story.plan.disturb
        assert disturbed is not None
        await self._moment(disturbed.when)
        self._disturbed.set()
        match disturbed.what:
            case "kill_engine":
                await self._killed("engine")
            case "hang_engine":
                pid = self._instance.pid("engine")
                assert pid is not None
                os.kill(pid, signal.SIGSTOP)
                await asyncio.sleep(_HUNG_FOR_S)
                await self._killed("engine")
            case "kill_asterisk":
                await self._killed("asterisk")
            case "kill_database":
                await self._killed("postgresql")
            case "cut_manager_link":
                await _kick_managers(self._instance)
            case "lose_recording":
                await self._lose_recording()
            case "fail_a_join":
                await fail_a_join(self._instance, self._story.number)
            case "freeze_database":
                with _frozen(self._instance):
                    await asyncio.sleep(_FROZEN_FOR_S)

    async def _lose_recording(self) -> None:
        question = """SELECT t.call_id, t.offer_id FROM conversations t
            JOIN calls c ON c.call_id = t.call_id WHERE c.number = $1"""
        [row] = await self._instance.rows(question, self._story.number)
        spool = self._instance.data / "asterisk" / "spool" / "monitor"
        (spool / f"{row['call_id']}_{row['offer_id']}.raw").unlink()

    async def _killed(self, part: str) -> None:
        pid = self._instance.pid(part)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        async def is_back() -> bool:
            return self._instance.pid(part) not in (None, pid)

        assert await self._until(is_back, _MOMENT_LIMIT_S), f"{part} did not come back"

    async def settled(self) -> None:
        """Wait until the record says the end of each call that was answered."""

        async def all_are() -> bool:
            for saw in self._played.callers.values():
                if saw.status == 200 and not await self._is_settled(saw.sip_call_id):
                    return False
            return True

        await self._until(all_are, _SETTLE_LIMIT_S)

    async def _is_settled(self, sip_call_id: str) -> bool:
        question = """SELECT c.state, (SELECT count(*) FROM conversations t
                WHERE t.call_id = c.call_id) AS talks, (SELECT count(*)
                FROM recordings r WHERE r.call_id = c.call_id) AS recordings
            FROM calls c WHERE sip_call_id = $1"""
        rows = await self._instance.rows(question, sip_call_id)
        return bool(rows) and all(
            row["state"] == "closed" and row["recordings"] >= row["talks"]
            for row in rows
        )

    async def look_at_agents(self) -> None:
        expected = self._story.expected.agents
        for name in self._story.plan.agents:
            if name in expected and name not in self._played.reports:
                state = expected[name]
                await self._until(partial(self._is, name, state), _AGENT_LIMIT_S)
            self._played.agents[name] = await self._state(name)

    async def sign_out(self) -> None:
        for name in self._story.plan.agents:
            # Who signed out by themselves is refused.
            with suppress(httpx.HTTPStatusError):
                path = f"/agents/{self._story.agent_id(name)}/sign-out"
                await self._instance.ask("POST", path, {})

    async def look_at_record(self) -> None:
        for name, saw in self._played.callers.items():
            ids = await call_ids(self._instance, saw.sip_call_id)
            self._played.rows[name] = len(ids)
            if ids:
                self._played.calls[name] = await observed(
                    self._instance, self._story, ids[0]
                )

    async def _make_ready(self, name: str) -> None:
        agent_id = self._story.agent_id(name)
        await self._instance.ask("POST", f"/agents/{agent_id}/sign-in", {})
        await self._instance.ask("POST", f"/agents/{agent_id}/ready", {})

    async def _state(self, name: str) -> str:
        seen = await self._instance.ask("GET", f"/agents/{self._story.agent_id(name)}")
        return f"{seen['state']} {seen['reason']}".strip()

    async def _is(self, name: str, state: str) -> bool:
        return await self._state(name) == state

    async def _until(
        self, holds: Callable[[], Awaitable[bool]], limit_s: float
    ) -> bool:
        """Wait until it holds; a part that is being restarted is asked again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while True:
                    with suppress(httpx.TransportError, OSError, asyncpg.PostgresError):
                        if await holds():
                            return True
                    await asyncio.sleep(0.1)
        return False


async def tieline(
    instance: RunningInstance, *words: str, as_json: bool = True
) -> dict[str, Any]:
    """Run a command of tieline's and return what it ``said`` and its ``exit_code``.

    A JSON object that it said is opened: its values stand beside.
    """
    process = await asyncio.create_subprocess_exec(
        TIELINE,
        *words,
        *(["--json"] if as_json else []),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(instance.environment),
    )
    try:
        said, complained = await process.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()
        raise
    assert said, complained.decode()
    told: Any = json.loads(said) if as_json else said.decode()
    opened = told if isinstance(told, dict) else {}
    return {**opened, "said": told, "exit_code": process.returncode}


async def _kick_managers(instance: RunningInstance) -> None:
    """Have Asterisk close every AMI connection, as a network that breaks would."""
    connected = await _console(instance, "manager show connected")
    # User, address, start, elapsed, file descriptor …
    for line in connected.splitlines()[1:]:
        columns = line.split()
        if len(columns) > 4 and columns[4].isdigit():
            await _console(instance, f"manager kick session {columns[4]}")


async def _console(instance: RunningInstance, command: str) -> str:
    settings = read_settings()
    program = asterisk_part.obtain(settings.asterisk, settings.parts).program
    conf = instance.data / "asterisk" / "etc" / "asterisk.conf"
    process = await asyncio.create_subprocess_exec(
        *(*program.argv, "-C", str(conf), "-rx", command),
        env=os.environ | dict(program.environment),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return said.decode()


@contextmanager
def _frozen(instance: RunningInstance) -> Iterator[None]:
    """Let PostgreSQL answer nothing: all its processes stand still."""
    pid = instance.pid("postgresql")
    assert pid is not None
    family = [pid, *_children(pid)]
    for one in family:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in reversed(family):
            # A process of a statement may have ended in between.
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]

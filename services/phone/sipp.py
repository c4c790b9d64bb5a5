"""Runs SIPp as many callers, or as agents' devices, and tells what came of it."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from services.phone import sipp_log, sipp_scenarios
from services.phone.errors import PhoneError
from services.phone.sipp_log import SippCall

LOOPBACK = "127.0.0.1"
_NO_END_MS = 3_600_000
_STOP_WAIT_S = 5.0
# SIPp knows a call by its Call-ID alone, whoever sends; the rest is for its parser.
_HANG_UP = (
    "NOTIFY sip:peer@127.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-{sip_call_id}\r\n"
    "From: <sip:owner@127.0.0.1>;tag=1\r\nTo: <sip:peer@127.0.0.1>;tag=2\r\n"
    "Call-ID: {sip_call_id}\r\nCSeq: 99 NOTIFY\r\nContent-Length: 0\r\n\r\n"
)


class SippMissing(PhoneError):
    """There is no SIPp on this machine."""

    def __init__(self) -> None:
        super().__init__("sipp: not on PATH; apt-get install sip-tester")


@dataclass(frozen=True, slots=True, kw_only=True)
class SippProgram:
    """How SIPp is started."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is added to ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many calls, how fast, how many at once, and when to give up."""

    calls: int = 1
    per_s: float = 10.0
    at_once: int = 500
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPlan:
    """What SIPp's callers do."""

    number: str
    callers: Sequence[tuple[str, str]] = (("13800138000", "caller"),)
    """Number and name of each caller in turn; from the first again at the end."""
    hang_up_after_ms: Sequence[int] = (2000,)
    """From the answer on, for each caller in turn."""
    keys: str = ""
    rtp_events: bool = False
    """Keys as RTP events instead of SIP INFO; SIPp must be root for it."""
    payload: int = 0
    """The codec offered, by its RTP payload type."""
    media_ports: Sequence[int] = ()
    """Where each caller in turn wants its sound; SIPp's own port when empty."""
    dial_after_ms: Sequence[int] = ()
    """How long each caller in turn waits before it dials; not at all when empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """What SIPp's devices do when they are rung."""

    ring_ms: int = 200
    """Set it beyond the offer's deadline for one who lets it ring."""
    status: int = 200
    """200 picks up; 480, 486, 488, 603 and so on refuse."""
    talk_ms: int = _NO_END_MS
    """After which the device hangs up itself."""
    echoes: bool = True
    """Whether it sends back what it hears; else it sends no sound at all."""
    media_port: int | None = None
    """Where all its calls want their sound; None is SIPp's own port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SippOutcome:
    """What one run of SIPp came to."""

    created: int
    successful: int
    failed: int
    exit_code: int
    calls: tuple[SippCall, ...]
    """Without the questions whether a device lives."""
    errors: str
    """What SIPp wrote of unexpected messages; empty when all went as written."""


async def place_calls(
    plan: CallerPlan,
    load: Load,
    *,
    server: str,
    port: int,
    folder: Path,
    program: SippProgram | None = None,
) -> SippOutcome:
    """Place the calls and wait until the last has ended.

    Args:
        plan: What each caller does.
        load: How many and how fast.
        server: Host and port of the switch.
        port: Where SIPp listens; RTP is announced 2 above it.
        folder: For SIPp's files; made when it is not there.
        program: The SIPp to use; None is the one on PATH.
    """
    run = await _dial(
        plan, load, server=server, port=port, folder=folder, program=program
    )
    return await run.finished()


@asynccontextmanager
async def calls_placed(
    plan: CallerPlan,
    load: Load,
    *,
    server: str,
    port: int,
    folder: Path,
    program: SippProgram | None = None,
) -> AsyncIterator["SippRun"]:
    """Place the calls, which live on while the block does; arguments as above."""
    run = await _dial(
        plan, load, server=server, port=port, folder=folder, program=program
    )
    try:
        yield run
    finally:
        await run.stop()


async def _dial(
    plan: CallerPlan,
    load: Load,
    *,
    server: str,
    port: int,
    folder: Path,
    program: SippProgram | None,
) -> "SippRun":
    scenario = sipp_scenarios.caller(
        plan.keys,
        payload=plan.payload,
        rtp_events=plan.rtp_events,
        has_media_ports=bool(plan.media_ports),
        waits=bool(plan.dial_after_ms),
    )
    fields = _csv(folder, _rows(plan))
    arguments = [server, "-s", plan.number, "-inf", str(fields)]
    return await _start(
        scenario, arguments, load, port=port, folder=folder, program=program
    )


def _rows(plan: CallerPlan) -> list[tuple[str, ...]]:
    hang_ups, ports = plan.hang_up_after_ms, plan.media_ports
    waits = plan.dial_after_ms
    count = max(len(plan.callers), len(hang_ups), len(ports), len(waits))
    return [
        (
            *plan.callers[n % len(plan.callers)],
            str(hang_ups[n % len(hang_ups)]),
            str(ports[n % len(ports)] if ports else 0),
            str(waits[n % len(waits)] if waits else 0),
        )
        for n in range(count)
    ]


async def register_devices(
    passwords: Mapping[str, str],
    *,
    server: str,
    port: int,
    folder: Path,
    program: SippProgram | None = None,
) -> SippOutcome:
    """Register devices, to be rung at this port; run before the devices ring there."""
    # SIPp makes a digest only of a keyword that is a whole field.
    rows = [
        (device, f"[authentication username={device} password={password}]")
        for device, password in passwords.items()
    ]
    load = Load(calls=len(rows), per_s=100, timeout_s=30)
    arguments = [server, "-inf", str(_csv(folder, rows))]
    run = await _start(
        sipp_scenarios.register(),
        arguments,
        load,
        port=port,
        folder=folder,
        program=program,
    )
    return await run.finished()


@asynccontextmanager
async def devices_ringing(
    plan: DevicePlan,
    *,
    port: int,
    folder: Path,
    timeout_s: float = 600.0,
    program: SippProgram | None = None,
) -> AsyncIterator["SippRun"]:
    """Have devices at this port until the block ends; then read ``run.outcome``."""
    scenario = sipp_scenarios.device(
        plan.ring_ms,
        status=plan.status,
        talk_ms=plan.talk_ms,
        media_port=plan.media_port,
    )
    # Devices take what comes, so the number of calls is no limit here.
    load = Load(calls=1_000_000, timeout_s=timeout_s)
    arguments = ["-rtp_echo"] if plan.echoes else []
    run = await _start(
        scenario, arguments, load, port=port, folder=folder, program=program
    )
    try:
        yield run
    finally:
        await run.stop()


class SippRun:
    """One SIPp process and the files it writes."""

    def __init__(
        self, process: asyncio.subprocess.Process, folder: Path, port: int
    ) -> None:
        self._process = process
        self._folder = folder
        self._port = port
        self._outcome: SippOutcome | None = None

    @property
    def outcome(self) -> SippOutcome:
        """What the run came to; read anew each time while it is running."""
        return self._outcome or self._read()

    @property
    def calls(self) -> tuple[SippCall, ...]:
        """The calls of ``outcome``, for who needs no more of it."""
        return self._outcome.calls if self._outcome else self._read_calls()

    def hang_up(self, sip_call_ids: Iterable[str]) -> None:
        """Have these calls hung up by SIPp's side now, if they talk still."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for sip_call_id in sip_call_ids:
                text = _HANG_UP.format(sip_call_id=sip_call_id)
                sender.sendto(text.encode(), (LOOPBACK, self._port))

    async def finished(self) -> SippOutcome:
        """Wait for SIPp's own end; cancelled, end it."""
        try:
            await self._process.wait()
        finally:
            await self.stop()
        return self.outcome

    async def wind_down(self, limit_s: float) -> None:
        """Place no more calls, and wait so long for those there are to end."""
        with suppress(ProcessLookupError, TimeoutError):
            self._process.send_signal(signal.SIGUSR1)
            await asyncio.wait_for(self._process.wait(), limit_s)
        await self.stop()

    async def stop(self) -> None:
        """Ask SIPp to end, make it end if it does not, and read what it wrote."""
        if self._process.returncode is None:
            # SIGUSR1 lets calls end, a second one gives them up.
            for _ in range(2):
                with suppress(ProcessLookupError, TimeoutError):
                    self._process.send_signal(signal.SIGUSR1)
                    await asyncio.wait_for(self._process.wait(), _STOP_WAIT_S / 5)
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._outcome = self._read()

    def _read_calls(self) -> tuple[SippCall, ...]:
        calls = sipp_log.calls(self._folder / "calls.log")
        return tuple(call for call in calls if "asked" not in call.at)

    def _read(self) -> SippOutcome:
        created, successful, failed = sipp_log.counts(self._folder / "stat.csv")
        return SippOutcome(
            created=created,
            successful=successful,
            failed=failed,
            exit_code=self._process.returncode or 0,
            calls=self._read_calls(),
            errors=sipp_log.errors(self._folder / "errors.log"),
        )


async def _start(
    scenario: str,
    arguments: list[str],
    load: Load,
    *,
    port: int,
    folder: Path,
    program: SippProgram | None,
) -> SippRun:
    program = program or _on_path()
    for name in ("stat.csv", "errors.log", "calls.log"):
        # SIPp appends to what an earlier run left.
        (folder / name).unlink(missing_ok=True)
    written = _written(folder, "scenario.xml", scenario)
    command = (
        *program.argv,
        *arguments,
        *("-sf", str(written), "-i", LOOPBACK, "-p", str(port)),
        *("-mi", LOOPBACK, "-mp", str(port + 2)),
        *("-m", str(load.calls), "-r", f"{load.per_s:g}", "-l", str(load.at_once)),
        *("-timeout", f"{load.timeout_s:g}s", "-timeout_error", "-nostdin"),
        *("-trace_stat", "-stf", str(folder / "stat.csv"), "-fd", "1"),
        *("-trace_err", "-error_file", str(folder / "errors.log")),
        *("-trace_logs", "-log_file", str(folder / "calls.log")),
    )
    with written.with_name("stderr.log").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=os.environ | program.environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=stderr,
        )
    return SippRun(process, folder, port)


def _on_path() -> SippProgram:
    found = shutil.which("sipp")
    if found is None:
        raise SippMissing
    return SippProgram(argv=(found,))


def _csv(folder: Path, rows: Sequence[Sequence[str]]) -> Path:
    lines = ["SEQUENTIAL", *(";".join(row) for row in rows), ""]
    return _written(folder, "fields.csv", "\n".join(lines))


def _written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path

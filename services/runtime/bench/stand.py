"""An instance that a bench starts for itself, with agents at real devices."""

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from services.phone.hotline import Hotline, open_hotline
from services.phone.sipp import (
    CallerPlan,
    DevicePlan,
    Load,
    SippOutcome,
    SippProgram,
    SippRun,
    calls_placed,
    devices_ringing,
    place_calls,
    register_devices,
)
from services.runtime import instance
from services.runtime.bench.free_ports import free_base, peer_port
from services.runtime.bench.problems import BenchFailed
from services.runtime.data_folder import DEVICES
from services.runtime.instance import Instance
from services.runtime.parts import sipp
from services.runtime.progress import say
from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.settings import CHECKOUT

_READY_LIMIT_S = 300.0
_STOP_LIMIT_S = 60.0
_SIGN_IN_AT_ONCE = 10
# A bench must not write into the operator's database, nor take their floor.
END_WITH = "TIELINE_END_WITH"
_NOT_INHERITED = (
    "TIELINE_DATA",
    "TIELINE_BASE_PORT",
    "TIELINE_DATABASE__URL",
    "TIELINE_FLOOR",
    "TIELINE_FLOWS",
)


class Plan(Protocol):
    """The floor that a stand is opened on."""

    @property
    def agent_ids(self) -> tuple[str, ...]:
        """The ids of all agents."""

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write floor and flows; return the floor's file and the flows' folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A running instance of the bench's own."""

    instance: Instance
    folder: Path
    """For SIPp's files."""
    agents: tuple[str, ...]
    passwords: Mapping[str, str]
    """Of devices, by the agent they belong to."""
    program: SippProgram
    ready_after_s: float

    @classmethod
    def on(
        cls, data: Path, folder: Path, agents: tuple[str, ...], *, ready_after_s: float
    ) -> "Stand":
        """Take an instance that runs on a data folder."""
        return cls(
            instance=instance.find(data),
            folder=folder,
            agents=agents,
            passwords=_passwords_in(data),
            program=sipp_program(),
            ready_after_s=ready_after_s,
        )

    @asynccontextmanager
    async def devices(
        self, plan: DevicePlan, agents: Sequence[str] = ()
    ) -> AsyncIterator[SippRun]:
        """Register devices of agents (all, if none is named) and have them ring."""
        port = peer_port(self.instance.sip)
        folder = self.folder / f"devices-{port}"
        passwords = {
            f"dev-{agent}": self.passwords[agent] for agent in agents or self.agents
        }
        await registered(
            passwords,
            server=self.instance.sip,
            port=port,
            folder=folder,
            program=self.program,
        )
        async with devices_ringing(
            plan, port=port, folder=folder, program=self.program
        ) as run:
            yield run

    @asynccontextmanager
    async def calling(
        self, plan: CallerPlan, load: Load, *, name: str = "callers"
    ) -> AsyncIterator[SippRun]:
        """Place calls, which live on while the block does.

        Args:
            plan: What each caller does.
            load: How many and how fast.
            name: Of the folder for SIPp's files.
        """
        port = peer_port(self.instance.sip)
        async with calls_placed(
            plan,
            load,
            server=self.instance.sip,
            port=port,
            folder=self.folder / f"{name}-{port}",
            program=self.program,
        ) as run:
            yield run

    async def callers(self, plan: CallerPlan, load: Load) -> SippOutcome:
        """Place calls and wait for their end."""
        port = peer_port(self.instance.sip)
        return await place_calls(
            plan,
            load,
            server=self.instance.sip,
            port=port,
            folder=self.folder / f"callers-{port}",
            program=self.program,
        )


async def registered(
    passwords: Mapping[str, str],
    *,
    server: str,
    port: int,
    folder: Path,
    program: SippProgram,
) -> None:
    """Register devices, to be rung at a port of SIPp's.

    Raises:
        BenchFailed: Not all of them were taken.
    """
    outcome = await register_devices(
        passwords, server=server, port=port, folder=folder, program=program
    )
    if outcome.successful != len(passwords):
        raise BenchFailed(
            "registering devices",
            found=f"{outcome.successful} of {len(passwords)} taken, {outcome.errors!r}",
            would_do=f"{folder} says more",
        )


@asynccontextmanager
async def open_stand(
    plan: Plan,
    *,
    is_recorded: bool = False,
    base_port: int | None = None,
    variables: Mapping[str, str] | None = None,
    within: Callable[[Path], Sequence[str]] = lambda _data: (),
) -> AsyncIterator[Stand]:
    """Start an instance on a folder that is gone afterwards; agents are ready.

    Args:
        plan: The floor.
        is_recorded: Whether conversations are recorded.
        base_port: Its ports; None looks for some that are free.
        variables: Further settings, by the names of their variables.
        within: Told the data folder, gives a command that runs ``up``.

    Raises:
        BenchFailed: It does not become ready.
    """
    # Fetched first, where it has to be.
    sipp_program()
    async with AsyncExitStack() as stack:
        name = tempfile.TemporaryDirectory(
            prefix="tieline-bench-", ignore_cleanup_errors=True
        )
        folder = Path(stack.enter_context(name))
        floor, flows = plan.write(folder)
        data = folder / "data"
        settings = {
            "TIELINE_FLOWS": str(flows),
            "TIELINE_RECORDINGS__IS_ON": "true" if is_recorded else "false",
        } | dict(variables or {})
        options = ("--data", str(data), "--floor", str(floor))
        base = ("--base-port", str(base_port or free_base()))
        ready_after_s = await stack.enter_async_context(
            running_up(
                (*options, *base),
                settings,
                log=folder / "up.log",
                prefix=within(data),
            )
        )
        stand = Stand.on(data, folder, plan.agent_ids, ready_after_s=ready_after_s)
        async with open_hotline(
            stand.instance.http, token=stand.instance.token
        ) as hotline:
            await sign_in(hotline, stand.agents)
        yield stand


def sipp_program() -> SippProgram:
    """Return SIPp, fetched if the machine has none."""
    part = sipp.obtain()
    return SippProgram(argv=part.argv, environment=part.environment)


async def sign_in(hotline: Hotline, agents: Sequence[str]) -> None:
    """Sign agents in and make them ready."""
    at_once = asyncio.Semaphore(_SIGN_IN_AT_ONCE)

    async def one(agent: str) -> None:
        async with at_once:
            await hotline.sign_in(agent)
            await hotline.ready(agent)

    await asyncio.gather(*map(one, agents))


@asynccontextmanager
async def running_up(
    options: Sequence[str],
    variables: Mapping[str, str],
    *,
    log: Path,
    command: Sequence[str] = (),
    prefix: Sequence[str] = (),
) -> AsyncIterator[float]:
    """Run ``tieline up`` in a process of its own; stop it at the block's end.

    Args:
        options: Of ``up``.
        variables: Added to the environment.
        log: Where its words go.
        command: What stands before ``up``; this checkout's if nothing.
        prefix: What stands before that.

    Yields:
        Seconds from its start to its ready line.

    Raises:
        BenchFailed: It does not become ready.
    """
    module = (sys.executable, "-P", "-m", "services.runtime.cli")
    inherited = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}
    paths = {"PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"} if not command else {}
    began_s = time.monotonic()
    with log.open("ab") as words:
        process = await asyncio.create_subprocess_exec(
            *prefix,
            *(command or module),
            *("up", "--json", *options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=words,
            env=inherited | paths | {END_WITH: str(os.getpid())} | dict(variables),
            # Ctrl-C reaches the bench alone, which then stops what it started.
            start_new_session=True,
        )
    try:
        await _until_ready(process, log)
        yield time.monotonic() - began_s
    finally:
        await _stop(process)


async def _until_ready(process: asyncio.subprocess.Process, log: Path) -> None:
    if process.stdout is None:
        raise TypeError("stdout was not piped")
    try:
        async with asyncio.timeout(_READY_LIMIT_S):
            line = await process.stdout.readline()
        is_ready = bool(json.loads(line).get("ready"))
    except (TimeoutError, ValueError):
        is_ready = False
    if not is_ready:
        raise BenchFailed(
            "starting an instance",
            found="no ready line, its last words: " + _last_words(log),
            would_do="does ./tieline up work by hand?",
        )


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n  ".join(lines[-8:])


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _STOP_LIMIT_S)
    except TimeoutError:
        say(f"the bench's instance, process {process.pid}, did not stop; killing it")
        process.kill()
        await process.wait()


def _passwords_in(data: Path) -> dict[str, str]:
    """Return the password of each agent's device."""
    path = data / SECRETS / DEVICES
    told = json.loads(path.read_text(encoding="utf-8"))
    return {agent: entry["password"] for agent, entry in told.items()}

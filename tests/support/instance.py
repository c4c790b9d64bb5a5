"""One real instance, started by ``./tieline up`` as an operator would, for journeys."""

from __future__ import annotations

import json
import os
import random
import selectors
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from recordings.reading import open_recording
from services.phone.devices import Devices, read_devices
from services.runtime.bench.free_ports import peer_port
from services.runtime.bench.stand import END_WITH
from services.runtime.occupied import taken_ports
from services.runtime.ports import Ports
from services.runtime.secrets_kept import OPERATOR, kept_secret
from services.runtime.settings import CHECKOUT
from services.runtime.vaults import vault_of

LOOPBACK = "127.0.0.1"
TIELINE = str(CHECKOUT / "tieline")
_READY_LIMIT_S = 240.0
_STOP_LIMIT_S = 40.0
_TAIL_LINES = 40


@dataclass(slots=True, kw_only=True)
class RunningInstance:
    """An instance that said it is ready."""

    data: Path
    base_port: int
    told: Mapping[str, Any]
    """The ready line."""
    environment: Mapping[str, str]
    """What commands that shall find it are given."""

    @property
    def http(self) -> str:
        """Address of its HTTP door."""
        return str(self.told["http"])

    @property
    def headers(self) -> dict[str, str]:
        """What is sent along to act as this machine's operator."""
        return {"Authorization": f"Bearer {kept_secret(self.data, OPERATOR)}"}

    @property
    def sip(self) -> str:
        """Host and port where it is dialled."""
        return str(self.told["sip"])

    @property
    def devices(self) -> Devices:
        """Agents' devices, as the instance wrote them down."""
        return read_devices(self.data)

    def pid(self, part: str) -> int | None:
        """Return the process of a part now; None while it is being restarted."""
        told = json.loads((self.data / "instance.json").read_text(encoding="utf-8"))
        pid: int | None = told["pids"].get(part)
        return pid

    def peer_port(self) -> int:
        """Return a free UDP port for a telephone, with room for its sound above."""
        return peer_port(self.sip)

    def done(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of tieline's to its end; whether it went well is its code."""
        return subprocess.run(
            (TIELINE, *words),
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    def begun(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command of tieline's; what it says is to be read."""
        return subprocess.Popen(
            (TIELINE, *words),
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            text=True,
        )

    async def ask(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> Any:
        """Ask over HTTP; a refusal raises."""
        async with httpx.AsyncClient(
            base_url=self.http, timeout=10, trust_env=False, headers=self.headers
        ) as client:
            answer = await client.request(method, path, json=body)
            answer.raise_for_status()
            return answer.json()

    async def rows(self, question: str, *values: object) -> list[dict[str, Any]]:
        """Ask the tables of record."""
        connection = await asyncpg.connect(self.told["database"], timeout=10)
        try:
            return [dict(row) for row in await connection.fetch(question, *values)]
        finally:
            await connection.close()

    def recording(self, row: Mapping[str, Any]) -> bytes:
        """Return the plain sound of a recording, by its row."""
        ids = {"call_id": str(row["call_id"]), "offer_id": str(row["offer_id"])}
        sound = open_recording(vault_of(self.data), row["path"], **ids)
        try:
            return b"".join(sound.read())
        finally:
            sound.close()

    def last_words(self) -> str:
        """Return the ends of all logs, for a test that failed."""
        logs = sorted(
            (*self.data.glob("log/*.log"), *self.data.glob("asterisk/log/messages*"))
        )
        return "\n".join(f"--- {log.name}\n{_tail(log)}" for log in logs)


@contextmanager
def running_instance(
    *,
    floor: str,
    flows: Mapping[str, str],
    within: Callable[[Path], Sequence[str]] = lambda _data: (),
    settings: Mapping[str, str] | None = None,
) -> Iterator[RunningInstance]:
    """Start one with this floor and these flows, and see that it leaves nothing.

    Args:
        floor: Text of the floor file.
        flows: Text of each flow by the name of its file.
        within: Told the data folder, gives a command that runs ``tieline up``.
        settings: What an operator sets besides, by the names of the variables.
    """
    data = Path(tempfile.mkdtemp(prefix="tieline-journeys-"))
    # mkdtemp gives 0700 to us alone; the parts may run as another user.
    data.chmod(0o711)
    (data / "flows").mkdir()
    (data / "floor.yaml").write_text(floor, encoding="utf-8")
    for name, text in flows.items():
        (data / "flows" / name).write_text(text, encoding="utf-8")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("TIELINE_")}
    # A spare costs seconds of a core; who has an engine die asks for one.
    own = {"TIELINE_FLOWS": str(data / "flows"), "TIELINE_ENGINE__HAS_SPARE": "false"}
    variables = own | dict(settings or {})
    kept = _prompts_kept()
    _copy_prompts(kept, data / "prompts")
    with _up(
        data,
        data / "floor.yaml",
        within=within(data),
        environment=inherited | variables,
        of_commands=inherited,
    ) as (running, process):
        _copy_prompts(data / "prompts", kept)
        yield running
    assert process.returncode == 0, _tail(data / "up.log")
    assert list(taken_ports(Ports.from_base(running.base_port), LOOPBACK)) == []
    shutil.rmtree(data)


@contextmanager
def started_on(
    data: Path, *, floor: Path, environment: Mapping[str, str]
) -> Iterator[RunningInstance]:
    """Start one on a data folder that is there, as a restored one is; it stays."""
    given = {k: v for k, v in environment.items() if k != "TIELINE_DATA"}
    with _up(data, floor, environment=given, of_commands=given) as (running, _):
        yield running


@contextmanager
def _up(
    data: Path,
    floor: Path,
    *,
    within: Sequence[str] = (),
    environment: Mapping[str, str],
    of_commands: Mapping[str, str],
) -> Iterator[tuple[RunningInstance, subprocess.Popen[bytes]]]:
    """Run ``tieline up`` while the block lasts, and see that no process is left."""
    base_port = free_base()
    command = (
        *(*within, TIELINE, "up", "--json"),
        *("--data", str(data), "--base-port", str(base_port), "--floor", str(floor)),
    )
    with (data / "up.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**environment, END_WITH: str(os.getpid())},
        )
    try:
        running = RunningInstance(
            data=data,
            base_port=base_port,
            told=_ready(process, data),
            environment={**of_commands, "TIELINE_DATA": str(data)},
        )
        yield running, process
    finally:
        _stop(process)
    assert _processes_of(data) == []


def _ready(process: subprocess.Popen[bytes], data: Path) -> Mapping[str, Any]:
    """Wait for the ready line."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        line = process.stdout.readline() if selector.select(_READY_LIMIT_S) else b""
    if not line:
        raise AssertionError(f"tieline up: no ready line\n{_tail(data / 'up.log')}")
    told: dict[str, Any] = json.loads(line)
    assert told["ready"] is True
    return told


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            # The parts end with their supervisor.
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _processes_of(data: Path) -> list[str]:
    """Return the command line of every process that runs on this folder."""
    commands = (_command(process) for process in Path("/proc").glob("[0-9]*"))
    return [words for words in commands if str(data) in words]


def _command(process: Path) -> str:
    try:
        return os.fsdecode((process / "cmdline").read_bytes()).replace("\0", " ")
    except OSError:
        return ""


# Workers that test at the same time must not look at one port in one moment.
_OURS = {"gw1": (25_200, 30_000)}.get(
    os.environ.get("PYTEST_XDIST_WORKER", ""), (20_000, 22_800)
)


def free_base() -> int:
    for _ in range(50):
        # Below the ports that the kernel gives away by itself.
        base = random.randrange(*_OURS, 10)  # noqa: S311 - no secret
        if not any(taken_ports(Ports.from_base(base), LOOPBACK)):
            return base
    raise AssertionError(f"no free base port between {_OURS[0]} and {_OURS[1]}")


def _prompts_kept() -> Path:
    """Return where spoken prompts are kept from run to run; names are their sums."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tieline" / "journeys-prompts"


def _copy_prompts(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for sound in source.glob("*.wav"):
        if not (target / sound.name).exists():
            draft = target / f"{sound.name}.{os.getpid()}"
            shutil.copyfile(sound, draft)
            draft.replace(target / sound.name)


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        return str(error)
    return "\n".join(lines[-_TAIL_LINES:])

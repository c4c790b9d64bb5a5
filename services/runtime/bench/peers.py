"""The same Asterisk without us: calls by its own ``Dial()`` and by its ``Queue()``."""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.phone.sipp import (
    CallerPlan,
    DevicePlan,
    Load,
    SippOutcome,
    SippProgram,
    SippRun,
    devices_ringing,
    place_calls,
)
from services.runtime.bench.floor_plan import FIRST_AGENT
from services.runtime.bench.free_ports import peer_port
from services.runtime.bench.stand import registered
from services.runtime.embedded import asterisk
from services.runtime.embedded.asterisk import AsteriskPlace
from services.runtime.parts.asterisk import AsteriskPart
from services.runtime.ports import Ports
from services.runtime.privileges import ServiceUser
from services.runtime.secrets_kept import new_secret

DIAL = "7001"
QUEUE = "7002"
_NUMBERS = ("6000",)
_MODULES = ("app_dial.so",)

# The least each needs. Dial() takes the agents in turn; Queue() the one who has not
# had a call for longest, as we do. Both answer the caller first, as we do.
_DIALPLAN = f"""
[from-trunk]
exten => {DIAL},1,Answer(,i)
 same => n,Set(GLOBAL(BENCH_TURN)=$[(0${{BENCH_TURN}} + 1) % {{agents}}])
 same => n,Dial(PJSIP/dev-$[{FIRST_AGENT} + ${{BENCH_TURN}}],15)
 same => n,Hangup()
exten => {QUEUE},1,Answer(,i)
 same => n,Queue(bench,,,,60)
 same => n,Hangup()
"""
_QUEUE = """
[bench]
strategy = leastrecent
timeout = 15
retry = 1
ringinuse = no
wrapuptime = 0
joinempty = yes
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A running Asterisk that serves the bench's calls alone."""

    pid: int
    server: str
    folder: Path
    program: SippProgram
    devices: SippRun

    async def callers(self, plan: CallerPlan, load: Load) -> SippOutcome:
        """Place calls and wait for their end."""
        port = peer_port(self.server)
        return await place_calls(
            plan,
            load,
            server=self.server,
            port=port,
            folder=self.folder / f"callers-{port}",
            program=self.program,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerPlan:
    """Which Asterisk, where, and how large its queue."""

    part: AsteriskPart
    user: ServiceUser | None
    base_port: int
    agents: tuple[str, ...]
    folder: Path
    program: SippProgram
    dialplan: str = ""
    """Contexts besides those of ``DIAL`` and ``QUEUE``; ``{sounds}`` is the folder of
    ``sounds``."""
    sounds: Mapping[str, Path] = field(default_factory=dict)
    """What it can play, by the name it is given: nothing else of ours can be read."""

    @property
    def own(self) -> Path:
        """The folder that the peer lives in."""
        return self.folder / "peer"

    @property
    def sounds_folder(self) -> Path:
        """The folder of what it can play."""
        return self.own / "sounds"


@asynccontextmanager
async def open_peer(plan: PeerPlan, devices: DevicePlan) -> AsyncIterator[Peer]:
    """Start a second process of the same Asterisk, with devices that ring there.

    A second process, so that neither pays for the other: our engine does not hear of
    the peer's calls, and app_queue does not watch the state of our agents.

    Args:
        plan: Which Asterisk, and where.
        devices: What the agents' devices do.

    Raises:
        NotStarted: It does not boot.
        BenchFailed: It does not take the devices.
    """
    passwords = {f"dev-{agent}": new_secret() for agent in plan.agents}
    place = _place(plan, passwords)
    plan.sounds_folder.mkdir(parents=True)
    for name, sound in plan.sounds.items():
        shutil.copy(sound, plan.sounds_folder / f"{name}.wav")
    async with AsyncExitStack() as stack:
        child = await asterisk.start(place)
        stack.push_async_callback(asterisk.stop, child)
        server = f"127.0.0.1:{place.ports.sip}"
        port = peer_port(server)
        folder = plan.folder / "peer-devices"
        await registered(
            passwords, server=server, port=port, folder=folder, program=plan.program
        )
        run = await stack.enter_async_context(
            devices_ringing(devices, port=port, folder=folder, program=plan.program)
        )
        yield Peer(
            pid=child.pid,
            server=server,
            folder=plan.folder,
            program=plan.program,
            devices=run,
        )


def _place(plan: PeerPlan, passwords: dict[str, str]) -> AsteriskPlace:
    members = "".join(f"member => PJSIP/{device}\n" for device in passwords)
    return AsteriskPlace(
        part=plan.part,
        data=plan.own,
        host="127.0.0.1",
        ports=Ports.from_base(plan.base_port),
        user=plan.user,
        ami_user="bench",
        ami_secret=new_secret(),
        numbers=_NUMBERS,
        devices=passwords,
        extra_modules=_MODULES,
        extra_dialplan=_DIALPLAN.replace("{agents}", str(len(plan.agents)))
        + plan.dialplan.replace("{sounds}", str(plan.sounds_folder)),
        extra_queues=_QUEUE + members,
    )

"""The simulated utility's process: ``python -m services.runtime.utility``."""

import asyncio
import signal
from datetime import UTC, datetime
from random import Random

import structlog

from services.runtime.embedded.utility import NAME
from services.runtime.errors import RuntimeProblem
from services.runtime.notify import Notifier, this_loop
from services.runtime.own_process import run_process
from services.runtime.settings import Settings
from services.utility.simulator.customers import SEED
from services.utility.simulator.desk import LABEL, Desk
from services.utility.simulator.door import SimulatorDoor
from services.utility.simulator.world import World

log = structlog.get_logger()


class UtilityRefused(RuntimeProblem):
    """The simulated utility cannot start with what it was given."""

    exit_code = 2


def main() -> None:
    """Stand in for a utility until a stop signal."""
    run_process(NAME, __doc__, _serve)


async def _serve(settings: Settings) -> None:
    host, port = settings.host, settings.ports.utility
    desk = Desk(World(_now()), now=_now)
    door = SimulatorDoor(desk, chance=Random(SEED))  # noqa: S311 - a rehearsal's chance
    try:
        server = await door.start(host, port)
    except OSError as error:
        why = error.strerror or str(error)
        raise UtilityRefused(f"{host}:{port}: {why}; is another there?") from error
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, stopping.set)
    beat = Notifier.taken().keep_telling(this_loop, is_ready_then=True)
    beating = asyncio.create_task(beat, name="beating")
    async with server:
        log.info("serving", label=LABEL, customers=len(desk.world.customers))
        await stopping.wait()
    beating.cancel()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()

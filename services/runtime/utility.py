"""The simulated utility's process: ``python -m services.runtime.utility``."""

import argparse
import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import structlog

from services.runtime.embedded.our_own import refused
from services.runtime.embedded.utility import NAME
from services.runtime.errors import RuntimeProblem
from services.runtime.logs import set_up_logs
from services.runtime.settings import Settings, read_settings
from services.utility.simulator.customers import SEED
from services.utility.simulator.desk import LABEL, Desk
from services.utility.simulator.door import SimulatorDoor
from services.utility.simulator.world import World

log = structlog.get_logger()


class UtilityRefused(RuntimeProblem):
    """The simulated utility cannot start with what it was given."""

    exit_code = 2


def main() -> None:
    """Run until a stop signal; a problem of the operator's is told as a sentence."""
    parser = argparse.ArgumentParser(prog="tieline-utility", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    try:
        settings = read_settings(data=data)
        set_up_logs(settings.logs)
        asyncio.run(_serve(settings))
    except RuntimeProblem as problem:
        # tieline up finds the sentence behind the mark, and tells it.
        sys.stderr.write(f"{refused(NAME)}{problem}\n")
        sys.exit(problem.exit_code)


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
    async with server:
        log.info("serving", label=LABEL, customers=len(desk.world.customers))
        await stopping.wait()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()

"""Becomes one part of an instance, for a supervisor that is not ours: systemd.

``python -m services.runtime.part engine --data DIR``. Where each part is a unit of its
own, none ends with another: a supervisor that dies takes nobody along.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, cast, get_args

from services.runtime import instance
from services.runtime.embedded import asterisk
from services.runtime.errors import RuntimeProblem
from services.runtime.launch import Launch, read_floor
from services.runtime.parts.obtain import obtain_parts
from services.runtime.settings import read_settings

OwnUnit = Literal["asterisk", "engine", "watchdog", "simulated-utility"]


class PartRefused(RuntimeProblem):
    """A part cannot be run so."""

    exit_code = 2


def main() -> None:
    """Prepare a part and become it; a problem is told as a sentence."""
    parser = argparse.ArgumentParser(prog="tieline-part", description=__doc__)
    parser.add_argument("part", choices=get_args(OwnUnit))
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    try:
        argv, environment = asyncio.run(
            _prepared(cast(OwnUnit, given.part), given.data)
        )
    except RuntimeProblem as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(problem.exit_code)
    os.execve(argv[0], list(argv), environment)  # noqa: S606 - this is what we are for


async def _prepared(
    part: OwnUnit, data: Path | None
) -> tuple[Sequence[str], Mapping[str, str]]:
    launch = _launch(data)
    match part:
        case "asterisk":
            if os.geteuid() == 0:
                raise PartRefused(
                    "asterisk: must not run as root; User= in its unit names another"
                )
            return await asterisk.prepare(launch.asterisk())
        case "engine":
            # Found by it: the process stays the same when it becomes the engine.
            pid = os.getpid()
            instance.write(launch.instance({"supervisor": pid, "engine": pid}))
            return launch.engine().command()
        case "watchdog":
            return launch.watchdog().command()
        case "simulated-utility":
            return launch.utility().command()


def _launch(data: Path | None) -> Launch:
    settings = read_settings(data=data)
    if settings.database.url is None:
        raise PartRefused(
            "TIELINE_DATABASE__URL: field required, got nothing; parts that are units"
            " of their own use a PostgreSQL of the machine's own"
        )
    settings.data.mkdir(parents=True, exist_ok=True)
    return Launch(
        settings=settings,
        data=settings.data.resolve(),
        floor=read_floor(settings),
        parts=obtain_parts(settings),
        user=None,
    )


if __name__ == "__main__":
    main()

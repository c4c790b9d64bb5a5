"""How a process of ours that looks on, or stands in, begins: settings, logs, a loop."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import uvloop

from services.runtime.embedded.our_own import refused
from services.runtime.errors import RuntimeProblem
from services.runtime.logs import set_up_logs
from services.runtime.settings import Settings, read_settings


def run_process(
    name: str, about: str | None, run: Callable[[Settings], Coroutine[None, None, None]]
) -> None:
    """Run until a stop signal; a problem of the operator's is told as a sentence.

    Args:
        name: The part's.
        about: What ``--help`` says of it.
        run: What it does, by its settings; ends at a stop signal.
    """
    parser = argparse.ArgumentParser(prog=f"tieline-{name}", description=about)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    try:
        settings = read_settings(data=data)
        set_up_logs(settings.logs)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(settings))
    except RuntimeProblem as problem:
        # tieline up finds the sentence behind the mark, and tells it.
        sys.stderr.write(f"{refused(name)}{problem}\n")
        sys.exit(problem.exit_code)

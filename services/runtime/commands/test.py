"""``tieline test``: every check of the code, then the tests, as CI runs them."""

import asyncio
import os
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import typer

from services.phone.stopping import run_until_stopped
from services.runtime.desk.build import build
from services.runtime.desk.checks import check
from services.runtime.desk.errors import DeskNotBuilt
from services.runtime.parts.obtain import obtain_parts
from services.runtime.progress import say
from services.runtime.settings import CHECKOUT, read_settings

CONTEXT_SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True}

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)

AT_ONCE = ("-n", "2", "--dist", "loadgroup")
"""Most of a test's time is waiting for real parts. What shares one stays together."""


_STOP_LIMIT_S = 60.0


def test(context: typer.Context) -> None:
    """Run all checks, the desk's too, and pytest; further words go to pytest."""
    # All that the tests drive is fetched first, so that none of them waits for it.
    obtain_parts(read_settings(), with_sipp=True)
    failed = [" ".join(check) for check in CHECKS if not _passes(*check)]
    failed += [] if _desk_passes() else ["desk check"]
    if failed:
        say(f"test: failed, see above: {', '.join(failed)}; now the tests all the same")
    # Its last lines are the last of all.
    code = run_tool("pytest", *AT_ONCE, *context.args)
    raise typer.Exit(code or bool(failed))


def _desk_passes() -> bool:
    """Check the desk, and build it for the instances that tests start."""
    say("test: desk check: tsc, vitest …")
    began = time.monotonic()
    parts = read_settings().parts
    try:
        code = check(parts)
        build(None, cache=parts)
    except DeskNotBuilt as problem:
        say(f"test: {problem}")
        return False
    found = "found something" if code else "found nothing"
    say(f"test: desk check {found}, in {time.monotonic() - began:.1f} s")
    return code == 0


def _passes(*check: str) -> bool:
    return run_tool(*check) == 0


def run_tool(tool: str, *arguments: str) -> int:
    """Run one tool of the environment, and return its exit code.

    Raises:
        Stopped: A signal came; the tool and all that it began have ended.
    """
    say(f"test: {shlex.join((tool, *arguments))} …")
    began = time.monotonic()
    code = run_until_stopped(_ended(tool, arguments))
    if tool != "pytest":
        found = f"ended with {code}" if code else "found nothing"
        say(f"test: {tool} {found}, in {time.monotonic() - began:.1f} s")
    return code


async def _ended(tool: str, arguments: Sequence[str]) -> int:
    """Run a tool to its end; when we are stopped, it and all it began are first."""
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name(tool)), *arguments),
        cwd=CHECKOUT,
        # Ctrl-C reaches us alone; pytest and its workers are told once, by us.
        start_new_session=True,
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        await _interrupted(process)
        raise


async def _interrupted(process: asyncio.subprocess.Process) -> None:
    """Let pytest put away what it began; its workers' instances end with them."""
    say(f"test: stopping, within {_STOP_LIMIT_S:g} s …")
    process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), _STOP_LIMIT_S)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

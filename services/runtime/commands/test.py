"""``tieline test``: every check of the code, then the tests, as CI runs them."""

import shlex
import subprocess
import sys
import time
from pathlib import Path

import typer

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


def test(context: typer.Context) -> None:
    """Run all checks, the desk's too, and pytest; further words go to pytest."""
    # All that the tests drive is fetched first, so that none of them waits for it.
    obtain_parts(read_settings(), with_sipp=True)
    failed = [" ".join(check) for check in CHECKS if not _passes(*check)]
    failed += [] if _desk_passes() else ["desk check"]
    if failed:
        say(f"test: failed, see above: {', '.join(failed)}; now the tests all the same")
    # Its last lines are the last of all.
    code = _run("pytest", *AT_ONCE, *context.args)
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
    return _run(*check) == 0


def _run(tool: str, *arguments: str) -> int:
    say(f"test: {shlex.join((tool, *arguments))} …")
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own words, and the developer's
        (str(Path(sys.executable).with_name(tool)), *arguments),
        cwd=CHECKOUT,
        check=False,
    )
    if tool != "pytest":
        found = f"ended with {done.returncode}" if done.returncode else "found nothing"
        say(f"test: {tool} {found}, in {time.monotonic() - began:.1f} s")
    return done.returncode

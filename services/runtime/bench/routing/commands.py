"""Runs tieline's own commands on a bench's instance, as a person does."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from services.runtime.bench.problems import BenchFailed
from services.runtime.settings import CHECKOUT

_LIMIT_S = 240.0


def told_by_command(
    *words: str, data: Path, variables: Mapping[str, str] | None = None
) -> str:
    """Return what a command writes on its standard output.

    Args:
        words: The command and its options.
        data: Data folder of the instance.
        variables: Added to the environment.

    Raises:
        BenchFailed: It does not end with 0, or not in time.
    """
    paths = {"PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"}
    named = ("--data", str(data))
    try:
        ran = subprocess.run(  # noqa: S603 - our own command, words of a bench
            (sys.executable, "-P", "-m", "services.runtime.cli", *words, *named),
            env=os.environ | paths | dict(variables or {}),
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise BenchFailed(
            f"tieline {words[0]}",
            found=f"{error}: {str(error.stderr)[-400:]!r}",
            would_do="does it work by hand?",
        ) from error
    return ran.stdout

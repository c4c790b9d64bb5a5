"""A small crowd on a real instance: the records and the telephones agree."""

import json
import subprocess
import sys

import pytest

from services.runtime.settings import CHECKOUT

# A bench looks for ports one after the other: two at once would take the same.
pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("bench")]


def test_a_small_crowd_is_told_alike_by_records_and_telephones() -> None:
    options = ("--calls", "12", "--agents", "6", "--rate", "3", "--seed", "3")
    shown = subprocess.run(
        (
            sys.executable,
            "-P",
            "-m",
            "services.runtime.cli",
            "demo",
            "--json",
            *options,
        ),
        cwd=CHECKOUT,
        capture_output=True,
        timeout=240,
        text=True,
        check=False,
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )

    assert shown.returncode == 0, shown.stderr[-3000:]
    told = json.loads(shown.stdout)
    figures = {row["name"]: row for row in told["figures"]}
    assert figures["calls"]["found"] == 12
    assert figures["conversations"]["found"] > 0
    assert all(row["agrees"] for row in told["figures"])
    assert told["problems"] == []

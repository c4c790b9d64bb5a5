"""What a test or a bench began ends with it."""

import signal
import subprocess
import sys

import pytest

from services.runtime.end_with import WantedByNobody, end_with
from services.runtime.settings import CHECKOUT

_CHILD = """
import os, signal, sys, time
from services.runtime.end_with import end_with
signal.signal(signal.SIGTERM, lambda *_: (print("stopped", flush=True), os._exit(0)))
end_with(int(sys.argv[1]))
print("there", flush=True)
time.sleep(10)
print("went on", flush=True)
"""
_PARENT = """
import os, subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1], str(os.getpid())])
"""


def test_it_is_told_to_stop_when_its_parent_is_killed() -> None:
    with subprocess.Popen(
        (sys.executable, "-c", _PARENT, _CHILD),
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "there\n"

        parent.send_signal(signal.SIGKILL)

        assert parent.stdout.readline() == "stopped\n"


def test_nothing_is_begun_for_who_is_gone() -> None:
    with subprocess.Popen((sys.executable, "-c", "")) as gone:
        pass

    with pytest.raises(WantedByNobody, match=f"process {gone.pid} wanted"):
        end_with(gone.pid)

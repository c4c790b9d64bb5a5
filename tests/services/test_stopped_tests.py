"""Who stops ``tieline test`` leaves no test at work."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from services.runtime.settings import CHECKOUT

_RUN = """
import sys
from services.phone.stopping import Stopped
from services.runtime.commands.test import run_tool
try:
    run_tool("pytest", "-p", "no:cacheprovider", "-n", "1", *sys.argv[1:])
except Stopped:
    sys.exit(7)
"""
_TEST = """
import os
import time
from pathlib import Path

def test_that_goes_on():
    draft = Path(__file__).with_name("draft")
    draft.write_text(str(os.getpid()))
    draft.rename(draft.with_name("worker"))
    time.sleep(600)
"""
_LIMIT_S = 120


def test_workers_end_with_the_command(tmp_path: Path) -> None:
    test, worker = tmp_path / "test_long.py", tmp_path / "worker"
    test.write_text(_TEST, encoding="utf-8")
    with subprocess.Popen(
        (sys.executable, "-c", _RUN, "--rootdir", str(tmp_path), str(test)),
        cwd=CHECKOUT,
    ) as command:
        seen_by = time.monotonic() + _LIMIT_S
        while not worker.exists():
            assert time.monotonic() < seen_by
            time.sleep(0.05)

        command.send_signal(signal.SIGTERM)

        assert command.wait(_LIMIT_S) == 7
    process = Path("/proc", worker.read_text(encoding="utf-8"))
    while process.exists():
        assert time.monotonic() < seen_by
        time.sleep(0.05)

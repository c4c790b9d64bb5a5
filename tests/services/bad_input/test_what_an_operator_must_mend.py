"""An account that may do too much or is refused: the start stops, and says it once."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.embedded.child import Child
from services.runtime.embedded.errors import NotStarted, PartRefuses
from services.runtime.settings import CHECKOUT
from services.runtime.supervisor import Supervised, Supervisor
from tests.services.test_supervisor import Floor, lives

# Workers that test at the same time start at ports of their own.
BASE = {"gw1": 8_400}.get(os.environ.get("PYTEST_XDIST_WORKER", ""), 31_400)
PACKAGES = (
    *("acd", "ivr", "cti_bridge", "recordings", "services"),
    *("dialplans", "asterisk-conf"),
)


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A copy of the product whose configuration an operator may spoil."""
    folder = Path(tempfile.mkdtemp(prefix="tieline-spoilt-"))
    folder.chmod(0o755)
    for name in PACKAGES:
        shutil.copytree(
            CHECKOUT / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def up(checkout: Path) -> tuple[int, list[str]]:
    """Run ``tieline up`` of a copy; return its end and what it says beside progress."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("TIELINE_")}
    done = subprocess.run(
        (
            *(sys.executable, "-P", "-m", "services.runtime.cli", "up", "--json"),
            *("--data", str(checkout / "data"), "--base-port", str(BASE)),
        ),
        env=inherited | {"PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd="/",
    )
    assert done.stdout == ""
    told = [
        line for line in done.stderr.splitlines() if not line.startswith("tieline: ")
    ]
    return done.returncode, told


def spoil(checkout: Path, was: str, becomes: str) -> None:
    path = checkout / "asterisk-conf" / "manager.conf"
    text = path.read_text(encoding="utf-8")
    assert was in text
    path.write_text(text.replace(was, becomes), encoding="utf-8")


@pytest.mark.asterisk
def test_an_account_that_may_do_too_much_stops_the_start_with_one_sentence(
    checkout: Path,
) -> None:
    spoil(checkout, "write = {{ami_write}}", "write = {{ami_write}},command,system")

    code, told = up(checkout)

    assert code == 2
    assert told == [
        f"engine: will not run: asterisk at 127.0.0.1:{BASE + 2}: account 'tieline'"
        " should hold none of the write classes system, command and config, got"
        " command, system; take them from write= in manager.conf [tieline]; its log is"
        f" {checkout}/data/log/engine.log"
    ]


@pytest.mark.asterisk
def test_an_account_that_asterisk_does_not_know_stops_the_start_with_one_sentence(
    checkout: Path,
) -> None:
    spoil(checkout, "secret = {{ami_secret}}", "secret = another-secret-than-ours")

    code, told = up(checkout)

    assert code == 2
    assert told == [
        f"asterisk: will not run: asterisk at 127.0.0.1:{BASE + 2} refused login for"
        " 'tieline': Authentication failed; see manager.conf [tieline]; its log is"
        f" {checkout}/data/log/asterisk.log"
    ]


async def test_a_part_that_will_not_run_again_is_left_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    floor = Floor(tmp_path)
    engine = floor.part("engine")
    starts: list[str] = []
    refused = asyncio.Event()

    async def once() -> Child:
        starts.append("engine")
        if len(starts) == 1:
            return await engine.start()
        refused.set()
        raise PartRefuses("engine", "the floor is broken", log=tmp_path / "engine.log")

    supervisor = Supervisor(
        {
            "asterisk": floor.part("asterisk"),
            "engine": Supervised(start=once, stop=engine.stop),
        },
        pids_changed=floor.take_pids,
        tell=floor.said.append,
    )
    running = asyncio.create_task(supervisor.run())
    pids = await floor.next_pids()

    os.kill(pids["engine"], signal.SIGKILL)
    await asyncio.wait_for(refused.wait(), 30)
    # Longer than the first two waits for a start in a row.
    await asyncio.sleep(1)

    assert starts == ["engine", "engine"]
    assert lives(pids["asterisk"])
    assert floor.said[-1] == (
        f"engine: will not run: the floor is broken; its log is {tmp_path}/engine.log;"
        " mend that, then stop tieline and start it"
    )
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 30)


def test_other_ends_of_a_part_are_told_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "asterisk.log"
    log.write_text("no such module\n")

    told = str(NotStarted("asterisk", why="it ended with 1", log=log, ended_with=1))

    assert told == (
        f"asterisk: did not start, it ended with 1; its log is {log}\n  no such module"
    )

"""Disks that fill up under a call: it goes on, and the record says what is missing."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from services.runtime.bench.small_disks import CAN_BE, small_disks
from tests.services.bad_input.conftest import FLOOR, FLOW
from tests.support.instance import RunningInstance, running_instance

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.skipif(
        not CAN_BE,
        reason="only root can give an instance small disks of its own",
    ),
]
_LIMIT_S = 30.0


@pytest.fixture(scope="module")
def small() -> Iterator[RunningInstance]:
    """An instance with 48 kB for finished recordings and 32 kB for its journal."""
    sizes = {"recordings": "48k", "journal": "32k", "asterisk/spool": "200k"}
    with running_instance(
        floor=FLOOR, flows={"main.yaml": FLOW}, within=small_disks(sizes)
    ) as running:
        yield running


def test_a_call_goes_on_and_its_record_says_why_there_is_no_recording(
    small: RunningInstance,
) -> None:
    report, shift = talked(small, 5)

    assert report["failure"] is None
    assert report["talked_s"] >= 4.5
    assert shift["calls"][0]["outcome"] == "answered"
    told = recording(small, report["call_id"])
    assert told["kind"] == "recording_missing"
    assert told["sentence"].startswith(
        f"missing: recording of call {report['call_id']}: cannot be stored in"
        f" {small.data}/recordings: No space left on device; it is left at"
    )
    assert ready(small) == {"switch", "database", "journal", "agi"}


def test_a_spool_that_fills_up_leaves_a_recording_that_says_what_it_lacks(
    small: RunningInstance,
) -> None:
    # What could not be stored before has room now, and takes it from the spool.
    remount(small, "recordings", "8m")

    report, shift = talked(small, 8)

    assert report["failure"] is None
    assert report["talked_s"] >= 7.5
    assert shift["calls"][0]["outcome"] == "answered"
    told = recording(small, report["call_id"])
    assert told["kind"] == "recording_stored"
    assert told["sentence"].endswith(" s of the talk are missing, was the disk full?")


def test_a_full_journal_is_told_and_loses_nothing_when_there_is_room_again(
    small: RunningInstance,
) -> None:
    calls = []
    deadline = time.monotonic() + 3 * _LIMIT_S
    while "journal" in ready(small) and time.monotonic() < deadline:
        calls.append(tieline(small, "call", "6000", "--json", "--wait", "2"))
    sentence = parts(small)["journal"]["sentence"]
    calls.append(tieline(small, "call", "6000", "--json", "--wait", "2"))

    assert sentence.endswith(
        ".journal: cannot be written: No space left on device; entries are held in"
        " memory until it can"
    )
    assert all(call["answered"] for call in calls)
    remount(small, "journal", "8m")
    eventually(lambda: ready(small) == {"switch", "database", "journal", "agi"})
    dialled = {call["sip_call_id"] for call in calls}
    eventually(lambda: dialled <= closed(small))


def talked(
    small: RunningInstance, talk_s: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Have a caller talk to an agent; return what both tell."""
    with small.begun("agent", "1001", "--calls", "1", "--json") as agent:
        eventually(lambda: state(small, "1001") == "ready")
        report = tieline(small, "call", "6000", "--json", "--talk", str(talk_s))
        out, _ = agent.communicate(timeout=_LIMIT_S)
    return report, json.loads(out)


def tieline(small: RunningInstance, *words: str) -> dict[str, Any]:
    done = small.done(*words)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def recording(small: RunningInstance, call_id: str) -> dict[str, Any]:
    """Return the moment at which the recording was told of."""
    found: list[dict[str, Any]] = []

    def is_told() -> bool:
        told = tieline(small, "replay", call_id, "--json")["timeline"]
        found[:] = [one for one in told if one["source"] == "recording"]
        return bool(found)

    eventually(is_told)
    return found[0]


def remount(small: RunningInstance, name: str, size: str) -> None:
    """Make a disk of the instance larger, in its own sight."""
    engine = small.pid("engine")
    place = str(small.data / name)
    subprocess.run(
        (
            "nsenter",
            "-t",
            str(engine),
            "-m",
            "mount",
            "-o",
            f"remount,size={size}",
            place,
        ),
        check=True,
    )


def parts(small: RunningInstance) -> dict[str, dict[str, Any]]:
    told = httpx.get(f"{small.http}/readiness", timeout=10).json()["parts"]
    return {part["part"]: part for part in told}


def ready(small: RunningInstance) -> set[str]:
    return {name for name, part in parts(small).items() if part["is_ready"]}


def state(small: RunningInstance, agent_id: str) -> str:
    told = httpx.get(
        f"{small.http}/agents/{agent_id}", timeout=10, headers=small.headers
    ).json()
    return str(told["state"])


def closed(small: RunningInstance) -> set[str]:
    told = httpx.get(f"{small.http}/calls", timeout=10, headers=small.headers).json()
    return {call["sip_call_id"] for call in told if call["state"] == "closed"}


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)

"""Markers that are told to a real instance, and looked for in every byte it wrote."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.instance import RunningInstance, running_instance
from tests.support.small_floor import STRAIGHT, small_floor

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("canaries")]

NUMBER, NAME, PIN = "13976543218", "Canaryname", "739154"
_PIN_STEP = """\
  pin{0}:
    menu: {{en: Next digit.}}
    keys: {{{1}}}
    secret: true
    timeout_s: 8
"""


def _pin_step(n: int) -> str:
    following = f"pin{n + 1}" if n < len(PIN) else "agent"
    keys = ", ".join(f"{key}: {following}" for key in range(10))
    return _PIN_STEP.format(n, keys)


FLOW = STRAIGHT.replace("entry: agent", "entry: pin1") + "".join(
    map(_pin_step, range(1, len(PIN) + 1))
)
RECORDS = ("journal", "postgres")
"""Who called stands in the records by design; nowhere else."""


@pytest.fixture(scope="module")
def instance() -> Iterator[RunningInstance]:
    with running_instance(
        floor=small_floor(),
        flows={"main.yaml": FLOW},
        settings={"TIELINE_LOGS__LEVEL": "debug"},
    ) as running:
        place_a_call(running)
        yield running


def place_a_call(running: RunningInstance) -> None:
    agent = running.begun("agent", "--calls", "1", "--json")
    caller = running.begun(
        *("call", "6000", "--json", "--from", NUMBER, "--name", NAME),
        *("--press", PIN, "--press-after", "1", "--talk", "2"),
    )
    told, _ = caller.communicate(timeout=120)
    agent.communicate(timeout=60)
    assert json.loads(told)["put_through"] is True
    assert json.loads(told)["keys"] == PIN


def _content(path: Path) -> bytes:
    """Return what a file holds; nothing of one that its program has just removed."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


def holders(folder: Path, marker: str) -> list[str]:
    """Return the files that hold a marker, also as UTF-16 or hexadecimal."""
    raw = marker.encode()
    forms = (raw, marker.encode("utf-16-le"), raw.hex().encode())
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if any(form in _content(path) for form in forms)
    ]


def test_keys_of_a_secret_step_stand_in_no_byte_that_was_written(
    instance: RunningInstance,
) -> None:
    assert holders(instance.data, PIN) == []


async def test_no_fact_tells_a_key_of_a_secret_step(instance: RunningInstance) -> None:
    asked = "SELECT key FROM steps WHERE kind = 'key'"
    rows = await instance.rows(asked)

    assert [row["key"] for row in rows] == [""] * len(PIN)
    journal = b"".join(p.read_bytes() for p in instance.data.glob("journal/*"))
    assert journal.count(b'"key_pressed"') == len(PIN)
    assert all(b'"key":"%c"' % digit not in journal for digit in PIN.encode())


@pytest.mark.parametrize("marker", [NUMBER, NAME])
def test_who_called_stands_in_the_records_and_in_no_log(
    instance: RunningInstance, marker: str
) -> None:
    found = holders(instance.data, marker)

    assert found, "the record must know who called"
    assert [name for name in found if not name.startswith(RECORDS)] == []


def test_there_is_a_log_that_could_have_told(instance: RunningInstance) -> None:
    log = (instance.data / "log" / "engine.log").read_text(encoding="utf-8")

    assert "switch_seen" in log


async def test_no_figure_names_a_caller(instance: RunningInstance) -> None:
    async with httpx.AsyncClient(
        base_url=instance.http, headers=instance.headers, trust_env=False
    ) as client:
        figures = (await client.get("/metrics")).text

    assert figures
    assert NUMBER not in figures
    assert NAME not in figures


def test_what_was_said_stands_open_in_no_file(instance: RunningInstance) -> None:
    kept = [p for p in instance.data.glob("recordings/*/*/*/*") if p.is_file()]

    assert [path.name.endswith(".wav.sealed") for path in kept] == [True]
    assert list((instance.data / "asterisk" / "spool" / "monitor").iterdir()) == []


def test_every_secret_is_its_owners_alone(instance: RunningInstance) -> None:
    secrets = [p for p in (instance.data / "secrets").rglob("*") if p.is_file()]

    assert secrets
    assert [p.name for p in secrets if p.stat().st_mode & 0o077] == []
    for path in instance.data.glob("journal/*"):
        assert path.stat().st_mode & 0o077 == 0, path

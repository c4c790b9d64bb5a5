"""Commands asked for what is not there: a sentence, and an exit code that says so."""

import json
import time
from pathlib import Path

import httpx
import pytest

from tests.support.instance import RunningInstance


def tieline(instance: RunningInstance, *words: str) -> tuple[int, str, str]:
    done = instance.done(*words)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [("calls",), ("replay", "abc"), ("call", "6000"), ("agent", "1001")],
    ids=lambda words: str(words[0]),
)
def test_a_command_without_an_instance_says_how_to_get_one(
    instance: RunningInstance, tmp_path: Path, words: tuple[str, ...]
) -> None:
    code, _, told = tieline(instance, *words, "--data", str(tmp_path))

    assert code == 3
    assert told == (
        f"{tmp_path}: no instance runs here, there is no instance.json; start one by"
        " ./tieline up, or name its folder by --data or TIELINE_DATA\n"
    )


@pytest.mark.parametrize("number", ["7777", "600", "60000", "*72"])
def test_a_number_that_nobody_has_is_told_with_those_there_are(
    instance: RunningInstance, number: str
) -> None:
    code, said, told = tieline(instance, "call", number, "--json")

    assert code == 1
    assert told == f"{number}: no such number here (SIP 404); numbers are 6000\n"
    assert json.loads(said)["failure"] == told.strip()
    assert json.loads(said)["call_id"] is None


def test_a_number_that_cannot_be_dialled_is_a_mistake_of_the_command_line(
    instance: RunningInstance,
) -> None:
    code, _, told = tieline(instance, "call", "6000@elsewhere")

    assert code == 2
    assert "got '6000@elsewhere'" in told


@pytest.mark.parametrize("call", ["ffffffff", "zzz", "%2e", "ffffffff-ffff", "'; --"])
def test_a_call_that_is_not_on_record_is_told(
    instance: RunningInstance, call: str
) -> None:
    code, said, told = tieline(instance, "replay", call)

    assert (code, said) == (1, "")
    assert told.startswith(f"call {call!r}: ")
    assert "tieline calls lists them" in told


def test_an_agent_who_is_not_on_the_floor_is_told_with_those_who_are(
    instance: RunningInstance,
) -> None:
    code, _, told = tieline(instance, "agent", "9999")

    assert code == 1
    assert told == (
        f"{instance.data}/secrets/devices.json: no device for agent '9999'; agents"
        " with one are 1001, 1002\n"
    )


def test_an_agent_who_has_a_call_is_told_and_not_disturbed(
    instance: RunningInstance,
) -> None:
    with (
        instance.begun("agent", "1002", "--calls", "1", "--json") as first,
        instance.begun("call", "6000", "--talk", "8", "--json") as caller,
    ):
        until_state(instance, "1002", "talking")

        code, _, told = tieline(instance, "agent", "1002")

        said, _ = caller.communicate(timeout=60)
        worked, _ = first.communicate(timeout=60)
    assert code == 1
    assert told == (
        "agent '1002': has a call, is talking; name another agent, or none for the"
        " first who is signed out\n"
    )
    assert json.loads(said)["talked_s"] >= 7.5
    assert json.loads(worked)["calls"][0]["ended_by"] == "caller"


def until_state(instance: RunningInstance, agent_id: str, state: str) -> None:
    deadline = time.monotonic() + 60
    with httpx.Client(
        base_url=instance.http, headers=instance.headers, trust_env=False
    ) as client:
        while client.get(f"/agents/{agent_id}").json()["state"] != state:
            assert time.monotonic() < deadline
            time.sleep(0.2)

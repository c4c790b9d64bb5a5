"""What ./tieline up says, and ends with, where it cannot start."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from services.runtime.settings import CHECKOUT
from tests.support.postgres import free_port, fresh_database

BASE = 31_300
"""Away from the instances of other tests, and below the kernel's own choice."""


def up(data: Path, *options: str, **variables: str) -> tuple[int, str]:
    """Run ``tieline up`` where it must not come up; return its end and its words."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("TIELINE_")}
    done = subprocess.run(
        (
            *(str(CHECKOUT / "tieline"), "up", "--json", "--data", str(data)),
            *("--base-port", str(BASE), *options),
        ),
        env=inherited | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_wrong_settings_are_told_all_at_once_and_nothing_is_made(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"

    code, told = up(data, TIELINE_BASE_PRT="1", TIELINE_LOGS__LEVEL="loud")

    assert code == 2
    assert told == (
        "TIELINE_BASE_PRT: no setting is called so; did you mean TIELINE_BASE_PORT?\n"
        "TIELINE_LOGS__LEVEL: input should be 'debug', 'info', 'warning' or 'error',"
        " got 'loud'\n"
    )
    assert not data.exists()


def test_ports_that_are_taken_are_told_with_their_use_and_their_holder(
    tmp_path: Path,
) -> None:
    uses = {"http": 1, "ami": 2, "agi": 3, "database": 4}
    with socket.socket(type=socket.SOCK_DGRAM) as sip:
        sip.bind(("127.0.0.1", BASE))
        held = [socket.create_server(("127.0.0.1", BASE + n)) for n in uses.values()]

        code, told = up(tmp_path)

        for one in held:
            one.close()
    assert code == 2
    for use, n in {**uses, "sip": 0}.items():
        assert f"port {BASE + n} ({use}) is taken by " in told
    assert f"(pid {os.getpid()})" in told
    assert told.rstrip().endswith("would do")


def test_a_broken_floor_and_its_flows_are_told_by_file_line_and_nearest_name(
    tmp_path: Path,
) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(
        "name: main\nlanguage: en\nentry: welcome\nperson: agent\nsteps:\n"
        "  welcome:\n    menu: {en: Press one.}\n    keys: {1: agnet}\n"
        "    timeout_s: 90\n  agent:\n    queue: q_falut\n"
    )
    floor = tmp_path / "floor.yaml"
    floor.write_text(
        "province: YJ\nunit: '-'\nnumbers:\n  6000: {name: hotline, flow: mian}\n"
        "skills: {fault: faults}\nqueues:\n  q_fault: {name: x, skils: [fault]}\n"
        "agents: {}\n"
    )

    code, told = up(tmp_path / "data", "--floor", str(floor), TIELINE_FLOWS=str(flows))

    assert code == 2
    lines = told.splitlines()
    assert any(
        line.startswith(f"{floor}:7: queues → q_fault → skils: is not an option here;")
        for line in lines
    ), told
    assert any(
        line.startswith(f"{flows}/main.yaml:8: ") and "did you mean 'agent'?" in line
        for line in lines
    ), told
    assert any(
        line.startswith(f"{flows}/main.yaml:9: ") and "got '90'" in line
        for line in lines
    ), told


def test_a_floor_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, told = up(tmp_path, "--floor", "/nowhere/floor.yaml")

    assert (code, told) == (
        2,
        "/nowhere/floor.yaml: cannot be read: No such file or directory;"
        " is the path right?\n",
    )


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    code, told = up(tmp_path / "file")

    assert (code, told) == (
        2,
        f"{tmp_path}/file: cannot be the data folder, File exists;"
        " give --data a folder that can be written\n",
    )


def test_an_old_asterisk_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    old = tmp_path / "asterisk"
    old.write_text("#!/bin/sh\necho 'Asterisk 20.6.0~dfsg'\n")
    old.chmod(0o755)

    code, told = up(tmp_path / "data", TIELINE_ASTERISK__BINARY=str(old))

    assert (code, told) == (
        2,
        "TIELINE_ASTERISK__BINARY: it is 20.6.0, older than 22.10.1, which fixed 20"
        f" security advisories, got '{old}'; name another, or unset it to have one"
        " found or fetched\n",
    )


def test_a_database_that_does_not_answer_is_told_without_its_password(
    tmp_path: Path,
) -> None:
    port = free_port()
    url = f"postgresql://tieline:hunter2hunter2@127.0.0.1:{port}/records"

    code, told = up(tmp_path, TIELINE_DATABASE__URL=url)

    assert (code, told) == (
        2,
        f"TIELINE_DATABASE__URL: the database at 127.0.0.1:{port}/records cannot be"
        " used, no connection: connection refused; does a PostgreSQL run there?\n",
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("password", 'password authentication failed for user "tieline"'),
        ("database", 'database "nowhere" does not exist'),
    ],
)
async def test_a_database_that_refuses_us_is_told_in_its_own_words(
    tmp_path: Path, wrong: str, said: str
) -> None:
    async with fresh_database() as url:
        place = url.rpartition("@")[2]
        if wrong == "password":
            url = f"postgresql://tieline:hunter2hunter2@{place}"
        else:
            place = place.rpartition("/")[0] + "/nowhere"
            url = url.rpartition("/")[0] + "/nowhere"

        code, told = up(tmp_path, TIELINE_DATABASE__URL=url)

    assert (code, told) == (
        2,
        f"TIELINE_DATABASE__URL: the database at {place} cannot be used, {said};"
        " are name, password and database right, and is the database the name's own?\n",
    )

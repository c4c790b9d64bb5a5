import json
import shutil
import subprocess
from pathlib import Path

import pytest

from services.runtime.settings import CHECKOUT

TOOLS = (
    *("sh", "cat", "cut", "date", "dirname", "grep", "id", "readlink"),
    *("sha256sum", "tail", "mktemp", "rm"),
)


class Machine:
    """A checkout in a folder with a difficult name, on a machine without Python."""

    def __init__(self, folder: Path) -> None:
        self.tools = folder / "bin"
        self.tools.mkdir()
        for name in TOOLS:
            (self.tools / name).symlink_to(str(shutil.which(name)))
        self.checkout = folder / "a & b 'c'"
        self.checkout.mkdir()
        for name in ("tieline", "requirements.lock", "requirements-build.lock"):
            shutil.copy(CHECKOUT / name, self.checkout / name)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (str(self.checkout / "tieline"), *words),
            env={"PATH": str(self.tools)},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )

    def has(self, name: str, script: str) -> None:
        program = self.tools / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_doctor_works_without_python_and_tells_the_line_that_mends_it(
    machine: Machine,
) -> None:
    machine.has("apt-get", "exit 1")

    done = machine.run("doctor")

    assert done.returncode == 1
    assert "python     missing  no python3; 3.11 to 3.13 with venv is" in done.stdout
    assert "apt-get update && apt-get install -y --no-install-recommends python3" in (
        done.stdout
    )


def test_doctor_without_python_speaks_json_too(machine: Machine) -> None:
    done = machine.run("doctor", "--json")

    told = json.loads(done.stdout)
    assert told["can_start"] is False
    assert told["items"][0]["name"] == "python"
    assert told["items"][0]["state"] == "missing"


def test_without_apt_the_sentence_says_what_to_install(machine: Machine) -> None:
    done = machine.run("up", "--json")

    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (
        "tieline: Python: 3.11 to 3.13 with venv and pip is needed, found: no python3;"
        " install one, there is no apt here to do it\n"
    )


def test_an_ordinary_user_is_told_the_line_for_root(machine: Machine) -> None:
    machine.has("apt-get", "exit 1")
    (machine.tools / "id").unlink()
    machine.has("id", "echo 1000")

    done = machine.run("up")

    assert done.returncode == 3
    assert "this line, run once by root, mends it:\n  apt-get update && " in done.stderr


def test_root_installs_exactly_what_is_missing(machine: Machine) -> None:
    (machine.tools / "id").unlink()
    machine.has("id", "echo 0")
    machine.has("apt-get", f'echo "$@" >>"{machine.tools}/asked"')

    done = machine.run("up")

    assert done.returncode == 3
    assert "found after the installation: no python3" in done.stderr
    asked = (machine.tools / "asked").read_text().splitlines()
    assert asked[0] == "update -q"
    assert asked[1].startswith(
        "install -q -y --no-install-recommends python3 python3-venv"
    )


def test_a_python_that_is_too_old_is_told_with_its_version(machine: Machine) -> None:
    old = 'case "$2" in *print*) printf "python3 is 3.9";; *) exit 1;; esac'
    machine.has("python3", old)

    done = machine.run("up")

    assert done.returncode == 3
    assert "found: python3 is 3.9;" in done.stderr

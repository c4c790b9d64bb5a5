import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime import instance
from services.runtime.data_folder import AlreadyRuns, device_passwords, held
from services.runtime.errors import NoInstance
from services.runtime.instance import Instance
from services.runtime.secrets_kept import kept_secret


def an_instance(data: Path, **pids: int) -> Instance:
    return Instance(
        data=data,
        sip="127.0.0.1:16000",
        http="http://127.0.0.1:16001",
        ami="127.0.0.1:16002",
        agi="127.0.0.1:16003",
        database="postgresql://tieline:secret@127.0.0.1:16004/tieline",
        numbers=("6000", "6001"),
        pids=pids,
    )


def test_a_folder_that_another_process_holds_is_refused_with_its_pid(
    tmp_path: Path,
) -> None:
    holding = (
        "import sys, pathlib; from services.runtime.data_folder import held\n"
        "with held(pathlib.Path(sys.argv[1])): print('held', flush=True); input()"
    )
    with subprocess.Popen(
        (sys.executable, "-c", holding, str(tmp_path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        other.stdout.readline()

        with pytest.raises(AlreadyRuns) as refused, held(tmp_path):
            pass

        other.communicate("\n")

    assert str(refused.value) == (
        f"{tmp_path}: an instance runs here already, process {other.pid};"
        f" stop it by kill -TERM {other.pid}, or give another --data and --base-port"
    )
    with held(tmp_path) as folder:
        assert folder == tmp_path


def test_what_a_killed_run_left_written_is_not_believed(tmp_path: Path) -> None:
    instance.write(an_instance(tmp_path, supervisor=2**22 + 1, asterisk=2**22 + 2))

    with held(tmp_path):
        assert not (tmp_path / instance.FILE_NAME).exists()


def test_an_instance_that_is_ready_is_found_by_its_folder(tmp_path: Path) -> None:
    written = an_instance(tmp_path, supervisor=os.getpid(), engine=7)
    instance.write(written)

    assert instance.find(tmp_path) == written
    assert (tmp_path / instance.FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_the_variable_names_the_folder_when_no_option_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.write(an_instance(tmp_path, supervisor=os.getpid()))
    monkeypatch.setenv("TIELINE_DATA", str(tmp_path))

    assert instance.find().data == tmp_path


def test_where_nothing_runs_the_sentence_says_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(NoInstance) as refused:
        instance.find(tmp_path)

    assert str(refused.value) == (
        f"{tmp_path}: no instance runs here, there is no instance.json; start one by"
        " ./tieline up, or name its folder by --data or TIELINE_DATA"
    )


def test_an_instance_whose_supervisor_ended_is_not_found(tmp_path: Path) -> None:
    instance.write(an_instance(tmp_path, supervisor=2**22 + 1))

    with pytest.raises(NoInstance, match=r"process 4194305 of instance.json has ended"):
        instance.find(tmp_path)


def test_the_ready_line_has_what_was_promised(tmp_path: Path) -> None:
    line = an_instance(tmp_path, supervisor=1).ready_line()

    assert json.loads(line) == {
        "ready": True,
        "sip": "127.0.0.1:16000",
        "http": "http://127.0.0.1:16001",
        "ami": "127.0.0.1:16002",
        "agi": "127.0.0.1:16003",
        "database": "postgresql://tieline:secret@127.0.0.1:16004/tieline",
        "numbers": ["6000", "6001"],
        # Where programs that are not ours find by what they are known.
        "token_file": str(tmp_path / "secrets" / "operator"),
    }
    assert "\n" not in line


def test_a_secret_is_made_once_and_read_by_us_only(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path, "ami")

    assert kept_secret(tmp_path, "ami") == secret
    assert len(secret) == 32
    assert (tmp_path / "secrets" / "ami").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_devices_keep_their_passwords_when_the_floor_grows(tmp_path: Path) -> None:
    before = device_passwords(tmp_path, {"1001": "dev-1001"})

    after = device_passwords(tmp_path, {"1001": "dev-1001", "1002": "dev-1002"})

    assert after["dev-1001"] == before["dev-1001"]
    assert after["dev-1002"] != before["dev-1001"]
    written = json.loads((tmp_path / "secrets" / "devices.json").read_text())
    assert written["1002"] == {"device": "dev-1002", "password": after["dev-1002"]}

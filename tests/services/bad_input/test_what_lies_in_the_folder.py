"""Files of the data folder that somebody emptied, cut, or opened to others."""

import json
from pathlib import Path

import pytest

from services.runtime import instance
from services.runtime.data_folder import device_passwords, held
from services.runtime.errors import NoInstance
from services.runtime.instance import FILE_NAME
from services.runtime.secrets_kept import SecretUnusable, kept_secret

SPOILT = (
    "",
    "{",
    "{}",
    "[]",
    "null",
    "7",
    '"up"',
    '{"pids": [1]}',
    '{"pids": {"supervisor": "x"}, "numbers": []}',
    '{"ready": true, "pids": {}, "numbers": ["6000"]}',
)


@pytest.mark.parametrize("text", SPOILT)
def test_a_spoilt_file_of_the_instance_says_that_none_runs_here(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / FILE_NAME).write_text(text)

    with pytest.raises(NoInstance) as refused:
        instance.find(tmp_path)

    assert refused.value.exit_code == 3
    assert str(refused.value).startswith(
        f"{tmp_path}: no instance runs here, instance.json is not "
    )


@pytest.mark.parametrize("text", SPOILT)
def test_a_spoilt_file_of_the_instance_does_not_keep_a_new_one_from_starting(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / FILE_NAME).write_text(text)

    with held(tmp_path) as folder:
        assert folder == tmp_path


def test_a_file_of_the_instance_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()

    with pytest.raises(NoInstance, match="cannot be read, Is a directory"):
        instance.find(tmp_path)


def test_a_secret_that_others_may_read_stops_the_start(tmp_path: Path) -> None:
    kept_secret(tmp_path, "ami")
    path = tmp_path / "secrets" / "ami"
    path.chmod(0o640)

    with pytest.raises(SecretUnusable) as refused:
        kept_secret(tmp_path, "ami")

    assert refused.value.exit_code == 2
    assert str(refused.value) == (
        f"{path}: is open to others, mode 0640; chmod 600 {path} would do, and a new"
        " secret if others read it"
    )


@pytest.mark.parametrize("text", ["", "short", "no secret with blanks", "\u4e2d" * 20])
def test_a_secret_that_was_spoilt_is_told_without_its_text(
    tmp_path: Path, text: str
) -> None:
    kept_secret(tmp_path, "ami")
    path = tmp_path / "secrets" / "ami"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SecretUnusable) as refused:
        kept_secret(tmp_path, "ami")

    said = str(refused.value)
    assert said.startswith(f"{path}: is not what tieline up wrote, ")
    assert said.endswith(" characters; put back the one that was there")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"1001": 7}', '{"1001": {"device": "dev-1001"}}']
)
def test_a_spoilt_file_of_devices_is_told_with_what_would_do(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "secrets" / "devices.json"
    device_passwords(tmp_path, {"1001": "dev-1001"})
    path.write_text(text)

    with pytest.raises(SecretUnusable) as refused:
        device_passwords(tmp_path, {"1001": "dev-1001"})

    assert str(refused.value) == (
        f"{path}: is not what tieline up writes; remove it to have new passwords made;"
        " phones need those then"
    )


def test_devices_that_others_may_read_stop_the_start(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "devices.json"
    device_passwords(tmp_path, {"1001": "dev-1001"})
    before = json.loads(path.read_text())
    path.chmod(0o604)

    with pytest.raises(SecretUnusable, match="open to others, mode 0604"):
        device_passwords(tmp_path, {"1001": "dev-1001"})

    assert json.loads(path.read_text()) == before

import os
import resource
import subprocess
from pathlib import Path

import pytest

from services.runtime.privileges import confined
from services.runtime.secrets_kept import SecretUnusable, kept_secret
from services.runtime.shut import OURS, shut


def test_secrets_that_are_ours_alone_are_taken(tmp_path: Path) -> None:
    kept_secret(tmp_path, "ami")

    shut(tmp_path)


def test_without_a_folder_of_secrets_there_is_nothing_to_refuse(tmp_path: Path) -> None:
    shut(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_secret_that_others_may_read_stops_the_start(
    tmp_path: Path, mode: int
) -> None:
    kept_secret(tmp_path, "ami")
    path = tmp_path / "secrets" / "ami"
    path.chmod(mode)

    with pytest.raises(SecretUnusable) as caught:
        shut(tmp_path)

    assert str(caught.value) == (
        f"{path}: is open to others, mode {mode:04o}; chmod 600 {path} would do, and a "
        "new secret if others read it"
    )
    assert caught.value.exit_code == 2


def test_a_folder_of_secrets_that_others_may_enter_stops_the_start(
    tmp_path: Path,
) -> None:
    kept_secret(tmp_path, "ami")
    (tmp_path / "secrets").chmod(0o750)

    with pytest.raises(SecretUnusable, match="open to others, mode 0750"):
        shut(tmp_path)


def test_a_link_or_a_pipe_among_the_secrets_stops_the_start(tmp_path: Path) -> None:
    kept_secret(tmp_path, "ami")
    odd = tmp_path / "secrets" / "odd"
    odd.symlink_to("/etc/passwd")

    with pytest.raises(SecretUnusable, match="neither a file nor a folder"):
        shut(tmp_path)
    odd.unlink()
    os.mkfifo(odd, 0o600)
    with pytest.raises(SecretUnusable, match="neither a file nor a folder"):
        shut(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_secret_of_somebody_else_stops_the_start(tmp_path: Path) -> None:
    kept_secret(tmp_path, "ami")
    os.chown(tmp_path / "secrets" / "ami", 65534, 65534)

    with pytest.raises(SecretUnusable, match="of user 65534"):
        shut(tmp_path)


def test_folders_of_what_is_personal_are_shut(tmp_path: Path) -> None:
    for name in OURS:
        (tmp_path / name).mkdir(mode=0o755)

    shut(tmp_path)

    assert [(tmp_path / name).stat().st_mode & 0o777 for name in OURS] == (
        [0o700] * len(OURS)
    )


def test_no_part_leaves_a_core_file(tmp_path: Path) -> None:
    command = confined(("/bin/sh", "-c", "ulimit -c; kill -SEGV $$"), None)

    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2
        ),
    )

    # 1 byte: also no core that a pipe would take, see core(5).
    assert done.stdout.strip() in {"0", "1"}
    assert list(tmp_path.iterdir()) == []

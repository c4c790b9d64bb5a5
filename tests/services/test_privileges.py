import os
import subprocess
from pathlib import Path

import pytest

from services.runtime.privileges import (
    NoServiceUser,
    NoWayIn,
    ServiceUser,
    check_ways,
    confined,
    may_enter,
    service_user,
    ways_in,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another")
SOMEBODY = ServiceUser(name="somebody", uid=64321, gid=64321)


def test_where_all_is_open_no_way_is_made() -> None:
    assert ways_in([Path("/srv/tieline")], lambda _: True) == {}


def test_a_way_is_made_through_the_topmost_folder_that_is_shut() -> None:
    needed = [Path("/root/work/tieline/.tieline"), Path("/srv/parts")]

    ways = ways_in(needed, lambda folder: str(folder) not in {"/root", "/root/work"})

    assert ways == {"/root": ["/root/work/tieline/.tieline"]}


def test_what_lies_in_another_needed_folder_is_not_asked_for_twice() -> None:
    needed = [Path("/root/a"), Path("/root/a/b"), Path("/root/ab"), Path("/root/a")]

    ways = ways_in(needed, lambda folder: str(folder) != "/root")

    assert ways == {"/root": ["/root/a", "/root/ab"]}


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "enters"),
    [
        (0o700, 0, 0, False),
        (0o701, 0, 0, True),
        (0o710, 0, SOMEBODY.gid, True),
        (0o701, 0, SOMEBODY.gid, False),
        (0o700, SOMEBODY.uid, 0, True),
        (0o077, SOMEBODY.uid, 0, False),
    ],
)
@as_root
def test_a_folder_is_entered_by_the_bit_of_who_one_is(
    tmp_path: Path, mode: int, uid: int, gid: int, enters: bool
) -> None:
    os.chown(tmp_path, uid, gid)
    tmp_path.chmod(mode)

    assert may_enter(SOMEBODY)(tmp_path) is enters


def run(*argv: str, user: ServiceUser | None, needed: tuple[Path, ...]) -> str:
    done = subprocess.run(
        confined(argv, user, needed), capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@as_root
def test_a_folder_in_a_shut_one_is_reached_at_its_own_path_and_nothing_else_is(
    tmp_path: Path,
) -> None:
    shut = tmp_path / "shut"
    ours, other = shut / "deep" / "ours", shut / "other"
    for folder in (ours, other):
        folder.mkdir(parents=True)
    os.chown(ours, SOMEBODY.uid, SOMEBODY.gid)
    shut.chmod(0o700)

    said = run(
        "sh",
        "-c",
        f"touch {ours}/made; ls {shut}; id -u",
        user=SOMEBODY,
        needed=(ours,),
    )

    assert said.split() == ["deep", str(SOMEBODY.uid)]
    assert (ours / "made").stat().st_uid == SOMEBODY.uid
    assert shut.stat().st_mode & 0o777 == 0o700
    assert other.exists()


@as_root
def test_what_is_started_cannot_become_root_again() -> None:
    said = run(
        "grep",
        "NoNewPrivs\\|^Groups\\|^CapEff",
        "/proc/self/status",
        user=SOMEBODY,
        needed=(),
    )

    assert said.split() == [
        "Groups:",
        "CapEff:",
        "0000000000000000",
        "NoNewPrivs:",
        "1",
    ]


@as_root
def test_a_needed_folder_that_is_shut_itself_is_told_at_the_start(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o700)

    with pytest.raises(NoWayIn) as refused:
        check_ways(SOMEBODY, (tmp_path,))

    assert "give --data a folder that all may enter" in str(refused.value)


@as_root
def test_a_user_that_does_not_exist_is_refused_when_it_was_asked_for() -> None:
    with pytest.raises(NoServiceUser) as refused:
        service_user("nobody-of-that-name")

    assert str(refused.value) == (
        "user 'nobody-of-that-name': asterisk and postgresql must not run as root, and"
        " there is no such user; make one (useradd --system nobody-of-that-name), name"
        " another by TIELINE_USER, or start tieline as an ordinary user"
    )


@as_root
def test_root_is_refused_as_the_user_of_parts() -> None:
    with pytest.raises(NoServiceUser, match="that one is root"):
        service_user("root")


def test_without_a_user_a_program_runs_as_we_do() -> None:
    assert run("id", "-u", user=None, needed=()).strip() == str(os.geteuid())

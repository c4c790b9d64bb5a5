import shutil
import signal
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from services.runtime.embedded import asterisk
from services.runtime.embedded.asterisk import AsteriskPlace
from services.runtime.parts import asterisk as asterisk_part
from services.runtime.ports import Ports
from services.runtime.privileges import service_user
from services.runtime.settings import read_settings
from tests.support.postgres import free_port

pytestmark = pytest.mark.asterisk


@pytest.fixture
def place(tmp_path: Path) -> AsteriskPlace:
    settings = read_settings()
    return AsteriskPlace(
        part=asterisk_part.obtain(settings.asterisk, settings.parts),
        data=tmp_path,
        host="127.0.0.1",
        ports=Ports(
            sip=free_port(),
            http=free_port(),
            ami=free_port(),
            agi=free_port(),
            database=free_port(),
            watchdog=free_port(),
            utility=free_port(),
            page_phones=free_port(),
            audio=free_port(),
            rtp_first=20000,
            rtp_last=20099,
        ),
        user=service_user(None),
        ami_user="tieline",
        ami_secret="a-secret-for-this-test-only",
        numbers=("6000",),
        devices={"dev-1001": "a-password-of-twenty-four"},
    )


def boot_id_of(place: AsteriskPlace) -> str:
    lines = (place.folder / "etc" / "asterisk.conf").read_text().splitlines()
    return next(line for line in lines if line.startswith("systemname"))


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def test_it_runs_as_an_ordinary_user_and_frees_its_ports_when_stopped(
    place: AsteriskPlace,
) -> None:
    child = await asterisk.start(place)
    owner = owner_of(child.pid)
    await asterisk.stop(child)

    assert owner != 0
    assert child.exit_code == 0
    with socket.create_server((place.host, place.ports.ami)):
        pass
    with socket.socket(type=socket.SOCK_DGRAM) as sip:
        sip.bind((place.host, place.ports.sip))


async def test_each_start_has_a_boot_id_of_its_own(place: AsteriskPlace) -> None:
    first = await asterisk.start(place)
    boot = boot_id_of(place)
    await first.stop((signal.SIGKILL, 5.0))

    second = await asterisk.start(place)

    assert boot_id_of(place) != boot
    await asterisk.stop(second)


async def test_one_that_lies_in_a_folder_shut_to_others_starts(
    place: AsteriskPlace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shut = tmp_path_factory.mktemp("shut")
    shut.chmod(0o700)
    kept = place.part.program.root
    assert kept is not None, "the tests' Asterisk is an unpacked one"
    root = shut / "parts" / "asterisk"
    shutil.copytree(kept, root, symlinks=True)
    place = replace(place, part=asterisk_part.unpacked(root))

    child = await asterisk.start(place)

    await asterisk.stop(child)
    assert child.exit_code == 0

from pathlib import Path

import pytest

from services.runtime.parts import asterisk, kept, sipp
from services.runtime.parts.apt import Archive, read_archives, sources
from services.runtime.parts.asterisk import unfit
from services.runtime.parts.errors import PartRefused, PartUnavailable
from services.runtime.parts.program import read_version
from services.runtime.parts.recipe import ASTERISK, SIPP
from services.runtime.settings import AsteriskSettings, read_settings

MIRROR = "http://mirror.example/debian/"


def a_program(path: Path, says: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_the_release_comes_before_its_updates_and_only_main_counts() -> None:
    listed = "\n".join(
        (
            f"{MIRROR} trixie-updates main",
            "http://mirror.example/debian-security/ trixie-security main",
            f"{MIRROR} trixie contrib",
            f"{MIRROR} trixie main",
            f"{MIRROR} trixie main",
        )
    )

    archives = read_archives(listed)

    assert [one.release for one in archives] == [
        "trixie",
        "trixie-updates",
        "trixie-security",
    ]
    assert archives[0].address == MIRROR


def test_another_suite_is_asked_of_the_mirror_the_machine_already_uses() -> None:
    archives = (Archive(address=MIRROR, release="bookworm", component="main"),)

    line = sources(archives, "forky")

    assert line.startswith("deb ")
    assert line.endswith(f"{MIRROR} forky main\n")


@pytest.mark.parametrize(
    ("version", "why_not"),
    [
        ((22, 10, 1), ""),
        ((23, 0), ""),
        (
            (22, 10, 0),
            "it is 22.10.0, older than 22.10.1, which fixed 20 security advisories",
        ),
        (
            (22, 10),
            "it is 22.10, older than 22.10.1, which fixed 20 security advisories",
        ),
        ((), "it does not start or is no Asterisk"),
    ],
)
def test_an_older_asterisk_is_not_run(version: tuple[int, ...], why_not: str) -> None:
    assert unfit(version) == why_not


def test_a_version_is_read_out_of_what_a_program_says() -> None:
    said = "Asterisk 22.10.1+dfsg+~cs6.17.60671434-1"

    assert read_version(said, r"Asterisk (\d+(?:\.\d+)*)") == (22, 10, 1)
    assert read_version("command not found", r"Asterisk (\d+(?:\.\d+)*)") == ()


def test_an_older_asterisk_named_by_the_settings_is_refused(tmp_path: Path) -> None:
    old = a_program(tmp_path / "asterisk", "Asterisk 20.6.0~dfsg")

    with pytest.raises(PartRefused) as refused:
        asterisk.obtain(AsteriskSettings(binary=old))

    assert str(refused.value) == (
        "TIELINE_ASTERISK__BINARY: it is 20.6.0, older than 22.10.1, which fixed 20"
        f" security advisories, got '{old}'; name another, or unset it to have one"
        " found or fetched"
    )


def test_an_older_asterisk_on_path_is_passed_over_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = a_program(tmp_path / "asterisk", "Asterisk 20.6.0~dfsg")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    said: list[str] = []

    part = asterisk.obtain(AsteriskSettings(), read_settings().parts, said.append)

    assert part.program.source == "unpacked"
    assert said == [
        f"asterisk: {old} is not taken, it is 20.6.0, older than 22.10.1, which fixed"
        " 20 security advisories; taking one from Debian's packages instead"
    ]


def test_a_fetched_asterisk_has_all_that_it_needs() -> None:
    part = asterisk.unpacked(kept.fetch(ASTERISK, read_settings().parts))

    assert part.program.version >= asterisk.LOWEST_VERSION
    assert (part.modules / "chan_pjsip.so").exists()
    assert (part.sounds / "beep.wav").exists()
    assert list(part.music.glob("*.wav"))


def test_a_part_that_was_fetched_is_not_fetched_again(tmp_path: Path) -> None:
    said: list[str] = []

    first = kept.fetch(SIPP, tmp_path, said.append)
    told = len(said)
    again = kept.fetch(SIPP, tmp_path, said.append)

    assert again == first
    assert told == len(said) == 4
    assert "downloading" in said[1]
    assert sipp.unpacked(first).version


def test_an_interrupted_fetch_is_not_believed(tmp_path: Path) -> None:
    target = kept.fetch(SIPP, tmp_path, lambda _: None)
    half = target.with_name(f".{target.name}.fetch")
    target.rename(half)
    (half / "usr" / "bin" / "sipp").write_text("half of it")

    whole = kept.fetch(SIPP, tmp_path, lambda _: None)

    assert sipp.unpacked(whole).version
    assert not half.exists()


def test_nothing_fetched_keeps_the_privileges_of_its_package(tmp_path: Path) -> None:
    root = kept.fetch(ASTERISK, read_settings().parts)

    assert not [
        path
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000
    ]


def test_without_apt_the_sentence_says_what_would_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PartUnavailable) as refused:
        kept.fetch(SIPP, tmp_path, lambda _: None)

    assert str(refused.value) == (
        "sip-tester: not on this machine, and there is no apt to fetch it by;"
        " install it, or run on Debian 12 or 13"
    )


def test_a_mirror_that_is_away_is_told_with_apts_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = (Archive(address="http://127.0.0.1:9/", release="none", component="main"),)
    monkeypatch.setattr("services.runtime.parts.apt.machine_archives", lambda _: away)

    with pytest.raises(PartUnavailable) as refused:
        kept.fetch(SIPP, tmp_path, lambda _: None)

    told = str(refused.value)
    assert told.startswith(
        "sip-tester: apt-get update on the machine's mirror http://127.0.0.1:9/ failed:"
    )
    assert "is the mirror reachable from here?" in told


def test_a_user_keeps_parts_in_their_cache_and_finds_roots() -> None:
    environment = {"XDG_CACHE_HOME": "/home/alice/.cache"}

    assert kept.folders(environment, is_root=True) == (kept.MACHINE_WIDE,)
    assert kept.folders(environment, is_root=False) == (
        Path("/home/alice/.cache/tieline/parts"),
        kept.MACHINE_WIDE,
    )

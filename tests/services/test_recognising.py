"""Recognisers by the settings: which, how many, and which languages share them."""

from pathlib import Path

import pytest

from services.runtime.recognising import speech_of, speech_plan
from services.runtime.settings import Settings, read_settings, variable_names


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variable_names():
        monkeypatch.delenv(name, raising=False)


def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **told: str) -> Settings:
    for name, value in told.items():
        monkeypatch.setenv(f"TIELINE_SPEECH__{name.upper()}", value)
    return read_settings(data=tmp_path)


def test_off_nobody_listens_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speech = speech_of(settings(tmp_path, monkeypatch))

    assert (speech.recognisers, speech.pools) == ({}, ())
    assert list(tmp_path.iterdir()) == []


def test_languages_of_one_model_share_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = speech_of(settings(tmp_path, monkeypatch, zh="whisper", en="whisper"))
    two = speech_of(settings(tmp_path, monkeypatch, zh="vosk:/srv/cn", en="whisper"))

    assert len(one.pools) == 1
    assert dict(one.recognisers) == {}, "nobody listens before a model is loaded"
    assert [pool.name for pool in two.pools] == ["vosk", "whisper"]


def test_half_of_the_cores_listen_unless_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_itself = speech_plan(settings(tmp_path, monkeypatch, en="whisper"))
    said = speech_plan(settings(tmp_path, monkeypatch, streams="3"))

    assert by_itself.streams == max(1, min(8, by_itself.cores // 2))
    assert said.streams == 3

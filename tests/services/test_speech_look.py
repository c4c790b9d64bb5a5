"""What doctor says of a recogniser that cannot listen: a sentence, and keys go on."""

from pathlib import Path

import pytest

from services.runtime.settings import read_settings, variable_names
from services.runtime.speech_look import speech_findings


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variable_names():
        monkeypatch.delenv(name, raising=False)


def test_where_speech_is_off_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert list(speech_findings(read_settings(data=tmp_path))) == []


@pytest.mark.parametrize(
    ("told", "python", "why"),
    [
        ("vosk:{folder}", "", "is no model of Vosk, found no am/final.mdl in it"),
        ("vosk:{folder}/gone", "", "is no folder; unpack a model of Vosk there"),
        ("whisper:{folder}", "", "found no model.bin in it"),
        ("whisper", "/nowhere/python", "cannot be started"),
    ],
)
def test_a_folder_that_is_no_model_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, python: str, why: str
) -> None:
    monkeypatch.setenv("TIELINE_SPEECH__EN", told.format(folder=tmp_path))
    monkeypatch.setenv("TIELINE_SPEECH__PYTHON", python)

    (finding,) = speech_findings(read_settings(data=tmp_path))

    assert (finding.name, finding.state) == ("speech, en", "optional")
    assert finding.found.startswith("callers use keys: ")
    assert why in finding.found
    assert finding.mend == "docs/speech.md"


def test_whisper_that_is_not_installed_says_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIELINE_SPEECH__ZH", "whisper")

    (finding,) = speech_findings(read_settings(data=tmp_path))

    assert "whisper: is not installed; docs/speech.md says how" in finding.found

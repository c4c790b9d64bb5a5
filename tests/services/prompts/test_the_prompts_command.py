"""``tieline prompts`` as an operator meets it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.runtime.cli import build
from services.runtime.commands.prompts import PromptUnfit
from services.runtime.settings import SettingsRefused
from tests.services.prompts.test_a_prompt_store import sound_in
from tests.services.prompts.test_a_voice_with_a_model import SPEAKS
from tests.services.prompts.test_a_voice_with_a_model import voice as voice_of
from tests.services.prompts.waves import voice, wav, written

FLOW = """\
name: main
language: zh
entry: welcome
person: person
steps:
  welcome: {say: {zh: 您好}, goto: warning}
  warning: {say: {file: storm/warning}, goto: person}
  person: {queue: q_fault}
"""


@pytest.fixture
def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    flows = tmp_path / "dialplans" / "flows"
    flows.mkdir(parents=True)
    (flows / "main.yaml").write_text(FLOW, encoding="utf-8")
    monkeypatch.setenv("TIELINE_FLOWS", str(flows))
    monkeypatch.setenv("TIELINE_DATA", str(tmp_path / "data"))
    return tmp_path


def ran(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(
        build("prompts"), ["prompts", *arguments], catch_exceptions=False
    )


def test_a_prompt_that_is_missing_is_recorded_and_then_there(centre: Path) -> None:
    told = ran("list")
    assert told.exit_code == 1
    assert told.output.splitlines() == [
        "missing   zh    file storm/warning, in main → warning → say",
        "synthetic zh    您好 (not made yet), in main → welcome → say",
        "zh: 1 synthetic, 0 recorded, 1 missing, 0 stood in",
        "en: 0 synthetic, 0 recorded, 0 missing, 0 stood in",
    ]

    file = written(centre, wav(voice(2).tobytes()))
    added = ran("add", str(file), "--name", "storm/warning")
    assert added.exit_code == 0
    assert added.output.splitlines() == [
        "storm/warning: 2.0 s, for flows as `file: storm/warning`",
        "  its speech was at -15 dB",
    ]

    told = ran("list", "--json")
    assert told.exit_code == 0
    body = json.loads(told.output)
    assert body["counts"]["zh"] == {
        "synthetic": 1,
        "recorded": 1,
        "missing": 0,
        "stood in": 0,
    }
    assert [(it["kind"], it["file"]) for it in body["prompts"]] == [
        ("synthetic", None),
        ("recorded", "storm/warning"),
    ]


def test_a_recording_is_named_by_its_file_where_no_name_is_given(centre: Path) -> None:
    file = written(centre, wav(voice().tobytes()), "storm warning (2).wav")

    added = ran("add", str(file), "--json")

    assert json.loads(added.output)["name"] == "storm-warning-2-"
    assert (centre / "dialplans/prompts/storm-warning-2-.wav").is_file()


def test_a_recording_that_is_none_is_refused_in_words(centre: Path) -> None:
    file = written(centre, b"ID3", "hello.wav")

    with pytest.raises(PromptUnfit) as caught:
        ran("add", str(file))

    assert caught.value.exit_code == 2
    assert str(caught.value) == "'hello.wav': is MP3, not WAV; save it as WAV"


def test_flows_that_are_wrong_are_told_as_check_tells_them(centre: Path) -> None:
    (centre / "dialplans/flows/main.yaml").write_text("name: main\n")

    with pytest.raises(PromptUnfit, match=r"main\.yaml"):
        ran("list")


def test_a_text_can_be_heard_before_it_is_in_a_flow(centre: Path) -> None:
    out = centre / "heard.wav"

    told = ran("say", "Press one.", str(out), "--language", "en")

    assert told.output == f"{out}: spoken by espeak-ng\n"
    assert len(sound_in(out)) > 4000
    with pytest.raises(PromptUnfit, match="no voice for '€'"):
        ran("say", "€", str(out))
    with pytest.raises(PromptUnfit, match="cannot be written: No such file"):
        ran("say", "好", str(centre / "none" / "x.wav"))


def test_a_better_voice_speaks_every_text_ahead(
    centre: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIELINE_VOICES__ZH", "kokoro")
    monkeypatch.setenv("TIELINE_VOICES__PYTHON", str(voice_of(centre, "").python))
    told = ran("make")
    assert told.exit_code == 1
    assert told.output == "1/1 您好: not made: kokoro: ended\n"

    voice_of(centre, SPEAKS)
    told = ran("make")
    assert (told.exit_code, told.output) == (0, "1/1 您好: kokoro\n")
    assert (
        "synthetic zh    您好 (kokoro), in main → welcome → say" in ran("list").output
    )


def test_a_person_who_speaks_no_mandarin_is_refused(
    centre: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIELINE_VOICES__PERSON", "../x")

    with pytest.raises(SettingsRefused) as caught:
        ran("list")

    assert str(caught.value) == (
        "TIELINE_VOICES__PERSON: should be the name of one who speaks Mandarin, as"
        " zf_xiaoxiao, got '../x'"
    )


def test_announcements_are_listed_by_when_they_are_told(centre: Path) -> None:
    file = centre / "dialplans" / "announcements.yaml"
    assert ran("announcements").output == ""

    file.write_text(
        "announcements:\n"
        "  old: {say: {zh: 好}, from: 2020-01-01 08:00, until: 2020-01-02 08:00}\n"
        "  long: {say: {zh: 好}, from: 2020-01-01 08:00, until: 2999-01-01 00:00,"
        " numbers: [6000], areas: [YJ, NP]}\n",
        encoding="utf-8",
    )
    assert ran("announcements").output.splitlines() == [
        "over  old: 2020-01-01T08:00+08:00 to 2020-01-02T08:00+08:00, numbers all,"
        " areas all",
        "now   long: 2020-01-01T08:00+08:00 to 2999-01-01T00:00+08:00, numbers 6000,"
        " areas YJ+NP",
    ]
    assert json.loads(ran("announcements", "--json").output)[0]["when"] == "over"

    file.write_text("announcements: []\n")
    with pytest.raises(PromptUnfit, match="should be a mapping of options"):
        ran("announcements")

from pathlib import Path

import pytest

from services.runtime.settings import SettingsRefused, read_settings, variable_names


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variable_names():
        monkeypatch.delenv(name, raising=False)


def problems_of(**given: object) -> tuple[str, ...]:
    with pytest.raises(SettingsRefused) as refused:
        read_settings(**given)
    assert refused.value.exit_code == 2
    return refused.value.problems


def test_without_any_variable_there_is_a_whole_set() -> None:
    settings = read_settings()

    assert settings.base_port == 16000
    assert settings.ports.database == 16004
    assert settings.data.is_absolute()


def test_sections_are_named_by_two_underscores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIELINE_ASTERISK__BINARY", "/opt/asterisk/sbin/asterisk")

    settings = read_settings()

    assert settings.asterisk.binary == Path("/opt/asterisk/sbin/asterisk")


def test_the_command_line_goes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIELINE_BASE_PORT", "17000")

    assert read_settings(base_port=18000).base_port == 18000
    assert read_settings(base_port=None).base_port == 17000


def test_a_misspelt_variable_is_refused_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIELINE_BASE_PRT", "17000")
    monkeypatch.setenv("TIELINE_AMI__SECRTE", "x")

    assert problems_of() == (
        "TIELINE_AMI__SECRTE: no setting is called so;"
        " did you mean TIELINE_AMI__SECRET?",
        "TIELINE_BASE_PRT: no setting is called so; did you mean TIELINE_BASE_PORT?",
    )


def test_every_problem_is_told_at_once_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIELINE_BASE_PORT", "many")
    monkeypatch.setenv("TIELINE_LOGS__LEVEL", "loud")

    assert problems_of() == (
        "TIELINE_BASE_PORT: input should be a valid integer,"
        " unable to parse string as an integer, got 'many'",
        "TIELINE_LOGS__LEVEL: input should be 'debug', 'info', 'warning' or 'error',"
        " got 'loud'",
    )


def test_a_problem_of_the_command_line_is_told_by_its_option() -> None:
    assert problems_of(base_port=80) == (
        "--base-port: input should be greater than or equal to 1024, got 80",
    )


def test_an_address_that_others_reach_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIELINE_HOST", "0.0.0.0")  # noqa: S104 - refused below

    assert problems_of() == (
        "TIELINE_HOST: only an address of this machine itself is taken (127.0.0.1);"
        " pages for others are served at TIELINE_HTTPS__ADDRESS, got '0.0.0.0'",
    )


@pytest.mark.parametrize(
    ("is_on", "address", "said"),
    [
        ("false", "10.0.0.5", "TIELINE_HTTPS: with an address for other machines"),
        ("true", "hotline.example", "TIELINE_HTTPS__ADDRESS: should be an address"),
    ],
)
def test_pages_are_for_others_by_https_alone(
    monkeypatch: pytest.MonkeyPatch, is_on: str, address: str, said: str
) -> None:
    monkeypatch.setenv("TIELINE_HTTPS__IS_ON", is_on)
    monkeypatch.setenv("TIELINE_HTTPS__ADDRESS", address)

    [problem] = problems_of()

    assert problem.startswith(said)


def test_a_secret_is_not_shown_when_it_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIELINE_AMI__SECRET", "hunter2")
    monkeypatch.setenv("TIELINE_DATABASE__URL", "mysql://root:hunter2@db/x")

    told = problems_of()

    assert told == (
        "TIELINE_DATABASE__URL: should begin with postgresql://,"
        " got a secret of 25 characters",
        "TIELINE_AMI__SECRET: should be 16 to 64 letters, digits, - or _,"
        " got a secret of 7 characters",
    )


def test_speech_is_off_until_a_language_has_who_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (read_settings().speech.zh, read_settings().speech.en) == ("off", "off")

    monkeypatch.setenv("TIELINE_SPEECH__ZH", "vosk:/srv/vosk-model-small-cn-0.22")

    assert read_settings().speech.zh == "vosk:/srv/vosk-model-small-cn-0.22"


@pytest.mark.parametrize("wrong", ["on", "vosk", "vosk:model", "kaldi:/srv", "vosk:"])
def test_who_listens_is_named_with_the_folder_of_the_model(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("TIELINE_SPEECH__EN", wrong)

    (problem,) = problems_of()

    assert problem.startswith("TIELINE_SPEECH__EN")
    assert "should be off, whisper, vosk:/folder/of/a/model" in problem

"""What a person may set wrongly, and what they are told."""

from pathlib import Path

import pytest

from services.runtime.settings import SettingsRefused, read_settings, variable_names


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variable_names():
        monkeypatch.delenv(name, raising=False)


def told(**given: object) -> str:
    with pytest.raises(SettingsRefused) as refused:
        read_settings(**given)
    return str(refused.value)


@pytest.mark.parametrize("value", ["hello", '{"secret":', '{"secrt": "x"}', "[]"])
def test_a_whole_section_in_one_variable_is_told_as_unknown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TIELINE_AMI", value)

    assert told().splitlines()[0] == (
        "TIELINE_AMI: no setting is called so; did you mean TIELINE_AMI__USER?"
    )


def test_a_variable_that_is_set_to_nothing_is_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in variable_names():
        monkeypatch.setenv(name, "")

    assert read_settings() == read_settings()
    assert read_settings().base_port == 16000
    assert read_settings().floor is None


def test_a_name_is_refused_in_words_and_not_by_a_pattern(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIELINE_AMI__USER", "a b")
    monkeypatch.setenv("TIELINE_USER", "Root!")

    assert told() == (
        "TIELINE_USER: should be a user's name of this machine, got 'Root!'\n"
        "TIELINE_AMI__USER: should be 1 to 40 letters, digits, - or _, got 'a b'"
    )


def test_a_folder_that_asterisk_could_not_be_told_of_is_refused_by_its_option() -> None:
    assert told(data=Path("/tmp/a;b")) == (  # noqa: S108 - only a name
        "--data: should be a path without ; and control characters, got '/tmp/a;b'"
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql://u:hunter2@db",
        "postgresql://u:hunter2@db:many/x",
        "postgresql://u:hunter2@[::1/x",
        "postgresql://u:hunter2#x@db/x",
    ],
)
def test_an_address_of_a_database_that_is_not_whole_is_told_with_its_form(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TIELINE_DATABASE__URL", url)

    assert told() == (
        "TIELINE_DATABASE__URL: should be as postgresql://name:password@host:5432/"
        "database, a password with other characters than letters and digits"
        f" %-encoded, got a secret of {len(url)} characters"
    )


def test_an_option_behind_the_address_of_a_database_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "postgresql://u:hunter2@db/x?sslmode=require&a="
    monkeypatch.setenv("TIELINE_DATABASE__URL", url)

    assert told() == (
        "TIELINE_DATABASE__URL: takes no options behind a ?, found 'a', 'sslmode',"
        " got a secret of 46 characters"
    )

"""Whom an instance asks: the utility that settings name, or the simulated one."""

import pytest

from services.runtime.asked_utility import (
    back_office,
    told_of,
)
from services.runtime.settings import SettingsRefused, read_settings, variable_names


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variable_names():
        monkeypatch.delenv(name, raising=False)


def test_without_a_setting_the_simulated_one_is_asked_and_called_that() -> None:
    settings = read_settings()
    office = back_office(settings)

    assert office is not None
    assert office.shown == "127.0.0.1:16006"
    told = told_of(settings, office)
    assert told == (
        "SIMULATED, its customers are invented; utility at 127.0.0.1:16006: asked when "
        "a flow needs it"
    )


def test_a_utility_that_is_named_is_asked_and_none_is_simulated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIELINE_UTILITY__URL", "https://office.example.org/hotline")
    settings = read_settings()
    office = back_office(settings)

    assert settings.simulated_utility == ""
    assert office is not None
    assert office.shown == "office.example.org:443"
    assert "SIMULATED" not in told_of(settings, office)


def test_without_any_utility_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIELINE_UTILITY__IS_SIMULATED", "false")
    settings = read_settings()

    assert back_office(settings) is None
    assert told_of(settings, None).startswith("utility: none is set")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://office.example.org",
        "office.example.org",
        "https://name:word@office.example.org",
        "https://office.example.org/?token=1",
        "https://office.example.org/a b",
        "https://office.example.org:99999",
    ],
)
def test_what_is_no_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TIELINE_UTILITY__URL", url)

    with pytest.raises(SettingsRefused) as refused:
        read_settings()

    assert refused.value.problems[0].startswith(
        "TIELINE_UTILITY__URL: should be as https://host/path, got "
    )

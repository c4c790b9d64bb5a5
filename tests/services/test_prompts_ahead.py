"""What callers hear first is made first."""

from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from ivr.flow import Flow
from ivr.load import load_flows
from ivr.sounds import Language, Sound, Spoken
from services.prompts import resample
from services.runtime import prompts_ahead
from services.runtime.prompts_ahead import (
    nearest_first,
    prepare_first,
    prepare_rest,
)
from services.runtime.settings import CHECKOUT, variable_names

FLOW_FILES = CHECKOUT / "dialplans" / "flows"


def flow(name: str, steps: Mapping[str, object]) -> Flow:
    return Flow.model_validate(
        {
            "name": name,
            "language": "en",
            "entry": next(iter(steps)),
            "person": "person",
            "steps": {**steps, "person": {"queue": "q_bill"}},
        }
    )


def menu(text: str, *ways: str) -> Mapping[str, object]:
    keys = {str(key): way for key, way in enumerate(ways, 1)}
    return {"menu": {"en": text}, "keys": keys or {"1": "person"}}


FLOWS = {
    "main": flow(
        "main",
        {
            "welcome": {"say": {"en": "one"}, "goto": "first"},
            "first": menu("two", "into", "deep"),
            "deep": menu("three", "deeper"),
            "deeper": menu("five"),
            "into": {"flow": "inner", "goto": "person"},
        },
    ),
    "inner": flow("inner", {"asked": menu("four"), "back": {"return": True}}),
    "other": flow("other", {"alone": menu("nobody comes here")}),
}


def said(sounds: Iterable[Sound]) -> list[str]:
    return [sound.text for sound in sounds if isinstance(sound, Spoken)]


class Store:
    """Makes what has no ``x`` in it."""

    def __init__(self) -> None:
        self.made: list[str] = []

    async def prepare_sounds(self, sounds: Iterable[Sound]) -> Mapping[Sound, str]:
        self.made += [text for text in said(sounds) if "x" not in text]
        return {sound: f"/prompts/{text}" for sound in sounds for text in said([sound])}

    def found(self, sound: Sound) -> Path | None:
        [text] = said([sound])
        return Path("/prompts", text) if text in self.made else None


def test_prompts_are_in_the_order_in_which_callers_come_to_them() -> None:
    texts = said(nearest_first(FLOWS, ["main"]))

    assert texts == ["one", "two", "three", "four", "five", "nobody comes here"]


def test_what_callers_of_the_hotline_hear_is_among_the_first() -> None:
    flows = {name: one.flow for name, one in load_flows(FLOW_FILES).items()}

    ordered = said(nearest_first(flows, ["main", "vip", "english"]))

    first = ordered[: prompts_ahead.AT_START]
    greeting = "您好，云江电力供电服务热线，通话将被录音。"
    assert greeting in first
    assert any(text.startswith("停电报修请按1，电费电量请按2") for text in first)
    assert any("贵宾服务专线" in text for text in first)


def test_every_sound_is_there_once() -> None:
    ordered = nearest_first(FLOWS, ["main", "main"])

    assert len(ordered) == len(set(ordered))
    assert set(ordered) == {s for one in FLOWS.values() for s in one.sounds()}


async def test_the_first_are_made_at_the_start_and_the_rest_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prompts_ahead, "AT_START", 2)
    store = Store()
    ordered = nearest_first(FLOWS, ["main"])

    async def make() -> None:
        await store.prepare_sounds(ordered)

    ready = await prepare_first(store, ordered)  # type: ignore[arg-type]
    at_start = list(store.made)
    await prepare_rest(store, ordered, ready, make=make)  # type: ignore[arg-type]

    assert at_start == ["one", "two"]
    assert set(ready) == set(ordered)


async def test_no_caller_waits_for_what_makes_sounds() -> None:
    resample._filters.cache_clear()

    await prepare_first(Store(), ())  # type: ignore[arg-type]
    before = resample._filters.cache_info().misses
    resample.to_telephone(array("h", [1]), 22_050)

    assert resample._filters.cache_info().misses == before


async def test_what_cannot_be_made_behind_the_start_leaves_the_others() -> None:
    sounds = tuple(Spoken(language=Language.EN, text=text) for text in ("a", "x", "b"))
    ready: dict[Sound, str] = {}
    store = Store()

    async def make() -> None:
        await store.prepare_sounds(sounds)

    await prepare_rest(store, sounds, ready, make=make)  # type: ignore[arg-type]

    assert said(ready) == ["a", "b"]


async def test_where_all_is_there_nothing_is_made() -> None:
    sound = Spoken(language=Language.EN, text="a")

    async def make() -> None:
        pytest.fail("made anew")

    ready: dict[Sound, str] = {sound: "/prompts/a"}
    await prepare_rest(Store(), (sound,), ready, make=make)  # type: ignore[arg-type]


def test_the_process_that_makes_prompts_is_told_what_it_needs_alone() -> None:
    told = dict.fromkeys(variable_names(), "x") | {"PATH": "/bin", "TOKEN": "y"}

    needed = dict(prompts_ahead._needed(told))

    assert {"PATH", "TIELINE_FLOWS", "TIELINE_VOICES__ZH"} <= needed.keys()
    assert "TOKEN" not in needed
    words = ("SECRET", "URL", "PASSWORD", "WEBHOOK", "USER", "MAIL")
    assert [name for name in needed if any(word in name for word in words)] == []

"""What callers hear first is made first."""

from collections.abc import Iterable, Mapping

import pytest

from ivr.flow import Flow, Language, Sound, Spoken
from services.prompts.errors import PromptsRefused
from services.runtime import prompts_ahead
from services.runtime.prompts_ahead import (
    nearest_first,
    prepare_first,
    prepare_rest,
)


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
        self.asked: list[list[str]] = []

    async def prepare_sounds(self, sounds: Iterable[Sound]) -> Mapping[Sound, str]:
        wanted = list(sounds)
        self.asked.append(said(wanted))
        if bad := [text for text in said(wanted) if "x" in text]:
            raise PromptsRefused(bad)
        return {sound: f"/prompts/{said([sound])[0]}" for sound in wanted}


def test_prompts_are_in_the_order_in_which_callers_come_to_them() -> None:
    texts = said(nearest_first(FLOWS, ["main"]))

    assert texts == ["one", "two", "three", "four", "five", "nobody comes here"]


def test_every_sound_is_there_once() -> None:
    ordered = nearest_first(FLOWS, ["main", "main"])

    assert len(ordered) == len(set(ordered))
    assert set(ordered) == {s for one in FLOWS.values() for s in one.sounds()}


async def test_the_first_are_made_at_the_start_and_the_rest_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prompts_ahead, "AT_START", 2)
    monkeypatch.setattr(prompts_ahead, "AT_ONCE", 3)
    store = Store()
    ordered = nearest_first(FLOWS, ["main"])

    ready = await prepare_first(store, ordered)  # type: ignore[arg-type]
    at_start = len(ready)
    await prepare_rest(store, ordered, ready)  # type: ignore[arg-type]

    assert at_start == 2
    assert store.asked[0] == ["one", "two"]
    assert store.asked[1:] == [["three", "four", "five"], ["nobody comes here"]]
    assert set(ready) == set(ordered)


async def test_what_cannot_be_made_behind_the_start_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prompts_ahead, "AT_START", 0)
    monkeypatch.setattr(prompts_ahead, "AT_ONCE", 1)
    sounds = tuple(Spoken(language=Language.EN, text=text) for text in ("a", "x", "b"))
    ready: dict[Sound, str] = {}

    await prepare_rest(Store(), sounds, ready)  # type: ignore[arg-type]

    assert said(ready) == ["a", "b"]

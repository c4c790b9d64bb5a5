"""Phrases that sound alike on a telephone, and those that no model has words for."""

from ivr.sounds import Language
from services.runtime.settings import read_settings
from services.runtime.speech_remarks import SpokenLooks, spoken_looks
from tests.ivr.flows import flow_of

FLOW = flow_of(
    {
        "choices": {
            "menu": {"zh": "请选择"},
            "keys": {"1": "one", "2": "two"},
            "words": {
                "1": {"zh": ["停电"], "en": ["meter reading", "new meter"]},
                "2": {"zh": ["电费"], "en": ["meter heating"]},
            },
        },
        "one": {"queue": "q_fault"},
        "two": {"queue": "q_bill2"},
    }
)


def found(looks: SpokenLooks) -> list[tuple[str, str]]:
    return [(".".join(trail[-3:]), str(told)) for trail, told in looks.of_flow(FLOW)]


def test_phrases_whose_phonemes_are_nearly_the_same_are_told() -> None:
    looks = spoken_looks(read_settings(), [FLOW])
    assert looks.phonemes, "espeak-ng told nothing"

    [(where, what)] = found(looks)
    assert where == "2.en.0"
    assert "'meter heating' sounds nearly like 'meter reading'" in what


def test_phrases_that_a_model_has_no_words_for_are_told() -> None:
    known = {"停电", "new meter", "meter reading", "meter heating"}
    looks = SpokenLooks(
        phonemes={}, models={Language.ZH: lambda phrase: phrase in known}
    )

    [(where, what)] = found(looks)
    assert where == "2.zh.0"
    assert "has no words for '电费'" in what


def test_what_no_model_is_set_for_tells_nothing() -> None:
    assert found(SpokenLooks(phonemes={}, models={})) == []

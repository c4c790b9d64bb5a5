"""What the words of prompts promise: keys to press, numbers to call."""

import re
from collections import Counter
from collections.abc import Iterator

from ivr.flow import Flow
from ivr.known import Finding
from ivr.prompt import Prompt
from ivr.sounds import Language
from ivr.steps import (
    ConfirmStep,
    MenuStep,
    QueueStep,
    SmsStep,
    Step,
    SurveyStep,
    prompts_of,
)
from ivr.ways import BACK_KEY, NO_KEY, PERSON_KEY, REPEAT_KEY, YES_KEY
from ivr.wording import Wording

_WORDS = {"星号": "*", "井号": "#", "star": "*", "pound": "#", "hash": "#"}
_KEYS = {
    Language.ZH: re.compile(r"按(?:下|键)?\s*([0-9*#]|星号|井号)(?![0-9])"),
    Language.EN: re.compile(
        r"(?:press\s+|(?<=, )|(?<=, or )|(?<=and ))([0-9*#]|star|pound|hash)"
        r"(?=\s+(?:for|to|if|when)\b|[,.;]|$)",
        re.IGNORECASE,
    ),
}
_ELSEWHERE = {
    Language.ZH: re.compile(
        r"(?:拨打|请拨|改拨|另拨|致电|联系电话)[^0-9{，。]{0,8}([0-9][0-9 -]{2,14})"
    ),
    Language.EN: re.compile(
        r"\b(?:call|dial|ring|phone)\b(?:\s+(?:us|on|at|the|number))*"
        r"\s+([0-9][0-9 -]{2,14})",
        re.IGNORECASE,
    ),
}


def promises(flow: Flow) -> Iterator[Finding]:
    """Tell prompts that promise what is not so, or send callers away."""
    for name, step in flow.steps.items():
        for field, prompt in _prompts(step).items():
            for language, text in prompt.texts().items():
                where = ("steps", name, field, language.value)
                if found := _ELSEWHERE[language].search(text):
                    number = found.group(1).strip(" -")
                    yield (
                        where,
                        Wording(
                            en=f"sends the caller to {number!r}; do it here, with a "
                            "`transfer` or a `queue`",
                            zh=f"让来电者另拨 {number!r}；请在本流程内用 `transfer` "
                            "或 `queue` 办理",
                        ),
                    )
        if isinstance(step, QueueStep):
            for field, prompt in prompts_of(step).items():
                yield from _wrong_keys(name, field, prompt, frozenset(step.keys))
        if isinstance(step, MenuStep | ConfirmStep | SurveyStep):
            field, prompt, keys = _asked(step)
            meant = keys | {PERSON_KEY, REPEAT_KEY, BACK_KEY}
            yield from _wrong_keys(name, field, prompt, meant)


def _prompts(step: Step) -> dict[str, Prompt]:
    prompts = dict(prompts_of(step))
    if isinstance(step, SmsStep):
        prompts["sms"] = step.sms
    return prompts


def _wrong_keys(
    name: str, field: str, prompt: Prompt, meant: frozenset[str]
) -> Iterator[Finding]:
    for language, text in prompt.texts().items():
        told = Counter(
            _WORDS.get(key.lower(), key) for key in _KEYS[language].findall(text)
        )
        where = ("steps", name, field, language.value)
        for key, times in told.items():
            if times > 1:
                yield (
                    where,
                    Wording(
                        en=f"says key {key!r} {times} times; give each its own key",
                        zh=f"按键 {key!r} 说了 {times} 次；请让每项各用一个按键",
                    ),
                )
            if key not in meant:
                yield (
                    where,
                    Wording(
                        en=f"says to press {key!r}, which means nothing here; there is "
                        f"{', '.join(sorted(meant)) or 'no key'}",
                        zh=f"提示按 {key!r}，但这个键在这里没有作用；可用的有 "
                        f"{'、'.join(sorted(meant)) or '（无）'}",
                    ),
                )


def _asked(
    step: MenuStep | ConfirmStep | SurveyStep,
) -> tuple[str, Prompt, frozenset[str]]:
    match step:
        case MenuStep():
            return "menu", step.menu, frozenset(step.keys)
        case ConfirmStep():
            return "confirm", step.confirm, frozenset({YES_KEY, NO_KEY})
        case SurveyStep():
            return "survey", step.survey, frozenset(step.keys)

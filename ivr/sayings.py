"""What can be proved of the words that callers may say at the steps of a flow."""

import re
from collections.abc import Iterable, Iterator, Mapping

from ivr.everywhere import Everywhere, Phrasing
from ivr.flow import Flow
from ivr.known import Finding
from ivr.sounds import Language
from ivr.source import Trail
from ivr.steps import ChoosingStep, ConfirmStep, MenuStep, QueueStep, SurveyStep
from ivr.understanding.likeness import alike, holds
from ivr.understanding.matching import GAP
from ivr.ways import BACK_KEY, NO_KEY, PERSON_KEY, REPEAT_KEY, YES_KEY
from ivr.wording import Wording
from ivr.written import StepName

MOST_SAID = 300
"""Phrases at one step in one language; with more a recogniser guesses."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_UNHEARD = {
    Language.ZH: re.compile(r"[^\u3400-\u9fffA-Za-z ]"),
    Language.EN: re.compile(r"[^A-Za-z '’-]"),
}
"""What stands in a phrase that no recogniser has a word for."""

Said = tuple[str, Trail, Language, str]
"""The choice, where its phrase stands, the language, the phrase."""


def sayings(flow: Flow, everywhere: Everywhere) -> Iterator[Finding]:
    """Tell words that could not be heard, or not be told from others.

    Args:
        flow: It; every name in it leads somewhere.
        everywhere: What callers may say at every step.
    """
    for name, step in flow.steps.items():
        if isinstance(step, ChoosingStep):
            if step.words:
                yield from _of_step(flow, name, step, everywhere)
            if step.speech == "only":
                yield from missing_words(flow, name, step)


def missing_words(flow: Flow, name: StepName, step: ChoosingStep) -> Iterator[Finding]:
    """Tell in which of the flow's languages nothing can be said for a choice."""
    spoken = dict.fromkeys((flow.language, *flow.languages))
    keys = sorted(_keys(step)) if step.speech == "only" else ()
    for choice in dict.fromkeys([*step.words, *keys]):
        phrasing = step.words.get(choice, Phrasing())
        for language in spoken:
            if phrasing.of(language) or _is_given(step, choice):
                continue
            yield (
                ("steps", name, "words", choice),
                Wording(
                    en=f"callers who are spoken to in {language.value!r} can say "
                    f"nothing for it; write `{language.value}: […]`",
                    zh=f"用 {language.value!r} 接听的来电者没有可说的词；"
                    f"请写 `{language.value}: […]`",
                ),
            )


def remarks(flow: Flow) -> Iterator[Finding]:
    """Tell what is no mistake, and may be an oversight."""
    for name, step in flow.steps.items():
        if isinstance(step, ChoosingStep) and step.words and step.speech != "only":
            yield from missing_words(flow, name, step)


def no_danger(flow: Flow, flows: Mapping[str, Flow]) -> Iterator[Finding]:
    """Tell a flow that listens, and from which words of danger lead nowhere at once."""
    if flow.listens and not _has_danger(flow, flows, frozenset()):
        yield (
            ("danger",),
            Wording(
                en="callers may speak here, and danger has no way of its own; name a "
                "queue step with `danger: …`",
                zh="这里可以说话，但没有写明危险情况转到哪里；"
                "请用 `danger: …` 指定一个队列步骤",
            ),
        )


def _has_danger(flow: Flow, flows: Mapping[str, Flow], seen: frozenset[str]) -> bool:
    if flow.danger is not None or flow.name in seen:
        return True
    walkers = [
        one
        for one in flows.values()
        if any(getattr(step, "flow", None) == flow.name for step in one.steps.values())
    ]
    inside = seen | {flow.name}
    return bool(walkers) and all(_has_danger(one, flows, inside) for one in walkers)


def danger_is_a_queue(flow: Flow) -> Iterator[Finding]:
    """Tell a way of danger that leads to no person."""
    if flow.danger is None or isinstance(flow.steps[flow.danger], QueueStep):
        return
    yield (
        ("danger",),
        Wording(
            en=f"step {flow.danger!r} is not a queue; danger leads to a person at once",
            zh=f"步骤 {flow.danger!r} 不是队列；危险情况必须立即转人工",
        ),
    )


def _of_step(
    flow: Flow, name: StepName, step: ChoosingStep, everywhere: Everywhere
) -> Iterator[Finding]:
    choices = _choices(flow, step)
    here: Trail = ("steps", name, "words")
    for choice in step.words:
        if choice not in choices:
            keys = ", ".join(sorted(_keys(step)))
            yield (
                (*here, choice),
                Wording(
                    en=f"{choice!r} is no choice here; there is {keys}",
                    zh=f"{choice!r} 不是这里的选项；可用的有 "
                    f"{'、'.join(sorted(_keys(step)))}",
                ),
            )
    said = list(said_at(here, step.words))
    yield from _unheard(said)
    yield from _too_many(here, said)
    yield from _alike(flow, step, said)
    yield from _as_everywhere(flow, step, said, everywhere)


def said_at(here: Trail, words: Mapping[str, Phrasing]) -> Iterator[Said]:
    """Yield every phrase of a step's words, with its choice and where it stands."""
    for choice, phrasing in words.items():
        for language, phrases in phrasing.by_language().items():
            for place, phrase in enumerate(phrases):
                trail = (*here, choice, language.value, str(place))
                yield choice, trail, language, phrase


def _unheard(said: Iterable[Said]) -> Iterator[Finding]:
    for _, trail, language, phrase in said:
        plain = phrase.replace(GAP, "")
        if found := _UNHEARD[language].search(plain):
            yield (
                trail,
                Wording(
                    en=f"holds {found.group()!r}, for which no recogniser has a word; "
                    "write it as it is spoken",
                    zh=f"含有 {found.group()!r}，识别器没有对应的词；请按读音写成文字",
                ),
            )
        elif language is Language.ZH and not _HAN.search(plain):
            yield (
                trail,
                Wording(
                    en="is no Chinese, and stands under `zh`; write it under `en`",
                    zh="不是中文，却写在 `zh` 下；请写到 `en` 下",
                ),
            )


def _too_many(here: Trail, said: Iterable[Said]) -> Iterator[Finding]:
    for language in Language:
        many = sum(one is language for _, _, one, _ in said)
        if many > MOST_SAID:
            yield (
                here,
                Wording(
                    en=f"{many} phrases in {language.value!r}, more than the "
                    f"{MOST_SAID} that can be told apart; leave out the rarer ones",
                    zh=f"{language.value!r} 有 {many} 种说法，超过了能够区分的 "
                    f"{MOST_SAID} 种；请去掉少用的",
                ),
            )


def _alike(flow: Flow, step: ChoosingStep, said: list[Said]) -> Iterator[Finding]:
    for nth, (choice, trail, language, phrase) in enumerate(said):
        for other, _, one, text in said[:nth]:
            if one is not language or is_same(flow, step, choice, other):
                continue
            if alike(phrase, text):
                yield (
                    trail,
                    Wording(
                        en=f"{phrase!r} sounds like {text!r}, which is said for "
                        f"{other!r}; say one of them otherwise",
                        zh=f"{phrase!r} 与 {other!r} 的 {text!r} 读音太近；"
                        "请换一种说法",
                    ),
                )


def _as_everywhere(
    flow: Flow, step: ChoosingStep, said: list[Said], everywhere: Everywhere
) -> Iterator[Finding]:
    for choice, trail, language, phrase in said:
        leads = _leads(step, choice)
        is_queue = isinstance(flow.steps.get(leads or ""), QueueStep)
        if not is_queue:
            for word in everywhere.danger.of(language):
                if holds(phrase, word):
                    yield (
                        trail,
                        Wording(
                            en=f"{phrase!r} is heard as {word!r}, which leads to a "
                            "person for danger; leave it out here",
                            zh=f"{phrase!r} 会被听成 {word!r}，而它表示危险、"
                            "直接转人工；请从这里去掉",
                        ),
                    )
                    break
        if is_queue or choice == PERSON_KEY:
            continue
        for word in everywhere.person.of(language):
            if alike(phrase, word):
                yield (
                    trail,
                    Wording(
                        en=f"{phrase!r} sounds like {word!r}, which leads to a person "
                        "everywhere; say it otherwise",
                        zh=f"{phrase!r} 与 {word!r} 读音太近，而后者在任何地方都"
                        "转人工；请换一种说法",
                    ),
                )
                break


def _keys(step: ChoosingStep) -> frozenset[str]:
    match step:
        case ConfirmStep():
            return frozenset({YES_KEY, NO_KEY})
        case MenuStep() | SurveyStep():
            return frozenset(step.keys)
        case _:
            return frozenset()


def _choices(flow: Flow, step: ChoosingStep) -> frozenset[str]:
    """Return what words may be written for."""
    keys = _keys(step)
    if isinstance(step, MenuStep):
        return keys | {PERSON_KEY, REPEAT_KEY, BACK_KEY} | frozenset(flow.steps)
    return keys


def _is_given(step: ChoosingStep, choice: str) -> bool:
    """Tell whether something can be said for a choice without words of its own."""
    return isinstance(step, ConfirmStep) or choice in (
        PERSON_KEY,
        REPEAT_KEY,
        BACK_KEY,
    )


def _leads(step: ChoosingStep, choice: str) -> StepName | None:
    match step:
        case MenuStep():
            return step.keys.get(choice, choice)
        case ConfirmStep():
            return {YES_KEY: step.yes, NO_KEY: step.no}.get(choice)
        case _:
            return None


def is_same(flow: Flow, step: ChoosingStep, choice: str, other: str) -> bool:
    """Tell whether two choices of a step lead to the same."""
    if choice == other:
        return True
    leads = _leads(step, choice)
    return leads in flow.steps and leads == _leads(step, other)

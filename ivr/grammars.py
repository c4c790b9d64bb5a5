"""What a caller may say at a step: its choices and what counts everywhere."""

from collections.abc import Iterator

from ivr.flow_set import FlowSet
from ivr.sounds import Language
from ivr.steps import (
    AnyStep,
    AskingStep,
    ChoosingStep,
    CollectStep,
    ConfirmStep,
    MenuStep,
    SayStep,
    SurveyStep,
)
from ivr.understanding.grammar import Grammar, Phrases
from ivr.walk import Hearing, Walk


def grammar_of(flow_set: FlowSet, walk: Walk) -> Grammar:
    """Return what a caller may say where a walk is.

    Where nothing is asked, that is what leads to a person at once; at a saying also
    what the step behind it asks.

    Args:
        flow_set: The flows that it is led by.
        walk: Where it is.
    """
    steps = flow_set.flows[walk.flow].steps
    step = steps[walk.step]
    if isinstance(step, SayStep):
        step = steps[step.goto]
    found = grammar_at(flow_set, step, walk.language, walk.hearing)
    if walk.hearing is not Hearing.UNSURE:
        return found
    more = flow_set.everywhere.yes_or_no()
    return _grammar(flow_set, walk.language, (*found.choices, *more), found.digits)


def grammar_at(
    flow_set: FlowSet,
    step: AnyStep | None,
    language: Language,
    hearing: Hearing = Hearing.OPEN,
) -> Grammar:
    """Return what is asked at a step, and what counts everywhere."""
    choices = flow_set.everywhere.at_every_step()
    if not isinstance(step, AskingStep) or hearing is Hearing.KEYS:
        return _grammar(flow_set, language, choices)
    digits = step.digits.most if isinstance(step, CollectStep) else 0
    asked = () if step.speech == "off" else tuple(_asked(flow_set, step))
    return _grammar(flow_set, language, (*choices, *asked), digits)


def yes_or_no(flow_set: FlowSet, language: Language) -> Grammar:
    """Return what answers whether something was meant."""
    return _grammar(flow_set, language, flow_set.everywhere.yes_or_no())


def _grammar(
    flow_set: FlowSet,
    language: Language,
    choices: tuple[Phrases, ...],
    digits: int = 0,
) -> Grammar:
    return Grammar(
        language=language,
        choices=choices,
        digits=digits,
        sure=flow_set.everywhere.sure,
        maybe=flow_set.everywhere.maybe,
    )


def _asked(flow_set: FlowSet, step: AskingStep) -> Iterator[Phrases]:
    everywhere = flow_set.everywhere
    yield from everywhere.at_menus()
    if isinstance(step, ConfirmStep):
        yield from everywhere.yes_or_no(*step.words.items())
        return
    if not isinstance(step, ChoosingStep):
        return
    for choice, phrasing in step.words.items():
        yield phrasing.for_choice(choice)
    keys = step.keys if isinstance(step, MenuStep | SurveyStep) else ()
    # Of a key without words its number may be said.
    yield from (Phrases(key, ()) for key in keys if key not in step.words)

"""A case whose caller speaks: what is said and wanted, and the keys in its stead."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from acd.vocabulary.flow_facts import WordsHeard, WordsOutcome
from ivr.asking import DIGITS_SAID
from ivr.flow_set import FlowSet
from ivr.problems import Problem
from ivr.turns import CallerLeft, KeyCame, NoKeyCame, WordsCame
from ivr.ways import YES_KEY
from services.flows.cases import Case, Ran, run
from services.flows.written_keys import BYE, WAIT, doings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Words that a caller says at a step."""

    text: str
    meant: str
    """What they must be taken for; see ``WordsHeard.meant``."""
    keys: tuple[str, ...] = ()
    """What is pressed where they are not understood."""
    confirms: bool = False
    """Whether they answer what is asked only behind words, as a number read back."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that are pressed one after the other."""

    keys: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing is done."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The caller hangs up."""


Item = Utterance | Keys | Quiet | Gone


def items_of(ran: Ran) -> tuple[Item, ...]:
    """Return what the caller of a case that was walked does, in order."""
    told = iter([it for it in ran.walking.facts if isinstance(it, WordsHeard)])
    before: WordsHeard | None = None
    items: list[Item] = []
    for doing in doings_of(ran.case.written.keys):
        match doing.came:
            case WordsCame(said=said):
                words = next(told, None)
                items.append(
                    Utterance(
                        text=said[0].text,
                        meant=words.meant if words else "",
                        keys=doing.instead,
                        confirms=_confirms(before, words),
                    )
                )
                before = words
            case KeyCame(key=key):
                match items:
                    case [*_, Keys(keys=typed)] if not doing.is_first:
                        items[-1] = Keys(typed + key)
                    case _:
                        items.append(Keys(key))
            case NoKeyCame():
                items.append(Quiet())
            case CallerLeft():
                items.append(Gone())
            case other:
                raise TypeError(f"{other!r}: nothing that a caller does")
    return tuple(items)


def _confirms(before: WordsHeard | None, words: WordsHeard | None) -> bool:
    if before is None or words is None or words.meant != YES_KEY:
        return False
    is_asked = before.meant == DIGITS_SAID or before.outcome is WordsOutcome.UNCERTAIN
    return is_asked and (before.flow, before.step) == (words.flow, words.step)


def otherwise_by_keys(ran: Ran, flow_set: FlowSet) -> Iterator[Problem]:
    """Yield why keys would not lead where the words of a case do.

    Args:
        ran: A case that is spoken aloud, walked by its words.
        flow_set: The flows.
    """
    case = ran.case
    doings = [
        it for it in doings_of(case.written.keys) if isinstance(it.came, WordsCame)
    ]
    confirms = [it.confirms for it in items_of(ran) if isinstance(it, Utterance)]
    for doing, is_answer in zip(doings, confirms, strict=True):
        if not doing.has_instead and not is_answer:
            text = doing.came.said[0].text if isinstance(doing.came, WordsCame) else ""
            what = f"say({text}) has no keys in its stead; write `say({text} | 1)`"
            yield case.problem("keys", what)
            return
    twin = run(by_keys(ran), flow_set)
    if twin.walking.end != ran.walking.end:
        yield case.problem(
            "keys",
            f"the words lead to {ran.walking.end or 'nowhere'!r}, the keys in their"
            f" stead to {twin.walking.end or 'nowhere'!r} by the way"
            f" {' → '.join(twin.walking.steps)}",
        )


def by_keys(ran: Ran) -> Case:
    """Return the same case with keys alone."""
    return replace(
        ran.case,
        written=ran.case.written.model_copy(
            update={"keys": " ".join(_pressed(items_of(ran)))}
        ),
    )


def _pressed(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        match item:
            case Utterance(confirms=True):
                continue
            case Utterance(keys=keys):
                yield from keys or (WAIT,)
            case Keys(keys=keys):
                yield keys
            case Quiet():
                yield WAIT
            case Gone():
                yield BYE

"""What callers may say at every step: danger, a person, again, back, yes and no."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from ivr.problems import Refused
from ivr.sounds import Language
from ivr.source import Source, Trail
from ivr.understanding.grammar import DANGER, MAYBE, SURE, Phrases
from ivr.wording import Wording
from ivr.words import problem_at, read_as
from ivr.written import PLAIN, Part

FILE_NAME = "words.yaml"
"""It lies beside the folder of flows."""
LONGEST_PHRASE = 60
MOST_PHRASES = 200
"""Of one choice in one language."""

Phrase = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=LONGEST_PHRASE,
        pattern=PLAIN,
    ),
]
Share = Annotated[float, Field(ge=0.3, le=1, allow_inf_nan=False)]


class Phrasing(Part):
    """What callers say for one thing, in each language."""

    zh: Annotated[tuple[Phrase, ...], Field(max_length=MOST_PHRASES)] = ()
    en: Annotated[tuple[Phrase, ...], Field(max_length=MOST_PHRASES)] = ()

    def by_language(self) -> Mapping[Language, tuple[str, ...]]:
        """Return the phrases of each language; empty where there are none."""
        return {Language.ZH: self.zh, Language.EN: self.en}

    def for_choice(self, choice: str, *more: "Phrasing") -> Phrases:
        """Return them as what stands for a choice, with those of others."""
        all_of = (self, *more)
        return Phrases(
            choice,
            tuple(
                (language, tuple(it for one in all_of for it in one.of(language)))
                for language in Language
            ),
        )

    def of(self, language: Language) -> tuple[str, ...]:
        """Return the phrases in a language."""
        return self.by_language()[language]


class Everywhere(Part):
    """What means the same at every step; each list may be written anew."""

    danger: Phrasing = Phrasing(
        zh=(
            *("着火", "起火", "失火", "冒烟", "冒火", "火花", "爆炸", "触电", "漏电"),
            *("被电到", "电到人", "电死人", "电线掉", "电线断", "电线落地", "断线"),
            *("电线杆倒", "有危险", "救命"),
        ),
        en=(
            *("fire", "smoke", "sparks", "sparking", "explosion", "exploded"),
            *("electric shock", "electrocuted", "wire down", "line down"),
            *("fallen wire", "fallen line", "wires on the ground", "danger"),
        ),
    )
    """To a person at once, before all others."""
    person: Phrasing = Phrasing(
        zh=("人工", "转人工", "人工服务", "客服", "找人", "接线员", "话务员", "座席"),
        en=("agent", "operator", "representative", "person", "human", "somebody"),
    )
    """As key 0."""
    again: Phrasing = Phrasing(
        zh=("重听", "再说一遍", "再听一遍", "没听清", "重复"),
        en=("repeat", "again", "say that again", "pardon"),
    )
    """As key 9."""
    back: Phrasing = Phrasing(
        zh=("返回", "上一步", "返回上一级", "回去"),
        en=("go back", "back", "previous"),
    )
    """As the key *."""
    yes: Phrasing = Phrasing(
        zh=("是", "是的", "对", "对的", "没错", "正确", "好", "好的", "可以", "确认"),
        en=("yes", "yeah", "yep", "correct", "right", "sure", "ok", "okay"),
    )
    no: Phrasing = Phrasing(
        zh=("不是", "不对", "不", "错了", "不用", "不要", "取消", "不正确"),
        en=("no", "nope", "wrong", "not right", "not correct", "incorrect", "cancel"),
    )
    sure: Share = SURE
    """From where on words are taken."""
    maybe: Share = MAYBE
    """From where on they are asked about; what is below is refused."""

    def at_every_step(self) -> tuple[Phrases, ...]:
        """Return what has a meaning wherever somebody listens."""
        return (self.danger.for_choice(DANGER), self.person.for_choice("0"))

    def at_menus(self) -> tuple[Phrases, ...]:
        """Return what has a meaning besides where one thing is chosen."""
        return (self.again.for_choice("9"), self.back.for_choice("*"))

    def yes_or_no(self, *more: tuple[str, Phrasing]) -> tuple[Phrases, ...]:
        """Return what answers a question; key 1 is yes and key 2 is no."""
        of_yes = [phrasing for key, phrasing in more if key == "1"]
        of_no = [phrasing for key, phrasing in more if key == "2"]
        return (
            self.yes.for_choice("1", *of_yes),
            self.no.for_choice("2", *of_no),
        )


EVERYWHERE = Everywhere()
"""What holds where no file says otherwise."""


class WordsRefused(Refused):
    """The file of words cannot be used."""


def everywhere_of(source: Source) -> Everywhere:
    """Return what a file says.

    Raises:
        WordsRefused: With every problem found.
    """
    read = read_as(Everywhere, source, options_at=_options_at)
    if isinstance(read, list):
        raise WordsRefused(read)
    problems = []
    if read.maybe > read.sure:
        what = Wording(
            en=f"should be at most `sure`, {read.sure:g}, got {read.maybe:g}",
            zh=f"应不大于 `sure`（{read.sure:g}），实际为 {read.maybe:g}",
        )
        problems.append(problem_at(source, ("maybe",), what))
    for field in ("danger", "person"):
        if not any(getattr(read, field).by_language().values()):
            what = Wording(
                en="has no words; write some, or leave it out for the usual ones",
                zh="没有任何说法；请写上几个，或去掉这一项以使用默认说法",
            )
            problems.append(problem_at(source, (field,), what))
    if problems:
        raise WordsRefused(problems)
    return read


def _options_at(place: Trail) -> Iterable[str]:
    return Everywhere.model_fields if len(place) == 1 else Phrasing.model_fields

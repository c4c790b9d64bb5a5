"""What is heard at a step, as written: texts by language, a file, or both."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    AfterValidator,
    Discriminator,
    StringConstraints,
    Tag,
    model_validator,
)

from ivr.saying import said
from ivr.sounds import Either, Heard, Language, Recorded, Sound, Spoken
from ivr.template import NotATemplate, Shown, heard_of, pieces_of
from ivr.values import NOTHING, Values
from ivr.wording import Wording
from ivr.wording import wrong as refusal
from ivr.written import PLAIN, FileName, Part


def _template(text: str) -> str:
    try:
        pieces_of(text)
    except NotATemplate as wrong:
        raise refusal("template", wrong.why) from None
    return text


Template = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=1000, pattern=PLAIN
    ),
    AfterValidator(_template),
]


class Files(Part):
    """Recorded files by language."""

    zh: FileName | None = None
    en: FileName | None = None


BY_NAME, BY_LANGUAGE = "one file", "files by language"
"""How a prompt's files are written; of use in places that pydantic tells."""

File = Annotated[
    Annotated[FileName, Tag(BY_NAME)] | Annotated[Files, Tag(BY_LANGUAGE)],
    Discriminator(lambda it: BY_NAME if isinstance(it, str) else BY_LANGUAGE),
]


class Prompt(Part):
    """What is heard: a text in one or more languages, a recorded file, or both."""

    zh: Template | None = None
    en: Template | None = None
    file: File | None = None
    """Played instead of the texts wherever it is there and in the language."""
    slow: bool = False
    """Whether its texts are spoken slowly to everybody."""

    @model_validator(mode="after")
    def _says_something(self) -> "Prompt":
        if self.zh is None and self.en is None and not self._files():
            raise refusal(
                "prompt_choice",
                Wording(
                    en="needs texts by language, a file, or both; "
                    "write `zh: …`, `en: …` or `file: …`",
                    zh="需要各语言的文字、录音文件，或两者都有；"
                    "请写 `zh: …`、`en: …` 或 `file: …`",
                ),
            )
        return self

    def texts(self) -> Mapping[Language, str]:
        """Return the texts there are; empty where a file is played alone."""
        both = {Language.ZH: self.zh, Language.EN: self.en}
        return {language: text for language, text in both.items() if text is not None}

    def languages(self) -> frozenset[Language]:
        """Return the languages in which it can be heard."""
        return frozenset(self.texts()) | frozenset(self._files())

    def shown(self) -> frozenset[Shown]:
        """Return the values that its texts say."""
        return frozenset(
            piece
            for text in self.texts().values()
            for piece in pieces_of(text)
            if isinstance(piece, Shown)
        )

    def sounds(self, *, is_slow: bool = False) -> tuple[Sound, ...]:
        """Return every sound that can be made ahead for it."""
        slow = is_slow or self.slow
        return (
            *dict.fromkeys(self._recorded(name) for name in self._files().values()),
            *(
                Spoken(language=language, text=piece, is_slow=slow)
                for language, text in self.texts().items()
                for piece in heard_of(text)
                if isinstance(piece, str)
            ),
        )

    def heard(
        self,
        language: Language,
        otherwise: Language,
        values: Values = NOTHING,
        *,
        is_slow: bool = False,
    ) -> tuple[Heard, ...]:
        """Return what is played, in order.

        Args:
            language: Of the caller.
            otherwise: What is spoken where nothing is in that language.
            values: What its texts say.
            is_slow: Whether the caller wants it slowly.
        """
        known = self.languages()
        choice = next(one for one in (language, otherwise, *Language) if one in known)
        file = self._files().get(choice)
        text = self.texts().get(choice)
        if file is not None and text is None and self.texts():
            text, choice = next(iter(self.texts().values())), next(iter(self.texts()))
        spoken: tuple[Spoken, ...] = ()
        if text is not None:
            pieces = said(text, choice, values)
            slow = is_slow or self.slow
            spoken = tuple(
                Spoken(language=choice, text=one, is_slow=slow) for one in pieces
            )
        if file is None:
            return spoken
        recorded = self._recorded(file)
        return (Either(recorded=recorded, otherwise=spoken) if spoken else recorded,)

    def _files(self) -> Mapping[Language, str]:
        match self.file:
            case None:
                return {}
            case str():
                return dict.fromkeys(Language, self.file)
            case Files():
                both = {Language.ZH: self.file.zh, Language.EN: self.file.en}
                return {one: name for one, name in both.items() if name is not None}

    def _recorded(self, name: str) -> Recorded:
        return Recorded(name=name, may_be_missing=bool(self.texts()))

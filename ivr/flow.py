"""The schema of a call flow, and the sounds that it can ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

KEYS = "0123456789*#"
"""Every key that a telephone has."""


class Language(StrEnum):
    """What a prompt can be spoken in."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A sound that is made by speaking a text."""

    language: Language
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A sound that someone recorded: a file below the folder of prompts."""

    name: str
    """Without suffix, as in ``storm/warning``."""


Sound = Spoken | Recorded

NAME = r"^[a-z][a-z0-9_]{0,39}$"
KEY = r"^[0-9*#]$"
FILE_NAME = r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}$"

PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"

StepName = Annotated[str, StringConstraints(pattern=NAME)]
Id = Annotated[str, StringConstraints(pattern=NAME)]
Key = Annotated[str, StringConstraints(pattern=KEY)]
Words = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=1000, pattern=PLAIN
    ),
]
FileName = Annotated[str, StringConstraints(pattern=FILE_NAME, max_length=128)]


class Part(BaseModel):
    """What every part of a flow is: as written, whole, and never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Prompt(Part):
    """What is heard: a text in one or more languages, or a recorded file."""

    zh: Words | None = None
    en: Words | None = None
    file: FileName | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Prompt":
        texts = [text for text in (self.zh, self.en) if text is not None]
        if bool(texts) == (self.file is not None):
            raise PydanticCustomError(
                "prompt_choice",
                "needs texts by language or a file, one of the two; "
                "write `zh: …`, `en: …` or `file: …`",
            )
        return self

    def texts(self) -> Mapping[Language, str]:
        """Return the texts there are; empty where a file is played."""
        both = {Language.ZH: self.zh, Language.EN: self.en}
        return {language: text for language, text in both.items() if text is not None}

    def sounds(self) -> tuple[Sound, ...]:
        """Return every sound that this prompt can ask for."""
        if self.file is not None:
            return (Recorded(name=self.file),)
        return tuple(
            Spoken(language=language, text=text)
            for language, text in self.texts().items()
        )

    def sound(self, language: Language, otherwise: Language) -> Sound:
        """Return the sound in a language, or in another where it has no text in it."""
        if self.file is not None:
            return Recorded(name=self.file)
        texts = self.texts()
        spoken = next(one for one in (language, otherwise, *texts) if one in texts)
        return Spoken(language=spoken, text=texts[spoken])


class SayStep(Part):
    """Says something, then goes on; a key skips the rest of it."""

    say: Prompt
    goto: StepName
    language: Language | None = None
    """Spoken from here on; None leaves it as it is."""
    barge_in: bool = True
    """Whether a key may cut it short."""


class MenuStep(Part):
    """Asks for one key and goes where it leads."""

    menu: Prompt
    keys: Mapping[Key, StepName] = Field(min_length=1)
    """Besides these, 0 reaches a person, 9 repeats and * goes back."""
    language: Language | None = None
    timeout_s: float = Field(default=5, ge=1, le=60, allow_inf_nan=False)
    tries: int = Field(default=2, ge=1, le=9)
    """How often nothing, or a key without a meaning, may come before giving up."""
    on_timeout: Prompt | None = None
    """Said before the prompt is repeated because no key came."""
    on_wrong: Prompt | None = None
    """Said before the prompt is repeated because the key means nothing."""
    give_up: StepName | None = None
    """Where too many failures lead; None means to a person."""
    secret: bool = False
    """Whether the key is the caller's alone, as one of a PIN: no fact tells it. All
    keys lead to one step then, which would tell it otherwise."""


class QueueStep(Part):
    """Gives the call to a queue."""

    queue: Id
    skills: tuple[Id, ...] = ()
    """What the call needs of an agent beyond what its queue needs."""
    call_class: int | None = Field(default=None, alias="class", ge=0, le=20)
    """Who has more goes before all who have less; None leaves the number's."""


class HangUpStep(Part):
    """Says a last thing and hangs up."""

    hang_up: Prompt
    language: Language | None = None


KINDS: Mapping[str, type[Part]] = {
    "say": SayStep,
    "menu": MenuStep,
    "queue": QueueStep,
    "hang_up": HangUpStep,
}


def _kind_of(step: object) -> str | None:
    """Return the one key that says what a step does; None where it is not one."""
    if isinstance(step, Part):
        return next(kind for kind, model in KINDS.items() if isinstance(step, model))
    if not isinstance(step, Mapping):
        return None
    kinds = [kind for kind in KINDS if kind in step]
    return kinds[0] if len(kinds) == 1 else None


Step = Annotated[
    Annotated[SayStep, Tag("say")]
    | Annotated[MenuStep, Tag("menu")]
    | Annotated[QueueStep, Tag("queue")]
    | Annotated[HangUpStep, Tag("hang_up")],
    Discriminator(
        _kind_of,
        custom_error_type="step_kind",
        custom_error_message="a step does one of say, menu, queue and hang_up; "
        "write one of the four",
    ),
]


class Flow(Part):
    """One call flow: what a caller hears and can choose before a person."""

    name: Id
    language: Language
    """In which the caller is spoken to first; every prompt has a text in it."""
    entry: StepName
    person: StepName
    """The queue step where key 0 and every failure lead."""
    steps: Mapping[StepName, Step] = Field(min_length=1, max_length=500)

    def sounds(self) -> frozenset[Sound]:
        """Return every sound that a walk of this flow can ask for."""
        return frozenset(
            sound
            for step in self.steps.values()
            for prompt in prompts_of(step).values()
            for sound in prompt.sounds()
        )


def prompts_of(step: Step) -> Mapping[str, Prompt]:
    """Return the prompts of a step by the name of their field."""
    match step:
        case SayStep():
            return {"say": step.say}
        case MenuStep():
            found = {
                "menu": step.menu,
                "on_timeout": step.on_timeout,
                "on_wrong": step.on_wrong,
            }
            return {name: prompt for name, prompt in found.items() if prompt}
        case HangUpStep():
            return {"hang_up": step.hang_up}
        case QueueStep():
            return {}


def exits_of(step: Step, person: StepName) -> tuple[StepName, ...]:
    """Return the steps that a step can lead to.

    Args:
        step: One step of a flow.
        person: The flow's step where a person is reached.
    """
    match step:
        case SayStep():
            return (step.goto,)
        case MenuStep():
            return (*step.keys.values(), step.give_up or person, person)
        case QueueStep() | HangUpStep():
            return ()

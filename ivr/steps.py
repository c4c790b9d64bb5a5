"""The schema of a step: one class for each thing that a step can do."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ivr.conditions import Expr
from ivr.everywhere import Phrasing
from ivr.prompt import Prompt
from ivr.sounds import Language
from ivr.wording import Wording, wrong
from ivr.written import Choice, Dialled, Id, Key, Part, StepName

TIMEOUT_S, TRIES = 5.0, 2
"""What holds where neither the step nor the flow's defaults say otherwise."""
LONGEST_MESSAGE_S = 120

Seconds = Annotated[float, Field(ge=1, le=60, allow_inf_nan=False)]
Tries = Annotated[int, Field(ge=1, le=9)]
Arguments = Mapping[Id, Expr]


class AnyStep(Part):
    """What every step may say."""

    counts_as: Id | None = None
    """An item of self-service that begins here."""
    done: Id | None = None
    """The item that has come to its end when this step is entered."""


class AskingStep(AnyStep):
    """What every step may say that waits for keys."""

    timeout_s: Seconds = TIMEOUT_S
    tries: Tries = TRIES
    """How often nothing, or a key without a meaning, may come before giving up."""
    on_timeout: Prompt | None = None
    """Said before the prompt is repeated because no key came."""
    on_wrong: Prompt | None = None
    """Said before the prompt is repeated because the key means nothing."""
    give_up: StepName | None = None
    """Where too many failures lead; None means where the flow's failures do."""
    speech: Literal["on", "off", "only"] = "on"
    """Whether callers may also speak; ``only``: the prompt tells no keys."""


class ChoosingStep(AskingStep):
    """What every step may say at which one thing is chosen."""

    words: Mapping[Choice, Phrasing] = Field(default_factory=dict, max_length=40)
    """What callers may say for a key, or for a step that no key leads to."""


class SayStep(AnyStep):
    """Says something, then goes on; a key skips the rest of it."""

    say: Prompt
    goto: StepName
    language: Language | None = None
    """Spoken from here on; None leaves it as it is."""
    barge_in: bool = True
    """Whether a key may cut it short."""


class MenuStep(ChoosingStep):
    """Asks for one key and goes where it leads."""

    menu: Prompt
    keys: Mapping[Key, StepName] = Field(min_length=1)
    """Besides these, 0 reaches a person, 9 repeats and * goes back."""
    language: Language | None = None
    on_silence: StepName | None = None
    """Where the first time-out leads; None says the menu again."""
    secret: bool = False
    """Whether the key is the caller's alone, as one of a PIN: no fact tells it. All
    keys lead to one step then, which would tell it otherwise."""


class Digits(Part):
    """How many digits are asked for."""

    least: int = Field(ge=1, le=30)
    most: int = Field(ge=1, le=30)

    @model_validator(mode="after")
    def _is_a_range(self) -> "Digits":
        if self.least > self.most:
            raise wrong(
                "digits_range",
                Wording(
                    en="least should be at most what `most` says; swap the two",
                    zh=f"`least`（{self.least}）大于 `most`（{self.most}）；请对调",
                ),
            )
        return self


class CollectStep(AskingStep):
    """Asks for several digits; 0 alone reaches a person, * begins anew."""

    collect: Prompt
    into: Id = Field(alias="as")
    digits: Digits
    end_key: Literal["#", "*"] = "#"
    secret: bool = False
    """Whether no fact, log or message tells the digits."""
    goto: StepName


class ConfirmStep(ChoosingStep):
    """Asks for yes (key 1) or no (key 2)."""

    confirm: Prompt
    yes: StepName
    no: StepName


class SurveyStep(ChoosingStep):
    """Asks for one key as an answer; who gives none goes on without."""

    survey: Prompt
    keys: tuple[Key, ...] = Field(default=("1", "2", "3", "4", "5"), min_length=1)
    into: Id = Field(alias="as")
    goto: StepName


class Case(Part):
    """One way of a branch."""

    condition: Expr = Field(alias="if")
    goto: StepName


class BranchStep(AnyStep):
    """Goes the way of the first condition that holds."""

    branch: tuple[Case, ...] = Field(min_length=1, max_length=50)
    otherwise: StepName


class SetStep(AnyStep):
    """Remembers values by name."""

    values: Mapping[Id, Expr] = Field(alias="set", min_length=1)
    goto: StepName


class SpeakStep(AnyStep):
    """Changes what is spoken from here on."""

    speak: Language
    slow: bool | None = None
    """Whether slowly; None leaves it as it is."""
    goto: StepName


class LookUpStep(AnyStep):
    """Asks another system for what it knows."""

    look_up: Id
    arguments: Arguments = Field(default_factory=dict, alias="with")
    into: Id | None = Field(default=None, alias="as")
    """The name before the dot of what was found; None means the look-up's own."""
    goto: StepName
    not_found: StepName | None = None
    failed: StepName | None = None
    """Where a failure leads; None means where the flow's failures do."""


class RecordStep(AnyStep):
    """Takes down what the caller says."""

    record: Prompt
    into: Id = Field(alias="as")
    limit_s: int = Field(default=60, ge=2, le=LONGEST_MESSAGE_S)
    end_key: Literal["#", "*"] = "#"
    goto: StepName
    failed: StepName | None = None
    """Where silence and failures lead; None means where the flow's failures do."""


class OrderStep(AnyStep):
    """Has another system make an order."""

    order: Id
    arguments: Arguments = Field(default_factory=dict, alias="with")
    into: Id | None = Field(default=None, alias="as")
    goto: StepName
    failed: StepName | None = None


class SmsStep(AnyStep):
    """Sends a text message."""

    sms: Prompt
    to: Expr | None = None
    """The number; None means the caller's."""
    goto: StepName
    failed: StepName | None = None
    """None goes on: no message is worth stopping a caller for."""


class QueueStep(AnyStep):
    """Gives the call to a queue."""

    queue: Id
    by_language: Mapping[Language, Id] = Field(default_factory=dict)
    """Queues instead of it for who is spoken to in a language."""
    skills: tuple[Id, ...] = ()
    """What the call needs of an agent beyond what its queue needs."""
    call_class: int | None = Field(default=None, alias="class", ge=0, le=20)
    """Who has more goes before all who have less; None leaves the number's."""
    hears: Prompt | None = None
    """Said before the wait; a key ends it."""
    notes: Arguments = Field(default_factory=dict, alias="with")
    """What whoever takes the call is told of it."""
    keys: Mapping[Key, StepName] = Field(default_factory=dict)
    """Where keys lead while the caller waits. What says something and comes back here
    is heard without leaving the line; anything else leaves it, and the place is kept
    for who comes back."""
    meanwhile: Prompt | None = None
    """Said again and again while the caller waits, until an agent answers."""
    each_s: int = Field(default=45, ge=10, le=600)
    """How often."""

    @property
    def asks(self) -> bool:
        """Tell whether anything happens to who waits here before an agent answers."""
        return bool(self.keys) or self.meanwhile is not None

    @property
    def queues(self) -> Mapping[str, Id]:
        """Every queue that it can lead to, by the field that names it."""
        others = {
            f"by_language.{key.value}": it for key, it in self.by_language.items()
        }
        return {"queue": self.queue, **others}


class TransferStep(AnyStep):
    """Gives the call to the flow of another number of ours."""

    transfer: Dialled


class SubFlowStep(AnyStep):
    """Walks another flow, and goes on here when that gives back."""

    flow: Id
    goto: StepName


class ReturnStep(AnyStep):
    """Gives back to the flow that this one was walked from."""

    gives_back: Literal["true", "yes", True, "person"] = Field(alias="return")
    """``person`` gives the caller to that flow's person, and what fails to where its
    failures lead; else it goes on behind the step that led here."""

    @property
    def is_to_a_person(self) -> bool:
        """Tell whether the caller is given back for a person."""
        return self.gives_back == "person"


class HangUpStep(AnyStep):
    """Says a last thing and hangs up."""

    hang_up: Prompt
    language: Language | None = None


KINDS: Mapping[str, type[AnyStep]] = {
    "say": SayStep,
    "menu": MenuStep,
    "collect": CollectStep,
    "confirm": ConfirmStep,
    "survey": SurveyStep,
    "branch": BranchStep,
    "set": SetStep,
    "speak": SpeakStep,
    "look_up": LookUpStep,
    "record": RecordStep,
    "order": OrderStep,
    "sms": SmsStep,
    "queue": QueueStep,
    "transfer": TransferStep,
    "flow": SubFlowStep,
    "return": ReturnStep,
    "hang_up": HangUpStep,
}
"""What a step can do, by the key that says it."""


def kind_of(step: object) -> str | None:
    """Return the one key that says what a step does; None where it is not one."""
    if isinstance(step, AnyStep):
        return next(kind for kind, model in KINDS.items() if isinstance(step, model))
    if not isinstance(step, Mapping):
        return None
    kinds = [kind for kind in KINDS if kind in step]
    return kinds[0] if len(kinds) == 1 else None


_ONE_KIND = Wording(
    en=f"a step does one of {', '.join([*KINDS][:-1])} and {[*KINDS][-1]}; "
    "write one of them",
    zh=f"一个步骤只做一件事，即 {'、'.join([*KINDS][:-1])} 或 {[*KINDS][-1]}；"
    "请写其中一个",
)
Step = Annotated[
    Annotated[SayStep, Tag("say")]
    | Annotated[MenuStep, Tag("menu")]
    | Annotated[CollectStep, Tag("collect")]
    | Annotated[ConfirmStep, Tag("confirm")]
    | Annotated[SurveyStep, Tag("survey")]
    | Annotated[BranchStep, Tag("branch")]
    | Annotated[SetStep, Tag("set")]
    | Annotated[SpeakStep, Tag("speak")]
    | Annotated[LookUpStep, Tag("look_up")]
    | Annotated[RecordStep, Tag("record")]
    | Annotated[OrderStep, Tag("order")]
    | Annotated[SmsStep, Tag("sms")]
    | Annotated[QueueStep, Tag("queue")]
    | Annotated[TransferStep, Tag("transfer")]
    | Annotated[SubFlowStep, Tag("flow")]
    | Annotated[ReturnStep, Tag("return")]
    | Annotated[HangUpStep, Tag("hang_up")],
    Discriminator(
        kind_of,
        custom_error_type="step_kind",
        custom_error_message="{why}",
        custom_error_context={"why": _ONE_KIND},
    ),
]


def prompts_of(step: Step) -> Mapping[str, Prompt]:
    """Return the prompts that are spoken at a step, by the name of their field."""
    match step:
        case SayStep():
            return {"say": step.say}
        case MenuStep():
            return _asking("menu", step.menu, step)
        case CollectStep():
            return _asking("collect", step.collect, step)
        case ConfirmStep():
            return _asking("confirm", step.confirm, step)
        case SurveyStep():
            return _asking("survey", step.survey, step)
        case RecordStep():
            return {"record": step.record}
        case HangUpStep():
            return {"hang_up": step.hang_up}
        case QueueStep():
            told = {"hears": step.hears, "meanwhile": step.meanwhile}
            return {name: one for name, one in told.items() if one is not None}
        case _:
            return {}


def _asking(name: str, prompt: Prompt, step: AskingStep) -> Mapping[str, Prompt]:
    others = {"on_timeout": step.on_timeout, "on_wrong": step.on_wrong}
    return {name: prompt, **{key: one for key, one in others.items() if one}}

"""The schema of a call flow, and the sounds that it can ask for."""

from collections.abc import Iterator, Mapping

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from ivr.prompt import Prompt
from ivr.sounds import Language, Sound
from ivr.steps import (
    AnyStep,
    AskingStep,
    ChoosingStep,
    CollectStep,
    LookUpStep,
    OrderStep,
    ReturnStep,
    Seconds,
    SmsStep,
    SpeakStep,
    Step,
    Tries,
    prompts_of,
)
from ivr.written import Id, Part, StepName

PLEASE_WAIT = Prompt(zh="正在查询，请稍候。", en="One moment, please.")
"""Said while another system takes its time, where the flow says nothing else."""

UNHEARD = Prompt(
    zh="没有听清，请再说一遍，或按键选择。",
    en="I did not catch that. Please say it again, or use the keys.",
)
"""Said where words fit nothing that is asked."""
TO_KEYS = Prompt(zh="请直接按键选择。", en="Please use the keys.")
"""Said when words fitted nothing again: from here on keys count."""
IS_IT = Prompt(
    zh="您是说{heard.choice}吗？是请按1，不是请按2。",
    en="Did you say {heard.choice}? Press 1 for yes, 2 for no.",
)
"""Asked where it is not sure what was said."""
READ_BACK = Prompt(
    zh="您说的是{heard.choice:digits}，对吗？对请按1，不对请按2。",
    en="You said {heard.choice:digits}. Press 1 if that is right, 2 if not.",
)
"""Asked of a number that was spoken."""

_ASKED = ("timeout_s", "tries", "on_timeout", "on_wrong")


class Defaults(Part):
    """What holds for every step that does not say otherwise."""

    timeout_s: Seconds | None = None
    tries: Tries | None = None
    on_timeout: Prompt | None = None
    on_wrong: Prompt | None = None
    on_failure: StepName | None = None
    """Where failures lead; None means to a person."""
    please_wait: Prompt = PLEASE_WAIT
    on_unheard: Prompt = UNHEARD
    to_keys: Prompt = TO_KEYS
    is_it: Prompt = IS_IT
    """It says ``heard.choice``: what was understood."""
    read_back: Prompt = READ_BACK


class Flow(Part):
    """One call flow: what a caller hears and can choose before a person."""

    name: Id
    language: Language
    """In which the caller is spoken to first; every prompt has a text in it."""
    languages: tuple[Language, ...] = ()
    """In which every prompt must be there; none asks for the first alone."""
    entry: StepName
    person: StepName
    """The queue step where key 0 and every failure lead; in a flow that others walk
    it may be ``return: person``, which is the person of whoever walks it."""
    danger: StepName | None = None
    """The queue step where words of danger lead; None means where those lead of the
    flow that this one was walked from, else to a person."""
    defaults: Defaults = Defaults()
    steps: Mapping[StepName, Step] = Field(min_length=1, max_length=500)

    @model_validator(mode="wrap")
    @classmethod
    def _with_defaults(
        cls, written: object, read: ModelWrapValidatorHandler["Flow"]
    ) -> "Flow":
        """Let every step that waits for keys say what the flow's defaults say."""
        flow = read(written)
        told = {
            name: value
            for name in _ASKED
            if (value := getattr(flow.defaults, name)) is not None
        }
        if not told or flow is written:
            return flow
        steps = {name: _completed(step, told) for name, step in flow.steps.items()}
        return flow.model_copy(update={"steps": steps})

    @property
    def failure(self) -> StepName:
        """Where failures lead."""
        return self.defaults.on_failure or self.person

    @property
    def has_person(self) -> bool:
        """Tell whether its person is its own, and not that of who walks it."""
        step = self.steps.get(self.person)
        return not (isinstance(step, ReturnStep) and step.is_to_a_person)

    @property
    def leaves_failures(self) -> bool:
        """Tell whether its failures lead where those of who walks it do."""
        return self.defaults.on_failure is None and not self.has_person

    @property
    def listens(self) -> bool:
        """Whether callers may speak at some step of it."""
        return any(
            isinstance(step, ChoosingStep) and step.words
            for step in self.steps.values()
        )

    def speaks(self, language: Language) -> bool:
        """Tell whether every prompt can be heard in a language."""
        if self.languages:
            return language in self.languages
        return all(language in prompt.languages() for prompt in self.prompts())

    def prompts(self) -> Iterator[Prompt]:
        """Yield every prompt that a walk of this flow can speak."""
        for step in self.steps.values():
            yield from prompts_of(step).values()
            if isinstance(step, LookUpStep | OrderStep | SmsStep):
                yield self.defaults.please_wait
        if self.listens:
            yield self.defaults.on_unheard
            yield self.defaults.to_keys
            yield self.defaults.is_it
            if any(isinstance(step, CollectStep) for step in self.steps.values()):
                yield self.defaults.read_back

    def sounds(self) -> frozenset[Sound]:
        """Return every sound of this flow that can be made ahead.

        What has a value in it is made when a caller comes to it.
        """
        paces = {False} | {
            bool(step.slow)
            for step in self.steps.values()
            if isinstance(step, SpeakStep)
        }
        return frozenset(
            sound
            for prompt in self.prompts()
            for is_slow in paces
            for sound in prompt.sounds(is_slow=is_slow)
        )


def _completed(step: Step, told: Mapping[str, object]) -> AnyStep:
    if not isinstance(step, AskingStep):
        return step
    missing = {
        key: one for key, one in told.items() if key not in step.model_fields_set
    }
    return step.model_copy(update=missing) if missing else step

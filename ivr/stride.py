"""The work of one turn: a walk that moves, and the facts that this states."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import TypedDict

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import (
    CallDescribed,
    CallRouted,
    FlowEnded,
    FlowEnding,
    KeyPressed,
    KeyTimedOut,
    Note,
    PromptHeard,
    ServiceBegun,
    ServiceDone,
    StepEntered,
    SubFlowLeft,
)
from acd.vocabulary.ids import CallId, QueueId, SkillId
from ivr.expressions import Expression
from ivr.flow import Flow
from ivr.flow_set import FlowSet
from ivr.prompt import Prompt
from ivr.sounds import Heard
from ivr.steps import (
    AskingStep,
    CollectStep,
    HangUpStep,
    MenuStep,
    QueueStep,
    SayStep,
    Step,
)
from ivr.turns import Act, Listen, Queue, Say
from ivr.values import Both, Secret, Values
from ivr.walk import NO_DIGITS, Hearing, Phase, Turn, Walk
from ivr.written import KEYS, StepName

MOST_TURNS = 200
"""After so many prompts and waits the caller is given to a person."""
MOST_STEPS = 1000
"""After so many steps too: those that say nothing cost no turn."""


@dataclass(frozen=True, slots=True)
class Goto:
    """Enter a step of the walk's flow."""

    step: StepName
    is_onward: bool = True
    """Whether the key that goes back shall come back to where the caller was."""


class Here(TypedDict):
    """What each fact of a step begins with."""

    at: datetime
    call_id: CallId
    flow: str
    step: str


Then = Act | Goto
"""What follows: one thing for the line, or another step."""


Judge = Callable[[Expression, "Stride"], bool]
"""Tells whether a condition holds at the step of a branch."""


def as_written(condition: Expression, stride: "Stride") -> bool:
    """Tell whether a condition is true: all that it names is known, or missing."""
    return condition.holds(stride.values)


class Stride:
    """A walk while one input is taken in."""

    def __init__(
        self,
        flow_set: FlowSet,
        walk: Walk,
        at: datetime,
        around: Values,
        *,
        judge: Judge = as_written,
    ) -> None:
        """Begin where the walk is."""
        self.flow_set = flow_set
        self.walk = walk
        self.at = at
        self._around = around
        self._judge = judge
        self._facts: list[FlowFact] = []

    @property
    def flow(self) -> Flow:
        """The flow that is walked now."""
        return self.flow_set.flows[self.walk.flow]

    @property
    def step(self) -> Step:
        """The step that the walk is at."""
        return self.flow.steps[self.walk.step]

    def turn(self, act: Act) -> Turn:
        """Return what came of the input."""
        return Turn(walk=self.walk, act=act, facts=self.told)

    def move(self, **changes: object) -> None:
        """Change the walk: all that changes together at once, since each is a copy."""
        self.walk = replace(self.walk, **changes)  # type: ignore[arg-type]

    # ---- what is known

    @property
    def values(self) -> Values:
        """What the walk found out, and what is so in the world around."""
        return Both(self.walk.values, self._around)

    def holds(self, condition: Expression) -> bool:
        """Tell whether a condition is true here."""
        return self._judge(condition, self)

    def remember(self, values: Values) -> None:
        """Know values from here on."""
        self.move(values=MappingProxyType({**self.walk.values, **values}))

    # ---- what is told

    @property
    def told(self) -> tuple[FlowFact, ...]:
        """What was stated so far."""
        return tuple(self._facts)

    def tell(self, fact: FlowFact) -> None:
        """State a fact."""
        self._facts.append(fact)

    def here(self) -> Here:
        """Return what each fact of a step begins with."""
        walk = self.walk
        return Here(at=self.at, call_id=walk.call_id, flow=walk.flow, step=walk.step)

    def count(self) -> int:
        """Return the next number of what is told in order."""
        self.move(nth=self.walk.nth + 1)
        return self.walk.nth

    def press(self, key: str, *, is_choice: bool) -> None:
        """Tell a key, unless it is secret."""
        step = self.step
        is_secret = isinstance(step, MenuStep | CollectStep) and step.secret
        self.tell(
            KeyPressed(
                **self.here(),
                key="" if is_secret else key,
                nth=self.count(),
                is_choice=is_choice,
            )
        )

    def time_out(self) -> None:
        """Tell that no key came."""
        self.tell(KeyTimedOut(**self.here(), nth=self.count()))

    def note_heard(
        self, *, is_whole: bool, after_ms: int | None = None, by: str = ""
    ) -> None:
        """Tell what was heard of a prompt, where one was being said.

        Args:
            is_whole: Whether all of it was.
            after_ms: How much, where the line tells; None: by the clock.
            by: What cut it short: ``key``, ``words`` or nothing of these.
        """
        walk = self.walk
        if walk.phase not in (Phase.SAYING, Phase.TELLING):
            return
        if after_ms is None:
            took = self.at - (walk.since or self.at)
            after_ms = round(took.total_seconds() * 1000)
        self.tell(
            PromptHeard(
                **self.here(),
                sounds=walk.sounds,
                interrupted_ms=None if is_whole else after_ms,
                interrupted_by="" if is_whole else by,
            )
        )

    # ---- where it goes

    def note_entry(self, name: StepName, *, is_onward: bool = True) -> None:
        """Be at a step from here on, and tell it."""
        walk, step = self.walk, self.flow.steps[name]
        can_return = is_onward and isinstance(self.step, AskingStep)
        language = (
            step.language if isinstance(step, SayStep | MenuStep | HangUpStep) else None
        )
        self.move(
            step=name,
            back=(*walk.back, walk.step) if can_return else walk.back,
            failures=0,
            typed=NO_DIGITS,
            hearing=Hearing.OPEN,
            unsure="",
            misheard=0,
            was_spoken=False,
            steps=walk.steps + 1,
            nth=walk.nth + 1,
            language=language or walk.language,
        )
        fields = self.here()
        self.tell(StepEntered(**fields, nth=self.walk.nth))
        if step.counts_as is not None:
            self.tell(ServiceBegun(**fields, item=step.counts_as))
        if step.done is not None:
            self.tell(ServiceDone(**fields, item=step.done))

    def fail(self, step: AskingStep, prompt: Prompt, remark: Prompt | None) -> Then:
        """Count a failure: ask once more, or give up."""
        self.move(failures=self.walk.failures + 1, typed=NO_DIGITS)
        if self.walk.failures >= step.tries:
            return Goto(step.give_up) if step.give_up else self.failed()
        return self.say(*([remark] if remark else []), prompt)

    def failed(self) -> Goto:
        """Return where failures lead: perhaps out of the flow, if it says so."""
        while self.flow.leaves_failures and self.walk.frames:
            self.leave()
        return Goto(self.flow.failure)

    def leave(self) -> None:
        """Be back at the step that led into this flow."""
        *frames, frame = self.walk.frames
        self.tell(SubFlowLeft(**self.here(), back_to=frame.flow))
        self.move(
            flow=frame.flow, step=frame.step, back=frame.back, frames=tuple(frames)
        )

    # ---- what the line does

    def heard(self, *prompts: Prompt) -> tuple[Heard, ...]:
        """Return what is played for prompts, in the caller's language."""
        values = self.values
        return tuple(
            sound
            for prompt in prompts
            for sound in prompt.heard(
                self.walk.language,
                self.flow.language,
                values,
                is_slow=self.walk.is_slow,
            )
        )

    def say(self, *prompts: Prompt, keys: str = KEYS) -> Act:
        """Have prompts played."""
        sounds = self.heard(*prompts)
        act = Say(sounds=sounds, keys=keys)
        return self.use(Phase.SAYING, act, sounds=len(sounds))

    def listen(self, limit_s: float, *, is_first: bool = True) -> Act:
        """Wait for a key; only the first of a number counts as a wait."""
        act = Listen(limit_s=limit_s)
        return (
            self.use(Phase.LISTENING, act)
            if is_first
            else self.do(Phase.LISTENING, act)
        )

    def use(self, phase: Phase, act: Act, **changes: object) -> Act:
        """Have one of the bounded things done; a person takes who had them all."""
        if self.walk.turns >= MOST_TURNS:
            return self.to_person()
        return self.do(phase, act, turns=self.walk.turns + 1, **changes)

    def do(self, phase: Phase, act: Act, **changes: object) -> Act:
        """Have something done that needs no bound."""
        self.move(phase=phase, since=self.at, **changes)
        return act

    # ---- how it ends

    def to_person(self) -> Act:
        """Give the call to the person of this flow, or of the one that has one."""
        while not self.flow.has_person and self.walk.frames:
            self.leave()
        return self.route(self.flow.person)

    def person_queue(self) -> Queue:
        """Return the queue of that person, and stay where the walk is."""
        names = (self.walk.flow, *(it.flow for it in reversed(self.walk.frames)))
        flows = [self.flow_set.flows[name] for name in names]
        flow = next((it for it in flows if it.has_person), flows[-1])
        return self.queue_of(flow.person, flow)

    def route(self, name: StepName) -> Act:
        """Give the call to the queue of a step."""
        queue, step = self.queue_of(name), self.flow.steps[name]
        fields = self.here()
        fields["step"] = name
        if isinstance(step, QueueStep) and (notes := self._notes(step)):
            self.tell(CallDescribed(**fields, notes=notes))
        self.tell(
            CallRouted(
                **fields,
                nth=self.count(),
                queue_id=queue.queue_id,
                skills=tuple(sorted(queue.skills)),
            )
        )
        if isinstance(step, QueueStep) and step.asks:
            self.move(step=name, line=name)
            return self.do(Phase.WAITING, queue)
        return self.do(Phase.OVER, queue)

    def end(self, ending: FlowEnding, act: Act, detail: str = "") -> Act:
        """End the walk without a queue."""
        self.tell(FlowEnded(**self.here(), ending=ending, detail=detail))
        return self.do(Phase.OVER, act)

    def queue_of(self, name: StepName, flow: Flow | None = None) -> Queue:
        """Return the queue of a step.

        Raises:
            TypeError: It is none; ``ivr.load`` refuses such a flow.
        """
        step = (flow or self.flow).steps[name]
        if not isinstance(step, QueueStep):
            raise TypeError(f"step {name!r} is no queue; ivr.load refuses such a flow")
        return Queue(
            queue_id=QueueId(step.by_language.get(self.walk.language, step.queue)),
            skills=frozenset(SkillId(skill) for skill in step.skills),
            call_class=step.call_class,
            keys="".join(sorted(step.keys)),
            tells_each_s=0 if step.meanwhile is None else step.each_s,
        )

    def _notes(self, step: QueueStep) -> tuple[Note, ...]:
        told = ((name, one.value(self.values)) for name, one in step.notes.items())
        return tuple(
            Note(name=name, value=str(value))
            for name, value in told
            if value is not None and not isinstance(value, Secret)
        )

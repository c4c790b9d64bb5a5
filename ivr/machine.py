"""One caller's walk through a flow: inputs in; acts, facts and a new state out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import (
    CallAnswered,
    CallRouted,
    FlowEnded,
    FlowEnding,
    KeyPressed,
    KeyTimedOut,
    StepEntered,
)
from acd.vocabulary.ids import QueueId, SkillId
from ivr.flow import (
    KEYS,
    Flow,
    HangUpStep,
    MenuStep,
    Prompt,
    QueueStep,
    SayStep,
    Sound,
    Step,
    StepName,
)
from ivr.turns import (
    Act,
    Answer,
    Answered,
    Begun,
    Broke,
    CallerLeft,
    HangUp,
    Input,
    KeyCame,
    LetGo,
    Listen,
    NoKeyCame,
    Played,
    Queue,
    Say,
)
from ivr.walk import TAKES, InputOutOfPlace, Phase, Turn, Walk

MOST_TURNS = 200
"""After so many prompts and waits the caller is given to a person."""

PERSON_KEY, REPEAT_KEY, BACK_KEY = "0", "9", "*"


def take(flow: Flow, walk: Walk, came: Input, at: datetime) -> Turn:
    """Take in one input.

    Every walk ends, after at most ``MOST_TURNS`` prompts and waits, in exactly one of
    CallRouted and FlowEnded, whatever comes.

    Args:
        flow: A flow that ``ivr.load`` has proved.
        walk: Where the caller is.
        came: What happened on the line.
        at: When, for the facts.

    Returns:
        The new state, the one thing that the line shall do, and the facts.

    Raises:
        InputOutOfPlace: The walk's phase has no place for the input. Nothing changed.
    """
    if type(came) not in TAKES[walk.phase]:
        raise InputOutOfPlace(walk.phase, came)
    return _Stride(flow, walk, at).take(came)


class _Stride:
    """The work of one turn: a walk that moves, and the facts that this states."""

    def __init__(self, flow: Flow, walk: Walk, at: datetime) -> None:
        self._flow = flow
        self._walk = walk
        self._at = at
        self._facts: list[FlowFact] = []

    def take(self, came: Input) -> Turn:
        act = self._take(came)
        return Turn(walk=self._walk, act=act, facts=tuple(self._facts))

    def _take(self, came: Input) -> Act:
        match came:
            case Begun():
                return self._do(Phase.ANSWERING, Answer())
            case Answered():
                walk = self._walk
                self._facts.append(CallAnswered(at=self._at, call_id=walk.call_id))
                return self._enter(self._flow.entry, is_onward=False)
            case Played():
                return self._played()
            case KeyCame():
                return self._key_came(came.key)
            case NoKeyCame():
                return self._no_key_came()
            case CallerLeft():
                return self._end(FlowEnding.CALLER_LEFT, LetGo())
            case Broke():
                person = self._person()
                self._end(FlowEnding.FAILED, person, detail=came.detail)
                return person

    def _played(self) -> Act:
        match self._step():
            case SayStep() as step:
                return self._enter(step.goto)
            case MenuStep() as step:
                return self._turn(Phase.LISTENING, Listen(limit_s=step.timeout_s))
            case HangUpStep() | QueueStep():
                return self._end(FlowEnding.COMPLETED, HangUp())

    def _key_came(self, key: str) -> Act:
        match self._step():
            case MenuStep() as step:
                return self._choose(step, key)
            case SayStep() as step:
                return self._skip(step, key)
            case HangUpStep() | QueueStep():
                self._press(key, is_choice=False)
                return self._end(FlowEnding.COMPLETED, HangUp())

    def _skip(self, step: SayStep, key: str) -> Act:
        """Cut a saying short; a key of the menu that follows is taken as its own."""
        following = self._flow.steps[step.goto]
        if isinstance(following, MenuStep) and key in self._meanings(following):
            self._note_entry(step.goto)
            return self._choose(following, key)
        self._press(key, is_choice=False)
        return self._enter(step.goto)

    def _meanings(self, menu: MenuStep) -> Mapping[str, Callable[[], Act]]:
        """Return what each key does at a menu; what the flow says goes first."""

        def going(name: StepName) -> Callable[[], Act]:
            return lambda: self._enter(name)

        return {
            PERSON_KEY: going(self._flow.person),
            REPEAT_KEY: lambda: self._say(menu.menu),
            BACK_KEY: self._go_back,
            **{key: going(name) for key, name in menu.keys.items()},
        }

    def _choose(self, menu: MenuStep, key: str) -> Act:
        meaning = self._meanings(menu).get(key)
        self._press(key, is_choice=meaning is not None)
        if meaning is None:
            return self._fail(menu, menu.on_wrong)
        return meaning()

    def _go_back(self) -> Act:
        """Enter the menu before this one; the first one is said again."""
        *before, name = self._walk.back or (self._walk.step,)
        self._walk = replace(self._walk, back=tuple(before))
        return self._enter(name, is_onward=False)

    def _no_key_came(self) -> Act:
        walk = self._walk
        self._facts.append(
            KeyTimedOut(
                at=self._at,
                call_id=walk.call_id,
                flow=self._flow.name,
                step=walk.step,
                nth=self._count(),
            )
        )
        menu = self._step()
        if not isinstance(menu, MenuStep):
            return self._route(self._flow.person)
        return self._fail(menu, menu.on_timeout)

    def _fail(self, menu: MenuStep, remark: Prompt | None) -> Act:
        self._walk = replace(self._walk, failures=self._walk.failures + 1)
        if self._walk.failures >= menu.tries:
            return self._enter(menu.give_up or self._flow.person)
        return self._say(*([remark] if remark else []), menu.menu)

    def _enter(self, name: StepName, *, is_onward: bool = True) -> Act:
        if is_onward and isinstance(self._step(), MenuStep):
            self._walk = replace(self._walk, back=(*self._walk.back, self._walk.step))
        self._note_entry(name)
        match self._step():
            case SayStep() as step:
                return self._say(step.say, keys=KEYS if step.barge_in else "")
            case MenuStep() as step:
                return self._say(step.menu)
            case HangUpStep() as step:
                return self._say(step.hang_up, keys="")
            case QueueStep():
                return self._route(name)

    def _note_entry(self, name: StepName) -> None:
        step = self._flow.steps[name]
        language = None if isinstance(step, QueueStep) else step.language
        self._walk = replace(
            self._walk,
            step=name,
            failures=0,
            language=language or self._walk.language,
        )
        self._facts.append(
            StepEntered(
                at=self._at,
                call_id=self._walk.call_id,
                flow=self._flow.name,
                step=name,
                nth=self._count(),
            )
        )

    def _press(self, key: str, *, is_choice: bool) -> None:
        self._facts.append(
            KeyPressed(
                at=self._at,
                call_id=self._walk.call_id,
                flow=self._flow.name,
                step=self._walk.step,
                key="" if self._is_secret() else key,
                nth=self._count(),
                is_choice=is_choice,
            )
        )

    def _is_secret(self) -> bool:
        step = self._step()
        return isinstance(step, MenuStep) and step.secret

    def _say(self, *prompts: Prompt, keys: str = KEYS) -> Act:
        sounds: tuple[Sound, ...] = tuple(
            prompt.sound(self._walk.language, self._flow.language) for prompt in prompts
        )
        return self._turn(Phase.SAYING, Say(sounds=sounds, keys=keys))

    def _turn(self, phase: Phase, act: Act) -> Act:
        if self._walk.turns >= MOST_TURNS:
            return self._route(self._flow.person)
        self._walk = replace(self._walk, turns=self._walk.turns + 1)
        return self._do(phase, act)

    def _route(self, name: StepName) -> Act:
        queue = self._queue_of(name)
        self._facts.append(
            CallRouted(
                at=self._at,
                call_id=self._walk.call_id,
                flow=self._flow.name,
                step=name,
                nth=self._count(),
                queue_id=queue.queue_id,
                skills=tuple(sorted(queue.skills)),
            )
        )
        return self._do(Phase.OVER, queue)

    def _person(self) -> Queue:
        return self._queue_of(self._flow.person)

    def _queue_of(self, name: StepName) -> Queue:
        step = self._flow.steps[name]
        if not isinstance(step, QueueStep):
            raise TypeError(f"step {name!r} is no queue; ivr.load refuses such a flow")
        return Queue(
            queue_id=QueueId(step.queue),
            skills=frozenset(SkillId(skill) for skill in step.skills),
            call_class=step.call_class,
        )

    def _end(self, ending: FlowEnding, act: Act, detail: str = "") -> Act:
        self._facts.append(
            FlowEnded(
                at=self._at,
                call_id=self._walk.call_id,
                flow=self._flow.name,
                step=self._walk.step,
                ending=ending,
                detail=detail,
            )
        )
        return self._do(Phase.OVER, act)

    def _do(self, phase: Phase, act: Act) -> Act:
        self._walk = replace(self._walk, phase=phase)
        return act

    def _count(self) -> int:
        self._walk = replace(self._walk, nth=self._walk.nth + 1)
        return self._walk.nth

    def _step(self) -> Step:
        return self._flow.steps[self._walk.step]

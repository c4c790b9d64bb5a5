"""``tieline flow test`` and ``try``: flows walked without a telephone."""

from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from acd.vocabulary.ids import CallId
from ivr.flow_set import FlowSet
from ivr.lookups import LookUps
from ivr.problems import Refused
from ivr.sounds import Language
from ivr.together import without_person
from ivr.turns import (
    Ask,
    AskFailed,
    CallerLeft,
    Found,
    Input,
    KeyCame,
    LeaveLine,
    LineLeft,
    Listen,
    MessageTaken,
    NoKeyCame,
    NotFound,
    Played,
    Question,
    Record,
    Say,
    WordsDue,
)
from ivr.wording import Wording, nearest, told
from ivr.written import KEYS
from services.floor.load import load_floor
from services.flows.aloud import otherwise_by_keys
from services.flows.answers import FAILED, NOT_FOUND, Misfit, read_answer, values_of
from services.flows.cases import Case, Ran, begun, load_cases, run
from services.flows.others import Others
from services.flows.walking import Walking
from services.flows.written_keys import BYE, said_words
from services.runtime.errors import RuntimeProblem
from services.runtime.launch import floor_file
from services.runtime.settings import Settings, read_settings
from services.runtime.versions_told import Data, InLanguage, Json, near, tell

_Folder = Annotated[
    Path | None, typer.Argument(help="folder of flows; else the settings' own")
]
_MESSAGE_S = 5.0
_KEY = Wording(en="key", zh="按键")
AT_ONCE = 16
"""On two cores; more callers than that wait for each other."""


class FilesWrong(RuntimeProblem):
    """Floor, flows or cases cannot be used as they are written."""

    exit_code = 2


class Unknown(RuntimeProblem):
    """There is nothing of the name."""

    exit_code = 2

    def __init__(
        self, name: str, known: list[str], *, what: str = "no number and no flow"
    ) -> None:
        """Say what there is."""
        super().__init__(f"{name!r}: is {what}{nearest(name, known)}")


def cases(
    folder: _Folder = None,
    *,
    call: Annotated[
        bool, typer.Option("--call", help="over real SIP too, on an own instance")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="cases whose file and name, as main/a bill, have this in it"),
    ] = None,
    at_once: Annotated[
        int, typer.Option(min=1, max=60, help="callers at a time, with --call")
    ] = AT_ONCE,
    base_port: Annotated[
        int | None, typer.Option(help="first port of that instance; else some free")
    ] = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Walk every case beside the flows, and say which do not come out as written.

    With --call each is also called over real SIP with keys as tones; the way must be
    the same, and what is said must be heard on the line. Ends with 0 when all is well,
    with 1 when one case is not, with 2 when files are wrong.
    """
    settings = read_settings(data=data, flows=folder)
    flow_set = _flow_set(settings)
    try:
        found = load_cases(near(settings.flows), flow_set)
    except Refused as refused:
        raise FilesWrong(str(refused)) from None
    every = [_walked(case, flow_set) for case in found]
    ran = [one for one in every if _is_meant(one.case, only)]
    problems = [problem for one in ran for problem in one.problems]
    wrong = sum(bool(one.problems) for one in ran)
    told: dict[str, object] = {
        "cases": len(ran),
        "wrong": wrong,
        "problems": [asdict(problem) for problem in problems],
    }
    lines = [*map(str, problems), f"{len(ran)} cases, {wrong} wrong"]
    is_well = not wrong
    if call:
        # Telephones are loaded by who calls: they take half a second.
        from services.runtime.commands.flow_calls import on_telephones

        came = on_telephones(settings, every, ran, at_once=at_once, base_port=base_port)
        told |= came.told
        lines += came.lines
        is_well = is_well and came.is_well
    tell(told, as_json, lines)
    if not is_well:
        raise typer.Exit(1)


def _walked(case: Case, flow_set: FlowSet) -> Ran:
    """Return what becomes of a case, also where keys would lead in place of words."""
    ran = run(case, flow_set)
    if not case.is_aloud:
        return ran
    otherwise = tuple(otherwise_by_keys(ran, flow_set))
    return replace(ran, problems=(*ran.problems, *otherwise))


def _is_meant(case: Case, only: list[str] | None) -> bool:
    return not only or any(text in case.key for text in only)


def walk(
    name: Annotated[
        str | None, typer.Argument(help="the number dialled, or a flow")
    ] = None,
    folder: _Folder = None,
    *,
    caller: Annotated[str, typer.Option(help="the caller's number")] = "13800138000",
    at: Annotated[
        datetime | None, typer.Option(help="the clock, as 2026-11-23T22:15:00")
    ] = None,
    world: Annotated[
        list[str] | None,
        typer.Option("--world", help="what is so, as in --world storm=true"),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--like", help="a case: its caller, clock, world and answers; keys you type"
        ),
    ] = None,
    language: InLanguage = Language.EN,
    data: Data = None,
) -> None:
    """Walk a flow by typing keys: what is said is written, what is asked you answer.

    Anything but keys is words: ``家里停电了``, or ``> 停电 @0.6`` for words that a
    recogniser is not sure of. An empty line is no key, ``bye`` hangs up. In a queue
    that takes keys, ``wait`` lets the time for words come, and an empty line ends it.
    Where a system is asked, an empty line finds nothing, and takes an order. Of a case,
    its answers are taken.
    """
    settings = read_settings(data=data, flows=folder)
    flow_set = _flow_set(settings)
    others: Others | None = None
    if like is None:
        walking = Walking(
            flow_set=flow_set,
            flow=_flow_of(name or "", flow_set),
            at=(at or datetime.now()).astimezone(),  # noqa: DTZ005 - made aware at once
            call_id=CallId("tried"),
            values={
                "caller": caller,
                "number": name if name in flow_set.numbers else "",
            },
            around=values_of(_pairs(world or [])),
        )
    else:
        case = _case(like, settings, flow_set)
        walking, others = begun(case, flow_set), case.others()
    _walk_by_keys(walking, others, language)


def _walk_by_keys(walking: Walking, others: Others | None, language: Language) -> None:
    """Ask for each key, write what is heard, and tell where it ended."""
    said_so_far, typed = 0, ""
    while not walking.is_over or walking.waits:
        for text in walking.heard[said_so_far:]:
            typer.echo(f"  {text}")
        said_so_far = len(walking.heard)
        if walking.waits:
            one = _in_line(typed, told(_KEY, language))
            if one is None:
                break
            came, typed = one
        else:
            came, typed = _come(walking, typed, others, told(_KEY, language))
        walking.come(came)
    way = " → ".join(walking.steps)
    ended = Wording(
        en=f"{walking.end}; the way was {way}", zh=f"{walking.end}；经过 {way}"
    )
    typer.echo(told(ended, language))


def _in_line(typed: str, key: str) -> tuple[Input, str] | None:
    """Ask the keyboard for what comes of who waits; None where nothing more does."""
    typed = typed or typer.prompt(key, default="", show_default=False).strip()
    match typed:
        case "":
            return None
        case "bye":
            return CallerLeft(), ""
        case "wait":
            return WordsDue(), ""
        case _:
            return KeyCame(key=typed[0]), typed[1:]


def _come(
    walking: Walking, typed: str, others: Others | None, key: str
) -> tuple[Input, str]:
    """Ask the keyboard for what comes; keys that were typed ahead are kept."""
    match walking.act:
        case Say():
            return Played(), typed
        case Listen():
            typed = typed or typer.prompt(key, default="", show_default=False).strip()
            if not typed:
                return NoKeyCame(), ""
            if typed == BYE:
                return CallerLeft(), ""
            if typed[0] not in KEYS:
                return said_words(typed.removeprefix(">")), ""
            return KeyCame(key=typed[0]), typed[1:]
        case Ask(question=question) if others is not None:
            return others.answer(question), typed
        case Ask(question=question):
            return _asked(question, walking.flow_set.look_ups), typed
        case Record():
            return MessageTaken(length_s=_MESSAGE_S), typed
        case LeaveLine():
            return LineLeft(), typed
        case _:
            return CallerLeft(), typed


def _asked(question: Question, look_ups: LookUps) -> Input:
    """Ask the keyboard what another system says, until it is what is declared."""
    values = ", ".join(f"{it}={v}" for it, v in question.arguments.items())
    asked = f"{question.kind.value} {question.name}({values})"
    hint = f"a=1 b=2, {FAILED}, or nothing"
    while True:
        given = typer.prompt(f"{asked}: {hint}", default="", show_default=False)
        try:
            return _answer(question, given.strip(), look_ups)
        except Misfit as misfit:
            typer.echo(f"  {misfit}", err=True)


def _answer(question: Question, told: str, look_ups: LookUps) -> Input:
    if not told:
        return Others({}, look_ups).answer(question)
    if told == NOT_FOUND:
        return NotFound()
    if told == FAILED:
        return AskFailed(detail=FAILED)
    values = read_answer(question.name, _pairs(told.split()), look_ups)
    return AskFailed(detail=values) if isinstance(values, str) else Found(values=values)


def _pairs(words: list[str]) -> dict[str, str]:
    found = (word.partition("=") for word in words)
    return {name: value for name, _, value in found if name}


def _flow_of(name: str, flow_set: FlowSet) -> str:
    """Return the flow that a number leads to, or that is named."""
    flow = flow_set.numbers.get(name, name)
    if flow not in flow_set.flows:
        raise Unknown(name, [*flow_set.numbers, *flow_set.flows])
    if not flow_set.flows[flow].has_person:
        raise FilesWrong(without_person(flow))
    return flow


def _case(name: str, settings: Settings, flow_set: FlowSet) -> Case:
    """Return a case by its name."""
    try:
        found = {it.name: it for it in load_cases(settings.flows, flow_set)}
    except Refused as refused:
        raise FilesWrong(str(refused)) from None
    if name not in found:
        raise Unknown(name, [*found], what="no case")
    return found[name]


def _flow_set(settings: Settings) -> FlowSet:
    try:
        return load_floor(near(floor_file(settings)), near(settings.flows)).flow_set
    except Refused as refused:
        raise FilesWrong(str(refused)) from None

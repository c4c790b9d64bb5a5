"""YAML to flow, or every problem with file and line."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

from ivr.check import findings, unknown_steps
from ivr.everywhere import EVERYWHERE, Everywhere, Phrasing, everywhere_of
from ivr.everywhere import FILE_NAME as WORDS_FILE
from ivr.flow import Defaults, Flow
from ivr.hours import FILE_NAME as HOURS_FILE
from ivr.hours import NO_HOURS, Hours, hours_of
from ivr.known import Elsewhere
from ivr.lookups import FILE_NAME as LOOK_UPS_FILE
from ivr.lookups import NOTHING as NO_LOOK_UPS
from ivr.lookups import LookUps, look_ups_of
from ivr.problems import FlowRefused, Problem, Refused, source_problems
from ivr.prompt import BY_LANGUAGE, BY_NAME, Files, Prompt
from ivr.source import (
    Source,
    SourceRefused,
    Trail,
    parse_source,
    read_source,
    unread_zh,
)
from ivr.steps import KINDS, Case, Digits
from ivr.together import findings_together
from ivr.wording import Wording
from ivr.words import problem_at, read_as
from ivr.written import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFlow:
    """A flow, and where each part of it stands."""

    flow: Flow
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSet:
    """All flows, proved together, and what they name in the files beside them."""

    flows: Mapping[str, WrittenFlow]
    """By name."""
    hours: Hours = NO_HOURS
    look_ups: LookUps = NO_LOOK_UPS.look_ups
    everywhere: Everywhere = EVERYWHERE
    """What callers may say at every step."""


def load_flow(path: Path) -> WrittenFlow:
    """Read one flow and prove what can be proved of it.

    Raises:
        FlowRefused: With every problem found.
    """
    problems, written = _read(path, lambda: read_source(path))
    if written is None:
        raise FlowRefused(problems)
    return written


def load_flows(folder: Path) -> Mapping[str, WrittenFlow]:
    """Return the flows of ``load_set`` alone, by their names."""
    return load_set(folder).flows


def load_set(folder: Path) -> WrittenSet:
    """Read every ``*.yaml`` of a folder, and the files beside it.

    What flows name in the files beside the folder, calendars and look-ups, is proved
    with them.

    Raises:
        FlowRefused: With every problem of every file; also where the folder is
            missing, cannot be read, or holds no flow.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        what = Wording(
            en=f"cannot be read: {error.strerror}; flows are files *.yaml in it",
            zh=f"无法读取：{unread_zh(error)}；流程是其中的 *.yaml 文件",
        )
        raise FlowRefused([_whole(folder, what)]) from error
    beside = {
        name: partial(read_source, folder.parent / name)
        for name in (HOURS_FILE, LOOK_UPS_FILE, WORDS_FILE)
        if (folder.parent / name).exists()
    }
    return _all(folder, {path: partial(read_source, path) for path in paths}, beside)


def load_flows_from(
    texts: Mapping[str, str], *, folder: PurePath
) -> Mapping[str, WrittenFlow]:
    """Return the flows of ``load_set_from`` alone, by their names."""
    return load_set_from(texts, folder=folder).flows


def load_set_from(texts: Mapping[str, str], *, folder: PurePath) -> WrittenSet:
    """Prove flows whose files are at hand as texts; see ``load_set``.

    Args:
        texts: What stands in each file, by its name beside the folder of flows: of a
            flow ``flows/main.yaml``. What is no flow, calendar or look-up is passed
            over.
        folder: What the folder of flows is called in messages.

    Raises:
        FlowRefused: With every problem of every file; also where there is no flow.
    """

    def reads(path: PurePath, text: str) -> _Reads:
        return lambda: parse_source(text.encode(), file=path.as_posix())

    flows = {PurePath(name).name: text for name, text in texts.items() if "/" in name}
    files = {folder / name: reads(folder / name, text) for name, text in flows.items()}
    beside = {
        name: reads(folder.parent / name, texts[name])
        for name in (HOURS_FILE, LOOK_UPS_FILE, WORDS_FILE)
        if name in texts
    }
    return _all(folder, files, beside)


_Reads = Callable[[], Source]
_Files = Mapping[PurePath, _Reads] | Mapping[Path, _Reads]


def _all(folder: PurePath, files: _Files, beside: Mapping[str, _Reads]) -> WrittenSet:
    elsewhere, problems = _elsewhere(folder, beside)
    flows: dict[str, WrittenFlow] = {}
    is_whole = True
    for path, reads in sorted(files.items()):
        if path.suffix == ".yml":
            what = Wording(
                en="would be passed over; end it in '.yaml'",
                zh="不会被读取；文件名请以 '.yaml' 结尾",
            )
            problems.append(_whole(path, what))
        if path.suffix == ".yaml":
            found, written = _read(path, reads)
            problems += found
            if written is not None:
                flows[written.flow.name] = written
            is_whole = is_whole and written is not None
    if not flows and not problems:
        what = Wording(
            en="holds no flow; flows are files *.yaml in it",
            zh="没有流程；流程是其中的 *.yaml 文件",
        )
        problems.append(_whole(folder, what))
    if is_whole and elsewhere is not None:
        problems += _proved_together(flows, elsewhere)
    if problems or elsewhere is None:
        raise FlowRefused(problems)
    look_ups = elsewhere.look_ups or NO_LOOK_UPS.look_ups
    return WrittenSet(
        flows=flows,
        hours=elsewhere.hours,
        look_ups=look_ups,
        everywhere=elsewhere.everywhere,
    )


def _proved_together(
    flows: Mapping[str, WrittenFlow], elsewhere: Elsewhere
) -> Iterator[Problem]:
    by_name = {name: written.flow for name, written in flows.items()}
    for name, (trail, what) in findings_together(by_name, elsewhere):
        yield problem_at(flows[name].source, trail, what)


def _elsewhere(
    folder: PurePath, beside: Mapping[str, _Reads]
) -> tuple[Elsewhere | None, list[Problem]]:
    """Read the files beside the flows; None where one of them is wrong."""
    problems: list[Problem] = []
    hours, look_ups, everywhere = NO_HOURS, NO_LOOK_UPS.look_ups, EVERYWHERE
    for name, reads in beside.items():
        try:
            source = reads()
            if name == HOURS_FILE:
                hours = hours_of(source)
            elif name == WORDS_FILE:
                everywhere = everywhere_of(source)
            else:
                look_ups = look_ups_of(source).look_ups
        except SourceRefused as refused:
            problems += source_problems(folder.parent / name, refused)
        except Refused as refused:
            problems += refused.problems
    if problems:
        return None, problems
    found = Elsewhere(hours=hours, look_ups=look_ups, everywhere=everywhere)
    return found, problems


def _read(path: PurePath, reads: _Reads) -> tuple[list[Problem], WrittenFlow | None]:
    try:
        source = reads()
    except SourceRefused as refused:
        return source_problems(path, refused), None
    flow = read_as(Flow, source, options_at=_options_at, trail_of=_trail_of)
    names = unknown_steps(source.value)
    problems = [problem_at(source, trail, what) for trail, what in names]
    if isinstance(flow, list):
        return flow + problems, None
    if not problems:
        found = findings(flow)
        problems = [problem_at(source, trail, what) for trail, what in found]
    if flow.name != path.stem:
        what = Wording(
            en=f"{flow.name!r} is not the file's own name; write {path.stem!r}",
            zh=f"{flow.name!r} 与文件名不同；请写 {path.stem!r}",
        )
        problems.append(problem_at(source, ("name",), what))
    return problems, None if problems else WrittenFlow(flow=flow, source=source)


def _whole(path: PurePath, what: str) -> Problem:
    return Problem(file=path.as_posix(), line=0, trail=(), what=what)


def _trail_of(place: Trail) -> Trail:
    """Take out what pydantic puts between: the step's kind, the form of a file."""
    place = tuple(part for part in place if part not in (BY_NAME, BY_LANGUAGE))
    match place:
        case ("steps", name, kind, *rest) if kind in KINDS and rest:
            return ("steps", name, *rest)
        case ("steps", name, kind) if kind in KINDS:
            return ("steps", name)
        case _:
            return place


def _options_at(place: Trail) -> Iterable[str]:
    return [one.alias or name for name, one in _model_at(place).model_fields.items()]


def _model_at(place: Trail) -> type[Part]:
    match place:
        case (_,):
            return Flow
        case ("defaults", _):
            return Defaults
        case ("steps", _, kind, _):
            return KINDS[kind]
        case ("steps", _, _, "digits", _):
            return Digits
        case ("steps", _, _, "words", _, _):
            return Phrasing
        case ("steps", _, _, "branch", _, _):
            return Case
        case (*_, "file", _, _):
            return Files
        case _:
            return Prompt

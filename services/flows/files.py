"""The files that calls are led by, as one set: read, kept as a text, written."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path, PurePath

from ivr.hours import FILE_NAME as HOURS_FILE
from ivr.load import WrittenSet, load_set_from
from ivr.problems import FlowRefused, Problem, source_problems
from ivr.source import SourceRefused, read_text, unread_zh
from ivr.wording import Wording

FLOWS = "flows"
"""How the names of flows begin; what stands beside their folder has no folder."""
BESIDE = (HOURS_FILE, "lookups.yaml", "words.yaml")
"""Files beside the folder of flows that belong to the set, where there are any."""
MOST_FILES = 200
NAME = rf"^({FLOWS}/[A-Za-z0-9_-]{{1,64}}\.yaml|{'|'.join(map(re.escape, BESIDE))})$"
"""A name that can be in a set: it never leads out of the folder it is written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFiles:
    """One set of files."""

    files: Mapping[str, str]
    """Text by name: ``flows/main.yaml``, ``hours.yaml``."""
    folder: PurePath
    """What the folder of the flows is called in messages."""


def read_files(folder: Path) -> FlowFiles:
    """Read a folder of flows, and what belongs to them beside it.

    Raises:
        FlowRefused: The folder, or a file of it, cannot be read as text.
    """
    problems: list[Problem] = []
    files: dict[str, str] = {}
    for name, path in _paths(folder):
        if len(files) >= MOST_FILES:
            what = Wording(
                en=f"has more than {MOST_FILES} files; take out",
                zh=f"文件超过 {MOST_FILES} 个；请移走一些",
            )
            problems.append(_of(folder, what))
            break
        if not re.match(NAME, name):
            problems.append(_of(path, _not_named(path)))
            continue
        try:
            files[name] = read_text(path)
        except SourceRefused as refused:
            problems += source_problems(path, refused)
    if problems:
        raise FlowRefused(problems)
    return FlowFiles(files=files, folder=folder)


def reading(flows: FlowFiles) -> Callable[[], WrittenSet]:
    """Return what proves the flows of a set, and reads what stands beside them."""
    return partial(_proved, tuple(sorted(flows.files.items())), flows.folder)


@lru_cache(maxsize=2)
def _proved(files: tuple[tuple[str, str], ...], folder: PurePath) -> WrittenSet:
    """Prove a set once: it takes seconds, and the same texts are proved again.

    Two are kept: what is in force, and what a share of the calls tries.
    """
    return load_set_from(dict(files), folder=folder)


def write_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Bring a folder of flows to a set, each file whole or not at all.

    Files of flows that the set does not have are taken away; what else is there stays.

    Returns:
        The names of what was written or taken away, sorted.

    Raises:
        OSError: The disk does not take it; files before that are written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = {name: path for name, path in _paths(folder) if re.match(NAME, name)}
    changed = []
    for name in sorted(there.keys() | files.keys()):
        path, text = _path(folder, name), files.get(name)
        if text is None:
            path.unlink()
        elif not path.exists() or path.read_bytes() != text.encode():
            draft = path.with_suffix(".new")
            draft.write_bytes(text.encode())
            draft.replace(path)
        else:
            continue
        changed.append(name)
    return changed


def as_text(files: Mapping[str, str]) -> str:
    """Return a set as one text, the same for the same files."""
    return json.dumps(files, ensure_ascii=False, sort_keys=True, indent=0)


def from_text(text: str) -> Mapping[str, str]:
    """Return the files of a set that ``as_text`` wrote."""
    files: dict[str, str] = json.loads(text)
    return files


def _paths(folder: Path) -> Iterator[tuple[str, Path]]:
    """Return each file of the set that is there, by its name in it."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - its errors are told here
    except OSError as error:
        what = Wording(
            en=f"cannot be read: {error.strerror}; flows are files *.yaml in it",
            zh=f"无法读取：{unread_zh(error)}；流程是其中的 *.yaml 文件",
        )
        raise FlowRefused([_of(folder, what)]) from error
    for name in names:
        if name.endswith((".yaml", ".yml")) and not name.startswith("."):
            yield f"{FLOWS}/{name}", folder / name
    for name in BESIDE:
        if (path := _path(folder, name)).exists():
            yield name, path


def _path(folder: Path, name: str) -> Path:
    return folder.parent / name if name in BESIDE else folder / PurePath(name).name


def _not_named(path: Path) -> Wording:
    if path.suffix == ".yml":
        return Wording(
            en="would be passed over; end it in '.yaml'",
            zh="不会被读取；文件名请以 '.yaml' 结尾",
        )
    return Wording(
        en="is no name for a flow; name it of letters, digits, - and _",
        zh="不能用作流程的文件名；请只用字母、数字、- 和 _",
    )


def _of(path: PurePath, what: str) -> Problem:
    return Problem(file=path.as_posix(), line=0, trail=(), what=what)

"""The desk's pages: built once of their sources, and put where they are served."""

import gzip
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from services.runtime.desk.errors import DeskNotBuilt
from services.runtime.desk.node import Node, find_node
from services.runtime.parts.apt import only_one
from services.runtime.parts.kept import folders
from services.runtime.progress import Say, say
from services.runtime.settings import CHECKOUT

SOURCES = CHECKOUT / "services" / "desk"
TRACES = CHECKOUT / "tests" / "traces" / "desk"
"""Recorded streams, which the desk's tests live through as the Python tests do."""
FOLDER = "desk"
"""In a data folder: the pages as they are served."""
MADE_OF = "made-of"
"""In the pages' folder: the sum of their sources, written last."""

_SPOKEN = ("acd/vocabulary", "services/live", "services/api", "services/people")
"""What the generated words come from."""
_UNBUILT = frozenset({"node_modules", "vocabulary", "dist", "journey"})
_PACKED = frozenset({".js", ".css", ".html", ".svg"})
_INSTALL_S, _BUILD_S = 900.0, 300.0


def sources() -> Iterator[Path]:
    """Yield the files that the desk is made of, in order."""
    for path in sorted(SOURCES.rglob("*")):
        within = path.relative_to(SOURCES).parts
        if path.is_file() and not _UNBUILT & set(within):
            yield path
    for folder in _SPOKEN:
        yield from sorted((CHECKOUT / folder).glob("*.py"))
    yield from sorted((CHECKOUT / "services/runtime/desk").glob("*.py"))


def sum_of_sources() -> str:
    """Return what tells whether pages are of the sources of now."""
    found = sha256()
    for path in sources():
        found.update(f"{path.relative_to(CHECKOUT)}\0".encode())
        found.update(sha256(path.read_bytes()).digest())
    return found.hexdigest()


def serve_kept(data: Path, *, cache: Path | None = None) -> bool:
    """Serve the pages of the sources of now, if they were built before.

    Raises:
        DeskNotBuilt: They were, and cannot be put into the data folder.
    """
    made_of = sum_of_sources()
    try:
        if (data / FOLDER / MADE_OF).is_file():
            served = (data / FOLDER / MADE_OF).read_text(encoding="ascii")
            if served == made_of:
                return True
        built = _place(cache) / f"desk-{made_of[:16]}"
        if not built.is_dir():
            return False
        _serve(built, data)
    except OSError as error:
        raise DeskNotBuilt("writing", str(error)) from error
    return True


def build(data: Path | None, *, cache: Path | None = None, tell: Say = say) -> Path:
    """Return the built pages, made where there are none yet, and serve them.

    Args:
        data: The data folder that serves them; None for none.
        cache: Where they are kept; None means the machine's or the user's cache.
        tell: Takes what takes long, for the operator.

    Raises:
        DeskNotBuilt: They could not be made; what was served before still is.
    """
    place = _place(cache)
    made_of = sum_of_sources()
    built = place / f"desk-{made_of[:16]}"
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o755)
        if not built.is_dir():
            waiting = "desk: another tieline is building it, waiting …"
            with only_one(place / "desk.lock", lambda: tell(waiting)):
                if not built.is_dir():
                    _build(place, built, made_of, tell)
        if data is not None:
            _serve(built, data)
    except OSError as error:
        raise DeskNotBuilt("writing", str(error)) from error
    return built


def _place(cache: Path | None) -> Path:
    return cache or folders()[0]


def workplace(
    place: Path, folder: Path, *, with_tools: bool, tell: Say = say
) -> tuple[Node, Path]:
    """Return Node, and a copy of the sources with generated words and packages.

    Args:
        place: The cache.
        folder: Where the copy is made; what was there before is gone.
        with_tools: Whether the packages for checks and tests are there as well.
        tell: Takes what takes long, for the operator.

    Raises:
        DeskNotBuilt: Node or packages cannot be had.
    """
    from services.runtime.desk.vocabulary import write_vocabulary

    node = find_node(place, tell)
    found = packages(node, place, with_tools=with_tools, tell=tell)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SOURCES, folder, ignore=lambda _, names: _UNBUILT & set(names))
    write_vocabulary(folder / "src" / "vocabulary")
    (folder / "node_modules").symlink_to(found / "node_modules")
    return node, folder


def _build(place: Path, built: Path, made_of: str, tell: Say) -> None:
    tell("desk: building its pages, once …")
    draft = built.with_suffix(".new")
    node, work = workplace(place, draft, with_tools=False, tell=tell)
    vite = "node_modules/vite/bin/vite.js"
    done = node.run(vite, "build", folder=work, limit_s=_BUILD_S)
    if done.returncode:
        raise DeskNotBuilt("vite build", _last_words(done.stdout))
    pages = work / "dist"
    for path in sorted(pages.rglob("*")):
        if path.suffix in _PACKED:
            packed = gzip.compress(path.read_bytes(), 9, mtime=0)
            path.with_name(f"{path.name}.gz").write_bytes(packed)
    (pages / MADE_OF).write_text(made_of, encoding="ascii")
    pages.rename(built)
    shutil.rmtree(draft, ignore_errors=True)


def packages(node: Node, place: Path, *, with_tools: bool, tell: Say = say) -> Path:
    """Return the folder with the packages of the list, fetched where it is not there.

    Raises:
        DeskNotBuilt: They cannot be had.
    """
    lists = [SOURCES / name for name in ("package.json", "package-lock.json")]
    key = sha256(b"".join(path.read_bytes() for path in lists)).hexdigest()[:16]
    folder = place / f"desk-packages-{'all' if with_tools else 'few'}-{key}"
    if folder.is_dir():
        return folder
    tell("desk: fetching packages from the npm registry, once …")
    draft = folder.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for path in lists:
        shutil.copy(path, draft)
    options = ["--ignore-scripts", "--no-audit", "--no-fund"]
    options += [] if with_tools else ["--omit=dev"]
    done = node.run(str(node.npm), "ci", *options, folder=draft, limit_s=_INSTALL_S)
    if done.returncode:
        raise DeskNotBuilt("npm ci", _last_words(done.stdout))
    draft.rename(folder)
    return folder


def _serve(built: Path, data: Path) -> None:
    """Put the pages into a data folder, whole or not at all."""
    target = data / FOLDER
    draft, old = target.with_suffix(".new"), target.with_suffix(".old")
    for path in (draft, old):
        shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(built, draft)
    if target.exists():
        target.rename(old)
    draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if "rror" in line] or lines
    return told[0][:300] if told else "it said nothing"

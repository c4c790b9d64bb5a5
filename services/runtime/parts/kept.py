"""The folder where fetched parts are kept, shared by all instances of a machine."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from services.runtime.parts.apt import PrivateApt, only_one, this_machine
from services.runtime.parts.errors import PartUnavailable
from services.runtime.parts.recipe import Recipe
from services.runtime.parts.unpack import unpack
from services.runtime.progress import Say, in_megabytes, say

MACHINE_WIDE = Path("/var/cache/tieline/parts")
CONTENTS = "tieline-part.json"


def folders(
    environment: Mapping[str, str] = os.environ, *, is_root: bool | None = None
) -> tuple[Path, ...]:
    """Return where parts may lie; the first is where they are written.

    Root's folder serves everybody: it can be read by all and written by root alone.
    """
    if os.geteuid() == 0 if is_root is None else is_root:
        return (MACHINE_WIDE,)
    home = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return (Path(home) / "tieline" / "parts", MACHINE_WIDE)


def kept(recipe: Recipe, own: Path | None = None) -> Path | None:
    """Return the folder of a part that was fetched before, None when there is none."""
    key = _key(recipe)
    places = (own,) if own else folders()
    return next((place / key for place in places if (place / key).is_dir()), None)


def fetch(recipe: Recipe, own: Path | None = None, tell: Say = say) -> Path:
    """Return the folder of a part, fetched if it is not kept yet.

    Two processes at once fetch it once. An interrupted fetch leaves nothing that is
    believed: the folder gets its name when all of it is there.

    Args:
        recipe: What makes the part.
        own: Where to keep it; None means the machine's or the user's cache.
        tell: Takes what takes long, for the operator.

    Raises:
        PartUnavailable: It cannot be fetched; the text says what would do.
    """
    if found := kept(recipe, own):
        return found
    place = own or folders()[0]
    target = place / _key(recipe)
    waiting = f"{recipe.name}: another tieline is fetching it, waiting …"
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o755)
        with only_one(place / f".{target.name}.lock", lambda: tell(waiting)):
            return kept(recipe, own) or _fetch(recipe, target, tell)
    except OSError as error:
        raise PartUnavailable(
            recipe.name,
            why=f"cannot be kept in {place}: {error.strerror or error}",
            would_do="name a folder that can be written by TIELINE_PARTS",
        ) from error


def _key(recipe: Recipe) -> str:
    machine = this_machine()
    return recipe.key(machine.architecture, machine.release)


def _fetch(recipe: Recipe, target: Path, tell: Say) -> Path:
    work = target.with_name(f".{target.name}.fetch")
    shutil.rmtree(work, ignore_errors=True)  # of a fetch that was interrupted
    work.mkdir(mode=0o755)
    name, suite = recipe.name, recipe.suite or this_machine().release
    tell(f"{name}: fetching the list of packages of Debian {suite} …")
    began = time.monotonic()
    apt = PrivateApt(recipe, work, target.parent / f".lists-{suite}")
    apt.prepare()
    sizes = apt.sizes()
    size = in_megabytes(sum(sizes.values()))
    listed = time.monotonic()
    tell(
        f"{name}: list fetched in {listed - began:.1f} s;"
        f" downloading {len(sizes)} packages, {size} …"
    )
    packages = apt.download()
    downloaded = time.monotonic()
    tell(f"{name}: {size} downloaded in {downloaded - listed:.1f} s; unpacking …")
    root = work / "root"
    unpack(name, packages, root)
    contents = {"recipe": name, "suite": suite, "packages": [p.name for p in packages]}
    (root / CONTENTS).write_text(json.dumps(contents, indent=1), encoding="utf-8")
    root.rename(target)
    shutil.rmtree(work, ignore_errors=True)
    tell(f"{name}: unpacked in {time.monotonic() - downloaded:.1f} s into {target}")
    return target

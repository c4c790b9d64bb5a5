"""The desk's own checks: types by tsc, tests by Vitest, on a copy of its sources."""

import shutil
import tempfile
from pathlib import Path

from services.runtime.desk.build import TRACES, workplace
from services.runtime.parts.apt import only_one
from services.runtime.parts.kept import folders

_CHECKS = (
    ("node_modules/typescript/bin/tsc", "--noEmit"),
    ("node_modules/vitest/vitest.mjs", "run"),
)
_LIMIT_S = 300.0


def check(cache: Path | None = None) -> int:
    """Run the checks, whose words go where ours go; return 0 when nothing was found.

    Raises:
        DeskNotBuilt: Node or packages cannot be had, so nothing was checked.
    """
    place = cache or folders()[0]
    place.mkdir(parents=True, exist_ok=True, mode=0o755)
    with tempfile.TemporaryDirectory(prefix="tieline-desk-") as draft:
        with only_one(place / "desk.lock"):
            node, work = workplace(place, Path(draft) / "desk", with_tools=True)
        shutil.copytree(TRACES, work / "traces")
        ended = [
            node.run(*told, folder=work, limit_s=_LIMIT_S, shown=True).returncode
            for told in _CHECKS
        ]
    return int(any(ended))

"""Debian packages unpacked into a folder, side by side, without root."""

import os
import stat
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from services.runtime.parts.errors import PartUnavailable

# Nothing runs these; they are a fifth of the files.
_LEFT_OUT = ("doc", "info", "lintian", "locale", "man", "bug", "zoneinfo", "perl")


def unpack(part: str, packages: Sequence[Path], root: Path) -> None:
    """Unpack all packages into ``root``.

    Raises:
        PartUnavailable: A package could not be unpacked; ``root`` is then not whole.
    """
    root.mkdir(parents=True)
    # Each is one xz stream, so the cores are used by several packages at a time.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        # The largest first, so that none is left to run alone at the end.
        order = sorted(packages, key=lambda path: -path.stat().st_size)
        for failure in pool.map(lambda package: _unpack_one(package, root), order):
            if failure:
                raise PartUnavailable(
                    part,
                    why=f"could not be unpacked into {root}: {failure}",
                    would_do="is there room on that disk (about 400 MB)?",
                )
    _take_privileges_away(root)


def _unpack_one(package: Path, root: Path) -> str | None:
    left_out = [f"--exclude=./usr/share/{name}/*" for name in _LEFT_OUT]
    with subprocess.Popen(  # noqa: S603 - a file that apt has checked
        ("dpkg-deb", "--fsys-tarfile", str(package)),  # noqa: S607 - the machine's
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as opened:
        tar = subprocess.run(  # noqa: S603 - our own words
            (  # noqa: S607 - the machine's tar
                "tar",
                "-x",
                "-C",
                str(root),
                "--no-same-owner",
                *left_out,
            ),
            stdin=opened.stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
        words = opened.stderr.read() if opened.stderr else b""
    if tar.returncode or opened.returncode:
        return f"{package.name}: {(words + tar.stderr).decode(errors='replace')[-300:]}"
    return None


def _take_privileges_away(root: Path) -> None:
    # Unpacked by root, a set-user-id program in the cache would be one that nobody
    # on this machine installed.
    special = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX
    for folder, _, files in os.walk(root):
        for name in files:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) and mode & special:
                path.chmod(stat.S_IMODE(mode) & ~special)

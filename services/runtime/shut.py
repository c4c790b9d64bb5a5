"""What in the data folder is ours alone, seen and made so before anything starts."""

import os
import stat
from pathlib import Path

from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.secrets_kept import SecretUnusable, refuse_shared

OURS = ("audit", "journal", "log", "recordings", "tls")
"""Folders with what is personal; who is let in by hand must be let in each time."""


def shut(data: Path) -> None:
    """Refuse secrets that others may read; shut the folders of what is personal.

    A secret that stood open is not one any more, so that is told and not mended; what
    lies in the other folders is mended.

    Raises:
        SecretUnusable: A secret, or the folder of secrets, is open to others, is
            somebody else's, or is no file.
    """
    folder = data / SECRETS
    if folder.exists():
        _refuse_open(folder)
    for path in sorted(folder.rglob("*")):
        _refuse_open(path)
    for name in OURS:
        path = data / name
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)


def _refuse_open(path: Path) -> None:
    status = path.lstat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise SecretUnusable(
            path,
            found="neither a file nor a folder",
            would_do="put back the file that was there",
        )
    if status.st_uid != os.geteuid():
        raise SecretUnusable(
            path,
            found=f"of user {status.st_uid}, who can read and change it",
            would_do=f"chown {os.geteuid()} {path} would do, and a new secret",
        )
    if stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) & 0o077:
        raise SecretUnusable(
            path,
            found=f"open to others, mode {stat.S_IMODE(status.st_mode):04o}",
            would_do=f"chmod 700 {path} would do",
        )
    if stat.S_ISREG(status.st_mode):
        refuse_shared(path)

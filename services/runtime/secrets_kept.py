"""Passwords made at the first start and kept in the data folder, read by us only."""

import re
import secrets
import stat
from pathlib import Path

from recordings.disk import put
from services.runtime.errors import RuntimeProblem

FOLDER = "secrets"
OPERATOR = "operator"
"""The token by which commands on this machine act over HTTP."""
PAGE_PHONES = "page-phones"
"""What the switch's passwords of telephones in agents' pages are made of."""
FIRST_LOG_IN = "log-in-"
"""How files are called with passwords of the first people."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,64}")


class SecretUnusable(RuntimeProblem):
    """A file of secrets is not what was written, or others may read it."""

    exit_code = 2

    def __init__(self, path: Path, *, found: str, would_do: str) -> None:
        """Keep the file and what was found there, which is never the secret."""
        self.path = path
        self.found = found
        super().__init__(f"{path}: is {found}; {would_do}")


def kept_secret(data: Path, name: str) -> str:
    """Return the secret of that name, made now if there is none.

    Returns:
        32 characters out of letters, digits, ``-`` and ``_``.

    Raises:
        SecretUnusable: The file is not what was written, or others may read it.
    """
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    try:
        return _read(path)
    except FileNotFoundError:
        secret = new_secret()
        put(path, f"{secret}\n".encode("ascii"))
        return secret


def first_log_ins(data: Path) -> dict[str, str]:
    """Return passwords of the first people who have no other yet, by name."""
    names = sorted(path.name for path in (data / FOLDER).glob(f"{FIRST_LOG_IN}*"))
    return {name.removeprefix(FIRST_LOG_IN): kept_secret(data, name) for name in names}


def refuse_shared(path: Path) -> None:
    """See that a file of secrets is its owner's alone.

    Raises:
        SecretUnusable: Its mode lets others in.
        FileNotFoundError: It is not there.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise SecretUnusable(
            path,
            found=f"open to others, mode {mode:04o}",
            would_do=f"chmod 600 {path} would do, and a new secret if others read it",
        )


def _read(path: Path) -> str:
    refuse_shared(path)
    secret = path.read_text(encoding="ascii", errors="replace").strip()
    if not _SECRET.fullmatch(secret):
        raise SecretUnusable(
            path,
            found=f"not what tieline up wrote, {len(secret)} characters",
            would_do="put back the one that was there",
        )
    return secret


def new_secret() -> str:
    """Return a password that nobody knows: 32 letters, digits, ``-`` and ``_``."""
    return secrets.token_urlsafe(24)

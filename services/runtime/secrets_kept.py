"""Passwords made at the first start and kept in the data folder, read by us only."""

import os
import secrets
from pathlib import Path

FOLDER = "secrets"


def kept_secret(data: Path, name: str) -> str:
    """Return the secret of that name, made now if there is none.

    Returns:
        32 characters out of letters, digits, ``-`` and ``_``.
    """
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        secret = new_secret()
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="ascii") as out:
            out.write(f"{secret}\n")
        draft.rename(path)
        return secret


def new_secret() -> str:
    """Return a password that nobody knows: 32 letters, digits, ``-`` and ``_``."""
    return secrets.token_urlsafe(24)

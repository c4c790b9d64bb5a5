"""Passwords: made, weighed, kept as argon2id, and compared in the same time always."""

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.people.errors import PasswordUnfit, TooManyAtOnce

LEAST_CHARS = 12
MOST_CHARS = 256
MOST_WAITING = 100
"""Of log-ins; each takes some 20 ms of a thread of its own."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's least for argon2id: 19 MiB, two passes. Calls need the CPU, too."""
_FEWEST_DIFFERENT = 5


def new_password() -> str:
    """Return one that nobody knows: 20 letters, digits, ``-`` and ``_``."""
    return secrets.token_urlsafe(15)


def refuse_unfit(password: str, *, name: str) -> None:
    """See that a password is not found too easily.

    Raises:
        PasswordUnfit: It is.
    """
    if not LEAST_CHARS <= len(password) <= MOST_CHARS:
        why = f"takes {LEAST_CHARS} to {MOST_CHARS} characters, has {len(password)}"
        raise PasswordUnfit(why)
    if len(set(password)) < _FEWEST_DIFFERENT:
        raise PasswordUnfit(f"has fewer than {_FEWEST_DIFFERENT} different characters")
    if name.casefold() in password.casefold():
        raise PasswordUnfit("has the name of whom it is in it")


class Passwords:
    """Hashes and compares, one at a time, beside the loop that serves calls."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobodys = _HASHER.hash(secrets.token_urlsafe(15))

    async def kept(self, password: str) -> str:
        """Return what is kept of a password.

        Raises:
            TooManyAtOnce: Too many wait already.
        """
        return await self._aside(password)

    async def is_right(self, kept: str | None, password: str) -> bool:
        """Tell whether a password is the one that is kept.

        Where none is kept, one that nobody has is compared, so that this takes as long.

        Raises:
            TooManyAtOnce: Too many wait already.
        """
        is_same = await self._aside(password, kept or self._nobodys)
        return kept is not None and is_same == "right"

    async def _aside(self, password: str, kept: str | None = None) -> str:
        if self._waiting >= MOST_WAITING:
            raise TooManyAtOnce
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            work = _hashed if kept is None else _compared
            return await loop.run_in_executor(self._thread, work, password, kept)
        finally:
            self._waiting -= 1


def _hashed(password: str, _kept: str | None) -> str:
    return _HASHER.hash(_spelt(password))


def _compared(password: str, kept: str | None) -> str:
    try:
        _HASHER.verify(kept or "", _spelt(password))
    except (VerificationError, InvalidHashError):
        return "wrong"
    return "right"


def _spelt(password: str) -> str:
    """Return a password in one spelling: keyboards put accents in two ways."""
    return unicodedata.normalize("NFC", password)

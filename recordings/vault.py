"""Keeps one key for each case, lets it be held, and shreds it: then its sound is gone.

A case is all that was recorded of one call. Its key lies, wrapped by a master key, in
a small file beside the recordings, so that a copy of the folder can be read wherever
the master key is; the file of a shredded case says when, by whom and why, and nothing
else.
"""

import contextlib
import fcntl
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recordings.disk import put
from recordings.errors import (
    CaseDamaged,
    CaseHeld,
    CaseShredded,
    CaseUnknown,
    MasterKeyMissing,
    SealError,
    UnsafeName,
)
from recordings.master_keys import MasterKeys, Wrapped
from recordings.naming import safe_id
from recordings.sealed import KEY_BYTES

KEYS = "keys"
"""The folder of case keys in the folder of recordings."""
_LOCK = ".lock"
_FILE = re.compile(r"[0-9a-f-]{36}\.key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a case must not be shredded."""

    at: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shredded:
    """When, by whom and why a case's key was destroyed."""

    at: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of all that was recorded of one call."""

    call_id: str
    made_at: datetime
    """When its first recording was sealed; its days are counted from here."""
    key: Wrapped | None
    """None when it was shredded."""
    hold: Hold | None = None
    shredded: Shredded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a rotation of master keys did."""

    version: int
    """In use from now on."""
    wrapped_again: int
    """Cases whose key is under it now."""
    forgotten: tuple[int, ...]
    """Versions that are no more."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Vault:
    """The keys of all cases; several processes may use one folder at once."""

    def __init__(
        self,
        recordings: Path,
        secrets_folder: Path,
        *,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Read nothing yet.

        Args:
            recordings: Where recordings are kept; keys of cases in ``keys`` in it.
            secrets_folder: Where master keys are kept.
            now: Tells the time, aware, UTC.
        """
        self.recordings = recordings
        self._folder = recordings / KEYS
        self.master_keys = MasterKeys(secrets_folder)
        self._now = now

    def prepare(self) -> None:
        """Make the folders, and the first master key where there is no case yet.

        Raises:
            MasterKeyMissing: There are cases, and no master key at all.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.master_keys.versions():
            return
        with self._alone():
            if self.master_keys.versions():
                return  # another made it meanwhile
            if next(self._files(), None) is not None:
                why = "and keys of cases are wrapped by it"
                raise MasterKeyMissing(self.master_keys.path(1), why)
            self.master_keys.make()

    def key_for(self, call_id: str, *, at: datetime | None = None) -> bytes:
        """Return the key of a call's case, made now when it has none.

        It is on disk when this returns.

        Args:
            call_id: The call.
            at: Since when its days count; None means now.

        Raises:
            SealError: The case was shredded, or its key cannot be opened.
        """
        try:
            return self.key_of(call_id)
        except CaseUnknown:
            self.prepare()
        with self._alone():
            with contextlib.suppress(CaseUnknown):
                return self.key_of(call_id)
            key = secrets.token_bytes(KEY_BYTES)
            version = self.master_keys.versions()[-1]
            wrapped = self.master_keys.wrap(key, call_id, version)
            self._write(Case(call_id=call_id, made_at=at or self._now(), key=wrapped))
            return key

    def key_of(self, call_id: str) -> bytes:
        """Return the key of a call's case.

        Raises:
            CaseUnknown: It has none.
            CaseShredded: It has none any more.
            CaseDamaged: Its file is not what was written.
            MasterKeyMissing, MasterKeyWrong, MasterKeyOpen: It cannot be opened.
        """
        case = self._living(call_id)
        key = case.key and self.master_keys.unwrap(case.key, call_id)
        if not key:
            found = "its wrapped key does not open"
            raise CaseDamaged(call_id, self._path(call_id), found)
        return key

    def case(self, call_id: str) -> Case:
        """Return what is known of a call's case.

        Raises:
            UnsafeName: The id is no UUID.
            CaseUnknown, CaseDamaged: As ``key_of``.
        """
        path = self._path(call_id)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(fd, "rb") as file:
                told = json.loads(file.read(4096))
            case = _case(told)
        except FileNotFoundError:
            raise CaseUnknown(call_id, path) from None
        except (ValueError, KeyError, TypeError) as error:
            raise CaseDamaged(call_id, path, type(error).__name__) from None
        if case.call_id != call_id:
            raise CaseDamaged(call_id, path, f"it is of call {case.call_id!r}")
        return case

    def cases(self) -> Iterator[Case]:
        """Give every case whose file can be read, in no order."""
        for path in self._files():
            with contextlib.suppress(CaseUnknown, CaseDamaged, UnsafeName):
                yield self.case(path.stem)

    def hold(self, call_id: str, *, by: str, reason: str) -> None:
        """Keep a case from being shredded, until it is released.

        Raises:
            CaseShredded: It is too late.
            CaseUnknown, CaseDamaged: As ``key_of``.
        """
        with self._alone():
            case = self._living(call_id)
            held = Hold(at=self._now().isoformat(), by=by, reason=reason)
            self._write(replace(case, hold=held))

    def release(self, call_id: str) -> bool:
        """End a hold; False when there was none.

        Raises:
            CaseShredded, CaseUnknown, CaseDamaged: As ``key_of``.
        """
        with self._alone():
            case = self._living(call_id)
            if case.hold is None:
                return False
            self._write(replace(case, hold=None))
            return True

    def shred(self, call_id: str, *, by: str, reason: str) -> bool:
        """Destroy the key of a case, then delete its sealed sound.

        The key cannot be brought back but from a copy of this folder that was made
        before, and of the master key of that time.

        Returns:
            False when it had been done before.

        Raises:
            CaseHeld: A hold keeps it.
            CaseUnknown, CaseDamaged: As ``key_of``.
        """
        with self._alone():
            case = self.case(call_id)
            if case.hold:
                raise CaseHeld(call_id, by=case.hold.by, reason=case.hold.reason)
            is_new = case.shredded is None
            if is_new:
                done = Shredded(at=self._now().isoformat(), by=by, reason=reason)
                self._write(replace(case, key=None, shredded=done))
        for path in self.recordings.glob(f"[0-9]*/*/*/{call_id}.*"):
            path.unlink()
        return is_new

    def older_than(self, before: datetime) -> list[str]:
        """Return the calls whose case was made before then and is not held."""
        return sorted(
            case.call_id
            for case in self.cases()
            if case.made_at < before and case.key and not case.hold
        )

    def rotate(self, *, forgetting: bool) -> Rotation:
        """Make a new master key and wrap every case's key by it; no sound is touched.

        Cut short, it is finished by the next one: each key is under one version that
        is there, at every moment.

        Args:
            forgetting: Destroy the versions before, also those of rotations before.

        Raises:
            SealError: A key of a case cannot be opened; all others are wrapped
                again, and nothing is forgotten.
        """
        self.prepare()
        with self._alone():
            version = self.master_keys.make()
        count, problems = 0, list[SealError]()
        for path in self._files():
            try:
                count += self._wrap_again(path.stem, version)
            except SealError as problem:
                problems.append(problem)
        if problems:
            raise problems[0]
        forgotten = self._forget_before(version) if forgetting else ()
        return Rotation(version=version, wrapped_again=count, forgotten=forgotten)

    def _wrap_again(self, call_id: str, version: int) -> bool:
        with self._alone():
            case = self.case(call_id)
            newer = {it for it in self.master_keys.versions() if it >= version}
            if case.key is None or case.key.version in newer:
                return False
            wrapped = self.master_keys.wrap(self.key_of(call_id), call_id, version)
            self._write(replace(case, key=wrapped))
            return True

    def _forget_before(self, version: int) -> tuple[int, ...]:
        with self._alone():
            used = {case.key.version for case in self.cases() if case.key}
            older = (it for it in self.master_keys.versions() if it < version)
            forgotten = tuple(it for it in older if it not in used)
            for one in forgotten:
                self.master_keys.forget(one)
            return forgotten

    def _living(self, call_id: str) -> Case:
        case = self.case(call_id)
        if case.shredded:
            raise CaseShredded(call_id, **asdict(case.shredded))
        return case

    def _path(self, call_id: str) -> Path:
        return self._folder / safe_id(call_id)[:2] / f"{call_id}.key"

    def _files(self) -> Iterator[Path]:
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*.key"):
            if _FILE.fullmatch(path.name):
                yield path

    def _write(self, case: Case) -> None:
        path = self._path(case.call_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        told = asdict(case) | {"made_at": case.made_at.isoformat()}
        put(path, json.dumps(told).encode())

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep all others, also of other processes, from changing keys meanwhile."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)


def _case(told: dict[str, Any]) -> Case:
    key, hold, gone = told["key"], told["hold"], told["shredded"]
    if not key and not gone:
        raise KeyError("key")
    return Case(
        call_id=told["call_id"],
        made_at=datetime.fromisoformat(told["made_at"]),
        key=Wrapped(**key) if key else None,
        hold=Hold(**hold) if hold else None,
        shredded=Shredded(**gone) if gone else None,
    )

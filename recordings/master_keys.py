"""The master keys that wrap the keys of cases: a file a version, the newest in use."""

import base64
import binascii
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recordings.disk import put, sync_folder, wipe
from recordings.errors import MasterKeyMissing, MasterKeyOpen, MasterKeyWrong
from recordings.sealed import KEY_BYTES, derived

NAME = "recordings-key"
_FILE = re.compile(rf"{NAME}\.([1-9][0-9]{{0,5}})")
_NONCE_BYTES = 12
_MARK_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """The key of a case, as only a master key can open it."""

    version: int
    """Of the master key."""
    mark: str
    """Tells that master key from all others, and nothing else about it."""
    text: str
    """Base64."""


class MasterKeys:
    """The versions that lie in the folder of secrets."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet.

        Args:
            folder: Of secrets; files ``recordings-key.1``, ``.2`` …, mode 0600.
        """
        self._folder = folder

    def path(self, version: int) -> Path:
        """Return where a version is kept."""
        return self._folder / f"{NAME}.{version}"

    def versions(self) -> list[int]:
        """Return the versions there are, oldest first."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(int(it[1]) for name in names if (it := _FILE.fullmatch(name)))

    def make(self) -> int:
        """Make the next version and return its number; it is on disk then."""
        version = (self.versions() or [0])[-1] + 1
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = base64.b64encode(secrets.token_bytes(KEY_BYTES))
        put(self.path(version), key + b"\n")
        return version

    def forget(self, version: int) -> None:
        """Overwrite and delete a version: what it wraps elsewhere is lost for good."""
        wipe(self.path(version))
        sync_folder(self._folder)

    def wrap(self, key: bytes, call_id: str, version: int) -> Wrapped:
        """Wrap the key of a call's case by a version.

        Raises:
            MasterKeyMissing, MasterKeyWrong, MasterKeyOpen: It cannot be used.
        """
        master = self._read(version, f"and call {call_id} needs one")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(master).encrypt(nonce, key, _bound(call_id, version))
        text = base64.b64encode(nonce + sealed).decode()
        return Wrapped(version=version, mark=_mark(master), text=text)

    def unwrap(self, wrapped: Wrapped, call_id: str) -> bytes | None:
        """Return the key of a call's case, or None when its wrapping was changed.

        Raises:
            MasterKeyMissing, MasterKeyWrong, MasterKeyOpen: It cannot be used.
        """
        version = wrapped.version
        master = self._read(version, f"and the key of call {call_id} is wrapped by it")
        if _mark(master) != wrapped.mark:
            found = f"it is marked {_mark(master)}, call {call_id} has {wrapped.mark}"
            raise MasterKeyWrong(self.path(version), found)
        try:
            sealed = base64.b64decode(wrapped.text, validate=True)
            nonce, sealed = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return AESGCM(master).decrypt(nonce, sealed, _bound(call_id, version))
        except (InvalidTag, ValueError):
            return None

    def _read(self, version: int, needed: str) -> bytes:
        path = self.path(version)
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            text = path.read_bytes()
        except FileNotFoundError:
            raise MasterKeyMissing(path, needed) from None
        if mode & 0o077:
            raise MasterKeyOpen(path, mode)
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            raise MasterKeyWrong(path, f"found {len(text)} bytes that are none")
        return key


def _bound(call_id: str, version: int) -> bytes:
    return f"tieline case {call_id} {version}".encode()


def _mark(master: bytes) -> str:
    return derived(master, b"", "master key", _MARK_BYTES).hex()

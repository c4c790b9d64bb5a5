"""The form of a sealed recording: AES-256-GCM in chunks, read from any place.

A header of 40 bytes (form, salt, mark of the key), then chunks of 64 KiB, each with its
tag. The key of a file comes from its case's key and the salt; a chunk's nonce is its
number and whether it is the last, so that chunks cannot change places and an end that
is missing is seen. Header and ids are authenticated with every chunk.
"""

import hashlib
import os
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from recordings.errors import KeyOfAnother, NotSealed, SoundChanged, SoundCut

FORM = b"tieline sealed 1"
CHUNK_BYTES = 1 << 16
KEY_BYTES = 32
_SALT_BYTES = 16
_MARK_BYTES = 8
_TAG_BYTES = 16
HEADER_BYTES = len(FORM) + _SALT_BYTES + _MARK_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """By which ids and key a recording is sealed."""

    call_id: str
    offer_id: str
    key: bytes
    """The key of the case, 32 bytes."""


def derived(key: bytes, salt: bytes, use: str, length: int = KEY_BYTES) -> bytes:
    """Return bytes that only who has ``key`` can know, others for every use."""
    return HKDF(SHA256(), length, salt, f"tieline {use}".encode()).derive(key)


class _Chunks:
    """Seals and opens the chunks of one file."""

    def __init__(self, whose: Whose, salt: bytes) -> None:
        self.mark = derived(whose.key, salt, "mark", _MARK_BYTES)
        self.header = FORM + salt + self.mark
        ids = f"{whose.call_id} {whose.offer_id}".encode()
        self._cipher = AESGCM(derived(whose.key, salt, "sound"))
        self._ids = self.header + ids

    def seal(self, chunk: bytes, nth: int, *, is_last: bool) -> bytes:
        nonce = struct.pack(">QI", nth, is_last)
        return self._cipher.encrypt(nonce, chunk, self._ids)

    def open(self, chunk: bytes, nth: int, *, is_last: bool) -> bytes:
        nonce = struct.pack(">QI", nth, is_last)
        return self._cipher.decrypt(nonce, chunk, self._ids)


class Sealing:
    """Takes sound as it comes, and writes it sealed."""

    def __init__(self, out: BinaryIO, whose: Whose) -> None:
        """Write the header."""
        self._out = out
        self._chunks = _Chunks(whose, secrets.token_bytes(_SALT_BYTES))
        self._waiting = bytearray()
        self._nth = 0
        self._sum = hashlib.sha256()
        self.size_bytes = 0
        out.write(self._chunks.header)

    @property
    def sha256(self) -> str:
        """The sum of all that was written, as it was before it was sealed."""
        return self._sum.hexdigest()

    def write(self, sound: bytes) -> int:
        """Take the next bytes."""
        self._sum.update(sound)
        self.size_bytes += len(sound)
        self._waiting += sound
        # The last chunk is never empty but where nothing was written at all.
        while len(self._waiting) > CHUNK_BYTES:
            self._put(bytes(self._waiting[:CHUNK_BYTES]), is_last=False)
            del self._waiting[:CHUNK_BYTES]
        return len(sound)

    def finish(self) -> None:
        """Write the last chunk; without it the recording is cut."""
        self._put(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _put(self, chunk: bytes, *, is_last: bool) -> None:
        self._out.write(self._chunks.seal(chunk, self._nth, is_last=is_last))
        self._nth += 1


class Sealed:
    """A sealed recording that is open for reading, from any place."""

    def __init__(self, path: Path, whose: Whose) -> None:
        """Open it and see that its end is there.

        Raises:
            NotSealed: It has another form.
            KeyOfAnother: Its case has another key.
            SoundCut: Its end is missing.
            SoundChanged: Its last chunk is not what was written.
            OSError: It cannot be read, or is a link.
        """
        self._path = path
        # Nothing of ours is a link, and a pipe must not keep us waiting.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        self._file = os.fdopen(os.open(path, flags), "rb")
        try:
            self._look_at(whose)
        except BaseException:
            self._file.close()
            raise

    def _look_at(self, whose: Whose) -> None:
        found_bytes = os.fstat(self._file.fileno()).st_size
        header = self._file.read(HEADER_BYTES)
        if not header.startswith(FORM):
            raise NotSealed(self._path, header[: len(FORM)])
        body_bytes = found_bytes - HEADER_BYTES
        whole = CHUNK_BYTES + _TAG_BYTES
        self._count = -(-body_bytes // whole)
        last_bytes = body_bytes - (self._count - 1) * whole
        if body_bytes < _TAG_BYTES or last_bytes < _TAG_BYTES:
            raise SoundCut(self._path, found_bytes=found_bytes)
        self._chunks = _Chunks(whose, header[len(FORM) : len(FORM) + _SALT_BYTES])
        if header != self._chunks.header:
            raise KeyOfAnother(self._path)
        self.size_bytes = body_bytes - self._count * _TAG_BYTES
        self._found_bytes = found_bytes
        self._chunk(self._count - 1)

    def read(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Give the sound from byte ``first`` up to ``end``, in pieces.

        Raises:
            SoundChanged: A chunk is not what was written; nothing of it was given.
        """
        end = self.size_bytes if end is None else min(end, self.size_bytes)
        while first < end:
            nth, skipped = divmod(first, CHUNK_BYTES)
            piece = self._chunk(nth)[skipped : skipped + end - first]
            yield piece
            first += len(piece)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _chunk(self, nth: int) -> bytes:
        is_last = nth == self._count - 1
        self._file.seek(HEADER_BYTES + nth * (CHUNK_BYTES + _TAG_BYTES))
        sealed = self._file.read(CHUNK_BYTES + _TAG_BYTES)
        try:
            return self._chunks.open(sealed, nth, is_last=is_last)
        except InvalidTag:
            if is_last and self._goes_on(sealed, nth):
                raise SoundCut(self._path, found_bytes=self._found_bytes) from None
            raise SoundChanged(self._path, chunk=nth, is_last=is_last) from None

    def _goes_on(self, sealed: bytes, nth: int) -> bool:
        """Return whether a chunk that stands last was written as one before others."""
        try:
            self._chunks.open(sealed, nth, is_last=False)
        except InvalidTag:
            return False
        return True

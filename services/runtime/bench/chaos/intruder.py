"""A telephone that dials what no keypad has, and says what it was answered."""

import hashlib
import re
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from services.runtime.bench.problems import BenchFailed

_ANSWER_WITHIN_S = 10.0
DROPPED = 0
"""Stands for no answer at all: the parser let the message fall."""
_CHALLENGES = (401, 407)


@dataclass(slots=True, kw_only=True)
class Intruder:
    """One UDP port that sends INVITEs, and counts what comes that is no answer."""

    server: str
    """Host and port of the switch."""
    host: str = "127.0.0.1"
    """The address of this machine that it comes from."""
    user: str = "13800138000"
    password: str = ""
    """For who is challenged; without one the challenge is the answer."""
    name: str = ""
    """Shown with the number, as it stands between quotes."""
    requests: list[str] = field(default_factory=list)
    """First lines of what the switch asked of us."""
    _socket: socket.socket = field(init=False)

    def __enter__(self) -> Self:
        """Take a port."""
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind((self.host, 0))
        self._socket.settimeout(_ANSWER_WITHIN_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back."""
        self._socket.close()

    @property
    def address(self) -> str:
        """Where it can be called."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def invite(self, dialled: str) -> int:
        """Dial; return the final answer's status. A call that is answered is ended."""
        call_id, tag = secrets.token_hex(8), secrets.token_hex(4)
        uri = f"sip:{dialled}@{self.server}"
        self._send("INVITE", uri, call_id, tag, 1)
        status, text = self._final(call_id)
        self._send("ACK", uri, call_id, tag, 1, to=_header(text, "To"))
        if status in _CHALLENGES and self.password:
            self._send("INVITE", uri, call_id, tag, 2, more=self._answer(text, uri))
            status, text = self._final(call_id)
            self._send("ACK", uri, call_id, tag, 2, to=_header(text, "To"))
        if status == 200:
            self._send("BYE", uri, call_id, tag, 3, to=_header(text, "To"))
        return status

    def refer(self, dialled: str, aims: Sequence[str]) -> list[int]:
        """Be answered, ask to be led elsewhere, and return what was answered to each.

        Raises:
            BenchFailed: The call itself was not answered.
        """
        call_id, tag = secrets.token_hex(8), secrets.token_hex(4)
        uri = f"sip:{dialled}@{self.server}"
        self._send("INVITE", uri, call_id, tag, 1)
        status, text = self._final(call_id)
        there = _header(text, "To")
        if status != 200:
            raise BenchFailed(
                "asking to be led elsewhere",
                found=f"the call to {dialled} was answered by {status}",
                would_do="a number that is answered",
            )
        self._send("ACK", uri, call_id, tag, 1, to=there)
        answers = []
        self._socket.settimeout(1.0)
        for number, aim in enumerate(aims, start=2):
            more = f"Refer-To: <{aim}>"
            self._send("REFER", uri, call_id, tag, number, to=there, more=more)
            try:
                answers.append(self._final(call_id, f"{number} REFER")[0])
            except TimeoutError:
                answers.append(DROPPED)
        self._socket.settimeout(_ANSWER_WITHIN_S)
        self._send("BYE", uri, call_id, tag, len(aims) + 2, to=there)
        self._final(call_id, f"{len(aims) + 2} BYE")
        return answers

    def ask(self, method: str, dialled: str, more: str) -> int:
        """Ask something outside any call; return the final answer's status."""
        call_id, tag = secrets.token_hex(8), secrets.token_hex(4)
        uri = f"sip:{dialled}@{self.server}"
        self._send(method, uri, call_id, tag, 1, more=more)
        status, text = self._final(call_id)
        if status in _CHALLENGES and self.password:
            proof = self._answer(text, uri, method)
            self._send(method, uri, call_id, tag, 2, more=f"{more}\r\n{proof}")
            status, _ = self._final(call_id, f"2 {method}")
        return status

    def requests_for(self, method: str) -> int:
        """Return how often the switch asked this of us."""
        return sum(line.startswith(f"{method} ") for line in self.requests)

    def _final(self, call_id: str, turn: str = "") -> tuple[int, str]:
        """Return the final answer to a call's request; ``turn`` is its CSeq."""
        while True:
            text = self._socket.recv(65536).decode(errors="replace")
            if not text.startswith("SIP/2.0 "):
                self.requests.append(text.partition("\r\n")[0])
            elif (
                call_id in text
                and turn in _header(text, "CSeq")
                and (status := int(text[8:11])) >= 200
            ):
                return status, text

    def _send(
        self,
        method: str,
        uri: str,
        call_id: str,
        tag: str,
        number: int,
        *,
        to: str = "",
        more: str = "",
    ) -> None:
        body = ""
        if method == "INVITE":
            body = (
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
                "t=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
            )
        lines = (
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address};branch=z9hG4bK{secrets.token_hex(6)}",
            f'From: "{self.name}" <sip:{self.user}@{self.address}>;tag={tag}',
            f"To: {to or f'<{uri}>'}",
            f"Call-ID: {call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:{self.user}@{self.address}>",
            "Max-Forwards: 70",
            *([more] if more else []),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
            "",
            body,
        )
        host, _, port = self.server.partition(":")
        self._socket.sendto("\r\n".join(lines).encode(), (host, int(port)))

    def _answer(self, challenge: str, uri: str, method: str = "INVITE") -> str:
        """Return the header that answers a digest challenge (RFC 2617, MD5)."""
        told = dict(re.findall(r'(\w+)="?([^",\r\n]+)"?', _challenge(challenge)))
        count, nonce = "00000001", secrets.token_hex(4)
        known = _md5(f"{self.user}:{told['realm']}:{self.password}")
        asked = _md5(f"{method}:{uri}")
        proof = _md5(f"{known}:{told['nonce']}:{count}:{nonce}:auth:{asked}")
        return (
            f'Authorization: Digest username="{self.user}", realm="{told["realm"]}",'
            f' nonce="{told["nonce"]}", uri="{uri}", algorithm=MD5, qop=auth,'
            f' nc={count}, cnonce="{nonce}", response="{proof}",'
            f' opaque="{told.get("opaque", "")}"'
        )


def _challenge(text: str) -> str:
    return next(
        line
        for line in text.splitlines()
        if line.lower().startswith("www-authenticate") and "sha" not in line.lower()
    )


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}:\s*(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _md5(text: str) -> str:
    # SIP's digest is MD5; nothing of ours is kept by it.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

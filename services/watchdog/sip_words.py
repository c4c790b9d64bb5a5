"""SIP messages of the prober as text: written, read, and a password's digest."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.watchdog.errors import AnswerUnusable

_STATUS = re.compile(r"SIP/2\.0 (\d{3}) ?(.*)")
_REQUEST = re.compile(r"([A-Z]+) (\S+) SIP/2\.0")
_CHALLENGE = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response, or a request of the other side's (``status`` is 0 then)."""

    status: int
    reason: str
    method: str
    """Of the request, or of the one that is answered."""
    headers: Mapping[str, str]
    """The first of each, by name in lower case."""


def read(received: bytes) -> Answer:
    """Read one message.

    Raises:
        AnswerUnusable: It is none.
    """
    head = received.decode("utf-8", "replace").partition("\r\n\r\n")[0]
    first, *lines = head.split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if colon:
            headers.setdefault(_SHORT.get(name, name), value.strip())
    status, request = _STATUS.fullmatch(first), _REQUEST.fullmatch(first)
    if status:
        return Answer(
            status=int(status[1]),
            reason=status[2],
            method=headers.get("cseq", "").rpartition(" ")[2],
            headers=headers,
        )
    if request:
        return Answer(status=0, reason="", method=request[1], headers=headers)
    raise AnswerUnusable(f"sip: answered {first[:80]!r}, which is no SIP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """What the messages of one call have in common."""

    peer: str
    """host:port that is asked."""
    own: str
    """host:port where answers come to."""
    user: str
    target: str
    """The number that is dialled; "" for nobody in particular."""
    call_id: str
    tag: str
    rtp_port: int = 0

    @property
    def uri(self) -> str:
        """Who is called."""
        return f"sip:{self.target}@{self.peer}" if self.target else f"sip:{self.peer}"

    def request(
        self,
        method: str,
        number: int,
        *,
        branch: str,
        to_tag: str = "",
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        """Write a request; an INVITE carries an offer of sound."""
        body = self._offer() if method == "INVITE" else ""
        lines = [
            f"{method} {self.uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.own};rport;branch={branch}",
            "Max-Forwards: 70",
            f"From: <sip:{self.user}@{self.own}>;tag={self.tag}",
            f"To: <{self.uri}>{f';tag={to_tag}' if to_tag else ''}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:{self.user}@{self.own}>",
            "User-Agent: Tieline prober",
            *(f"{name}: {value}" for name, value in (more or {}).items()),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def _offer(self) -> str:
        host = self.own.rpartition(":")[0]
        return "\r\n".join(
            (
                "v=0",
                f"o=- 1 1 IN IP4 {host}",
                "s=-",
                f"c=IN IP4 {host}",
                "t=0 0",
                f"m=audio {self.rtp_port} RTP/AVP 0",
                "a=rtpmap:0 PCMU/8000",
                "",
            )
        )


def okay(request: Answer) -> bytes:
    """Write the answer 200 to a request of the other side's."""
    wanted = ("via", "from", "to", "call-id", "cseq")
    names = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID"}
    lines = [
        f"{names.get(name, 'CSeq')}: {request.headers.get(name, '')}" for name in wanted
    ]
    return "\r\n".join(("SIP/2.0 200 OK", *lines, "Content-Length: 0", "", "")).encode()


def tag_of(answer: Answer) -> str:
    """Return the tag that the other side gave to the dialog; "" for none."""
    found = re.search(r";\s*tag=([^;\s]+)", answer.headers.get("to", ""))
    return found[1] if found else ""


def digest(challenge: str, *, user: str, password: str, method: str, uri: str) -> str:
    """Answer a challenge by which a password is asked for (RFC 2617, MD5).

    Args:
        challenge: The value of WWW-Authenticate.
        user: Who asks to be let in.
        password: Theirs.
        method: Of the request.
        uri: Of the request.

    Returns:
        The value of Authorization.
    """
    told = {
        name: quoted or bare for name, quoted, bare in _CHALLENGE.findall(challenge)
    }
    realm, nonce = told.get("realm", ""), told.get("nonce", "")
    who, what = _md5(f"{user}:{realm}:{password}"), _md5(f"{method}:{uri}")
    if "auth" in told.get("qop", "").split(","):
        count, own = "00000001", "0a4f113b"
        response = _md5(f"{who}:{nonce}:{count}:{own}:auth:{what}")
        more = f', qop=auth, nc={count}, cnonce="{own}"'
    else:
        response, more = _md5(f"{who}:{nonce}:{what}"), ""
    if opaque := told.get("opaque"):
        more += f', opaque="{opaque}"'
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}",'
        f' response="{response}", algorithm=MD5{more}'
    )


def _md5(text: str) -> str:
    # SIP's digest is so; the password is random and 32 characters long.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

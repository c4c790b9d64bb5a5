"""What a telephone in a page says over SIP: for itself alone, by a session's key."""

import hashlib
import hmac
import re
from typing import Final

from services.page_phone.errors import NotItsOwn

MOST_CHARACTERS: Final = 8192
"""An answer with its description of the sound has some 2,000."""
_KEEP_ALIVE: Final = frozenset({"", "\r\n", "\r\n\r\n"})
# Asterisk takes a bare LF for the end of a line too.
_BARE: Final = re.compile(r"(?<!\r)\n|\r(?!\n)")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_REQUEST: Final = re.compile(r"([A-Z]{3,12}) (sips?:[^\s]{1,200}) SIP/2\.0")
_FROM: Final = re.compile(
    r'(?:"[^"\\]{0,80}"\s*)?<sip:([^@>;:\s]{1,60})@[^>\s]{1,120}>.*'
)
_PAIR: Final = re.compile(
    r'\s*([a-z]{1,16})\s*=\s*(?:"([^"\\]{0,200})"|([\w.-]{1,60}))'
)
_NEEDED: Final = frozenset({"username", "realm", "nonce", "uri", "response"})
_LENGTH: Final = frozenset({"content-length", "l"})
_PROOFS: Final = frozenset({"authorization", "proxy-authorization"})


class OwnLine:
    """One telephone in a page, as whom alone it may speak."""

    def __init__(self, user: str, *, key: str, password: str) -> None:
        """Take its name and what it proves itself by.

        Args:
            user: Its name at the switch.
            key: Of the session; what the page knows.
            password: What the switch knows; the page never learns it.
        """
        self.user = user
        self._key = key
        self._password = password

    def said(self, text: str) -> str | None:
        """Return what the switch is told of what the page said; None for nothing.

        A proof by the key becomes one by the password; one by anything else stays as it
        is, and the switch refuses it.

        Raises:
            NotItsOwn: It speaks for somebody else, or so that it could not be told.
        """
        if text in _KEEP_ALIVE:
            return None
        if len(text) > MOST_CHARACTERS:
            raise NotItsOwn(f"said {len(text)} characters at once")
        head, _, body = text.partition("\r\n\r\n")
        if _BARE.search(head) or _CONTROL.search(head):
            raise NotItsOwn("said control characters")
        first, *lines = head.split("\r\n")
        headers = [_header(line) for line in lines]
        _must_be_one(headers, body)
        if first.startswith("SIP/2.0 "):
            return text
        request = _REQUEST.fullmatch(first)
        if request is None:
            raise NotItsOwn("said what is no request")
        self._must_be_from_itself(headers)
        told = [first, *(self._told(request[1], *header) for header in headers)]
        return "\r\n".join(told) + "\r\n\r\n" + body

    def _must_be_from_itself(self, headers: list[tuple[str, str]]) -> None:
        senders = [value for name, value in headers if name.lower() in {"from", "f"}]
        found = _FROM.fullmatch(senders[0]) if len(senders) == 1 else None
        if found is None or found[1] != self.user:
            raise NotItsOwn("named another sender")

    def _told(self, method: str, name: str, value: str) -> str:
        if name.lower() not in _PROOFS:
            return f"{name}: {value}"
        scheme, _, rest = value.partition(" ")
        proof = {k: quoted or bare for k, quoted, bare in _PAIR.findall(rest)}
        if scheme.lower() != "digest" or not proof.keys() >= _NEEDED:
            raise NotItsOwn("proved itself in no way that is known here")
        if proof["username"] != self.user:
            raise NotItsOwn("proved itself as somebody else")
        if hmac.compare_digest(_response(method, proof, self._key), proof["response"]):
            proof["response"] = _response(method, proof, self._password)
        return f"{name}: Digest {', '.join(_pair(*it) for it in proof.items())}"


def _must_be_one(headers: list[tuple[str, str]], body: str) -> None:
    """The switch takes what lies behind the told length for the next message."""
    told = [value for name, value in headers if name.lower() in _LENGTH]
    if told != [str(len(body.encode()))]:
        raise NotItsOwn("told another length than it said")


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or line[:1] in " \t":
        raise NotItsOwn("said a header over several lines")
    return name.strip(), value.strip()


def _pair(name: str, value: str) -> str:
    return (
        f"{name}={value}" if name in {"algorithm", "qop", "nc"} else f'{name}="{value}"'
    )


def _response(method: str, proof: dict[str, str], password: str) -> str:
    """Return what proves that somebody knows a password (RFC 2617, section 3.2.2)."""
    who = _md5(f"{proof['username']}:{proof['realm']}:{password}")
    what = _md5(f"{method}:{proof['uri']}")
    if "qop" not in proof:
        return _md5(f"{who}:{proof['nonce']}:{what}")
    counted = f"{proof.get('nc', '')}:{proof.get('cnonce', '')}:{proof['qop']}"
    return _md5(f"{who}:{proof['nonce']}:{counted}:{what}")


def _md5(text: str) -> str:
    # What SIP's digest is made with; nothing is kept by it.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

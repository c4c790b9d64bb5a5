"""Who asks over HTTP: the session of a browser, or a token; and from where."""

import hmac
import ipaddress
from dataclasses import dataclass

from starlette.requests import Request

from services.api.listeners import Listener
from services.people.log_ins import LogIns
from services.people.notes import Notes
from services.people.register import Register
from services.people.rights import OPERATOR, WHOLE, Asker, Grant, Kind, Role, Scope
from services.people.sessions import Sessions

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})
"""What a browser says of a page of ours, and of an address that was typed."""
_OF_OTHERS = frozenset(
    {
        "authorization",
        "cookie",
        "forwarded",
        "origin",
        "sec-fetch-site",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-real-ip",
    }
)
"""What only who shows something, a browser or a proxy sends."""


class HttpsNeeded(Exception):
    """Somebody would show a password or a token to everybody on the way."""

    def __init__(self, address: str) -> None:
        """Say from where."""
        super().__init__(
            f"reader {address!r}: from another machine only https is answered;"
            " TIELINE_HTTPS__IS_ON=true"
        )
        self.address = address


class ForeignPage(Exception):
    """A session came along with what may be a page of elsewhere."""

    def __init__(self, why: str) -> None:
        """Say by what."""
        super().__init__(f"session: not taken, {why}; ask from the desk's own pages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """All by which somebody can be known."""

    register: Register
    log_ins: LogIns
    sessions: Sessions
    notes: Notes
    operator_token: str
    """In the folder of secrets: who reads it owns the instance."""
    is_open_here: bool = False
    """Whether who comes over loopback with nothing is taken for the operator."""


class WhoAsks:
    """Finds out who asks."""

    def __init__(self, doors: Doors) -> None:
        """Join it with all by which somebody can be known."""
        self._doors = doors

    def asker(self, request: Request) -> Asker | None:
        """Return who asks; None for a stranger.

        Raises:
            HttpsNeeded, ForeignPage, PeopleUnread: As ``proven``.
        """
        return self.proven(request) or (OPERATOR if self._is_open_to(request) else None)

    def proven(self, request: Request) -> Asker | None:
        """Return who asks, by what they show; None for nothing, or what is nobody's.

        Raises:
            HttpsNeeded: They are elsewhere, and what they send can be read on the way.
            ForeignPage: A browser sends a session along for another page.
            PeopleUnread: Nobody is known yet.
        """
        refuse_readable(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return self._by_token(token.strip())
        cookie = request.cookies.get(cookie_name(request))
        if not cookie:
            return None
        _refuse_foreign(request)
        return self._doors.log_ins.by_session(cookie)

    def session(self, request: Request) -> str:
        """Return the session that a browser has, by its sum; "" for none."""
        cookie = request.cookies.get(cookie_name(request), "")
        found = self._doors.log_ins.by_session(cookie)
        return "" if found is None else found.session

    def _is_open_to(self, request: Request) -> bool:
        """Return whether who shows nothing may all: a program here, if it is open.

        Not a page in a browser, which others may have written, nor what a proxy of this
        machine lets through from elsewhere.
        """
        return (
            self._doors.is_open_here
            and _is_loopback(address_of(request))
            and not _OF_OTHERS & {*request.headers.keys()}
        )

    def _by_token(self, token: str) -> Asker | None:
        own = self._doors.operator_token.encode()
        if hmac.compare_digest(token.encode("utf-8", "replace"), own):
            return OPERATOR
        return self._doors.register.by_token(token)


def cookie_name(request: Request) -> str:
    """Return what the session's cookie is called.

    The port is in it: browsers give a cookie to every port of a host, and there may be
    more than one instance on a machine. ``__Host-`` needs HTTPS.
    """
    server = request.scope.get("server") or ("", None)
    name = f"tieline-{server[1] or 0}"
    return f"__Host-{name}" if is_secret(request) else name


def is_secret(request: Request) -> bool:
    """Return whether nobody on the way can read what is said."""
    return request.scope.get("scheme") == "https"


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""


def refuse_readable(request: Request) -> None:
    """See that what proves who asks cannot be read on its way.

    Raises:
        HttpsNeeded: It can.
    """
    if not is_secret(request) and not _is_loopback(address_of(request)):
        raise HttpsNeeded(address_of(request))


def refuse_foreign_wish(request: Request) -> None:
    """See that a browser sends a wish for a page of ours.

    Raises:
        ForeignPage: It may be for another one.
    """
    # Another origin was refused at the gate. SameSite does not tell ports apart.
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in _OWN_SITES:
        raise ForeignPage(f"sec-fetch-site is {site!r}")


def _refuse_foreign(request: Request) -> None:
    refuse_foreign_wish(request)
    if request.method not in SAFE and "origin" not in request.headers:
        raise ForeignPage("a wish by a session names its origin")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def as_asker(listener: Listener) -> Asker:
    """Return who may hear recordings as one who asks."""
    queues = listener.queues
    scopes = (WHOLE,) if queues is None else tuple(Scope(queue_id=q) for q in queues)
    grants = tuple(Grant(role=Role.LISTENER, scope=scope) for scope in scopes)
    return Asker(name=listener.name, kind=Kind.LISTENER, grants=grants)

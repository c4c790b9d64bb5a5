"""To which addresses questions may go: by a list from settings, resolved and looked at.

A name is resolved here, looked at, and connected to by the address that was looked at:
who turns a name to another address between the two gains nothing.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from services.utility.errors import AddressRefused, Unreachable

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
KEPT_S = 30.0
"""How long an address that was looked at is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the utility answers, as settings tell it."""

    url: str
    hosts: frozenset[str] = frozenset()
    """Names that may be asked; none means the address's own alone."""
    is_private_ok: bool = False
    """Whether it may be on this machine or network."""

    @property
    def parts(self) -> SplitResult:
        """The address in its parts."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """Name or number of the host."""
        return self.parts.hostname or ""

    @property
    def port(self) -> int:
        """The port, the scheme's own where none is told."""
        return self.parts.port or (443 if self.parts.scheme == "https" else 80)

    @property
    def shown(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"


@dataclass(slots=True, kw_only=True)
class Egress:
    """Finds the address to connect to, and refuses what is not to be reached."""

    place: Place
    _address: str | None = None
    _until_s: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def address(self) -> str:
        """Return the address that may be connected to.

        Raises:
            AddressRefused: The name is not on the list, or stands for an address of
                this machine or network where that is not allowed.
            Unreachable: Nobody knows the name.
        """
        place = self.place
        allowed = place.hosts or {place.host}
        if place.host not in allowed:
            raise AddressRefused(
                f"{place.host!r} is not among the hosts that may be asked; "
                "TIELINE_UTILITY__HOSTS names them"
            )
        now_s = asyncio.get_running_loop().time()
        if self._address is None or now_s >= self._until_s:
            # One at a time: names that hang must not fill the threads that resolve.
            async with self._asking:
                self._address = await self._looked_at()
                self._until_s = now_s + KEPT_S
        return self._address

    async def _looked_at(self) -> str:
        place = self.place
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(
                place.host, place.port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise Unreachable(f"its name is not known: {why}") from None
        addresses = [str(entry[4][0]) for entry in found]
        private = [one for one in addresses if not is_public(one)]
        if private and not place.is_private_ok:
            raise AddressRefused(
                f"{place.host!r} is {private[0]}, an address of this machine or "
                "network; TIELINE_UTILITY__IS_PRIVATE_OK=true would allow that"
            )
        return addresses[0]


def is_public(address: str) -> bool:
    """Return whether an address is one of the world's, not of a machine or network."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # What is written as IPv6 and is not.
        inner = found.ipv4_mapped or found.sixtofour or _translated(found)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast


def _translated(found: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return what a NAT64 gateway makes of an address (RFC 6052); else None."""
    if found not in _NAT64:
        return None
    return ipaddress.IPv4Address(found.packed[-4:])

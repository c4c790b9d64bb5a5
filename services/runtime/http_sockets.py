"""The sockets at which pages and API are reached: of this machine, and of others."""

import ipaddress
import socket
from collections.abc import Iterator

from services.runtime.errors import EngineRefused
from services.runtime.settings import Settings

_BACKLOG = 2048
_IPV6 = 6


def http_sockets(settings: Settings) -> list[socket.socket]:
    """Return bound sockets: loopback always, for our own parts and commands.

    Raises:
        EngineRefused: An address is not this machine's, or its port is taken.
    """
    bound: list[socket.socket] = []
    for address in _addresses(settings):
        try:
            bound.append(_bound(address, settings.ports.http))
        except OSError as error:
            for one in bound:
                one.close()
            raise EngineRefused(
                f"{address}:{settings.ports.http}: pages cannot be served there,"
                f" {error.strerror}; TIELINE_HTTPS__ADDRESS is one that 'ip address'"
                " shows, with the port free"
            ) from None
    return bound


def _addresses(settings: Settings) -> Iterator[str]:
    others = settings.https.address
    # 0.0.0.0 is loopback as well; twice the same cannot be bound.
    if others is None or not _holds(others, settings.host):
        yield settings.host
    if others is not None:
        yield others


def _holds(others: str, own: str) -> bool:
    one, other = ipaddress.ip_address(others), ipaddress.ip_address(own)
    return one == other or (one.is_unspecified and one.version == other.version)


def _bound(address: str, port: int) -> socket.socket:
    is_6 = ipaddress.ip_address(address).version == _IPV6
    family = socket.AF_INET6 if is_6 else socket.AF_INET
    return socket.create_server((address, port), family=family, backlog=_BACKLOG)

"""Where pages and API are reached, with real sockets."""

import socket
from pathlib import Path

import pytest

from services.runtime.errors import EngineRefused
from services.runtime.http_sockets import http_sockets
from services.runtime.https_settings import HttpsSettings
from services.runtime.settings import Settings
from tests.support.postgres import free_port

ELSEWHERE = "127.0.0.2"
"""Any address of 127/8 is this machine's, and another than the usual one."""
OF_NOBODY = "192.0.2.1"


def reached(address: str | None) -> list[str]:
    """Return which addresses answer where pages are served for this one too."""
    settings = settings_of(address)
    bound = http_sockets(settings)
    try:
        return [
            host
            for host in ("127.0.0.1", ELSEWHERE)
            if answers(host, settings.ports.http)
        ]
    finally:
        for one in bound:
            one.close()


def settings_of(address: str | None) -> Settings:
    https = HttpsSettings(is_on=True, address=address)
    return Settings(data=Path("/x"), base_port=free_port() - 1, https=https)


def answers(host: str, port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(5)
        return asking.connect_ex((host, port)) == 0


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (None, ["127.0.0.1"]),
        (ELSEWHERE, ["127.0.0.1", ELSEWHERE]),
        ("127.0.0.1", ["127.0.0.1"]),
        ("0.0.0.0", ["127.0.0.1", ELSEWHERE]),  # noqa: S104 - what is tested
    ],
)
def test_others_come_where_they_may_and_we_by_loopback(
    address: str | None, found: list[str]
) -> None:
    assert reached(address) == found


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    settings = settings_of(OF_NOBODY)

    with pytest.raises(EngineRefused, match=f"{OF_NOBODY}:.*cannot be served there"):
        http_sockets(settings)

    assert not answers("127.0.0.1", settings.ports.http)

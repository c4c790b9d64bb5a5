"""For how long the engine keeps a connection between two requests."""

import httpx
from fastapi import FastAPI

from services.runtime.web_socket import served


def test_a_connection_is_kept_for_longer_than_its_client_uses_it_again() -> None:
    kept_s = served(FastAPI(), host="127.0.0.1", port=0).timeout_keep_alive

    used_again_s = httpx.Limits().keepalive_expiry

    assert used_again_s is not None
    # Both ends read their clocks late on a busy machine.
    assert kept_s >= 2 * used_again_s

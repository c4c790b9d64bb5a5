"""Asks the engine over HTTP: one connection that is kept, in a thread of its own."""

import asyncio
import contextlib
import http.client
import json
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from services.watchdog.errors import EngineSilent


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    told: Mapping[str, Any]
    """The body; empty where it is no JSON object."""

    @property
    def is_error(self) -> bool:
        """Whether the request was refused."""
        return self.status >= http.HTTPStatus.BAD_REQUEST


@dataclass(frozen=True, slots=True)
class _Question:
    path: str
    limit_s: float
    token: str = field(repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


class Asking:
    """One who asks, one question at a time.

    The standard library's client in a thread takes a fifth of the CPU of an
    asynchronous one, and the watchdog asks all day.
    """

    def __init__(self, address: str, trust: ssl.SSLContext) -> None:
        """Prepare; nothing is connected yet.

        Args:
            address: As in http://127.0.0.1:16001.
            trust: Whom to believe where the address is https.
        """
        self._url = urlsplit(address)
        self._trust = trust
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="asking")
        self._connection: http.client.HTTPConnection | None = None

    async def get(
        self, path: str, *, limit_s: float, is_fresh: bool = False, token: str = ""
    ) -> Answer:
        """Ask for one page.

        Args:
            path: As in /health.
            limit_s: How long each step may take: to connect, to send, to read.
            is_fresh: Whether to knock anew, over a connection of its own.
            token: By which the engine knows us; only for pages that need it.

        Raises:
            EngineSilent: There was no answer.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, self._get, _Question(path, limit_s, token), is_fresh
        )

    def close(self) -> None:
        """Let go, when what was asked is answered or its time is over."""
        self._thread.submit(self._let_go)
        self._thread.shutdown()

    def _get(self, asked: "_Question", is_fresh: bool) -> Answer:
        kept = self._connection
        if is_fresh or kept is None:
            self._let_go()
            return self._ask(asked)
        try:
            return self._ask(asked)
        except EngineSilent as silent:
            if isinstance(silent.__cause__, TimeoutError):
                raise
            # It was closed since the last question, as by an engine that is another.
            return self._ask(asked)

    def _ask(self, asked: "_Question") -> Answer:
        connection = self._connection or self._connected(asked.limit_s)
        self._connection = connection
        try:
            if connection.sock is not None:
                connection.sock.settimeout(asked.limit_s)
            connection.request("GET", asked.path, headers=asked.headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._let_go()
            why = str(error) or type(error).__name__
            raise EngineSilent(asked.path, why) from error
        told: object = None
        with contextlib.suppress(ValueError):
            told = json.loads(body)
        return Answer(status=answer.status, told=told if isinstance(told, dict) else {})

    def _connected(self, limit_s: float) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=limit_s, context=self._trust
            )
        return http.client.HTTPConnection(host, port, timeout=limit_s)

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

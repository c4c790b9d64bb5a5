"""The watchdog's own HTTP door: how things are, also when the engine is dead.

By hand and on loopback, and not by the engine's HTTP: nothing of it may be needed here.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from services.watchdog.light import Light

_MOST_BYTES = 4096
_LIMIT_S = 2.0
_MOST_AT_ONCE = 32
_LIGHT_FIGURES = {Light.GREY: -1, Light.GREEN: 0, Light.YELLOW: 1, Light.RED: 2}

_OWN_NAME = re.compile(r"(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?")
_ILL_BEHAVED = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)

Report = Callable[[], Mapping[str, Any]]


class Door:
    """Answers GET: ``/health``, ``/health/components`` and ``/metrics``."""

    def __init__(self, report: Report) -> None:
        """Have no socket yet.

        Args:
            report: Tells how things are.
        """
        self._report = report
        self._open = 0

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen; close what is returned to end that.

        Raises:
            OSError: The address is taken or not ours.
        """
        return await asyncio.start_server(
            self._serve, host, port, limit=_MOST_BYTES, backlog=64
        )

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open += 1
        try:
            if self._open > _MOST_AT_ONCE:
                return
            async with asyncio.timeout(_LIMIT_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except _ILL_BEHAVED:
            pass  # it gets no answer, and nobody else is kept
        finally:
            self._open -= 1
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        line, *headers = head.decode("latin-1").split("\r\n")
        method, _, rest = line.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if not _is_ours(headers):
            return _response(403, "text/plain", "only names of this machine\n")
        if method != "GET":
            return _response(405, "text/plain", "only GET\n")
        match path:
            case "/health":
                return _json({"status": "alive"})
            case "/health/components":
                return _json(self._report())
            case "/metrics":
                return _response(200, "text/plain; version=0.0.4", self._metrics())
            case _:
                return _response(404, "text/plain", "no such page\n")

    def _metrics(self) -> str:
        name = "tieline_component_light"
        lines = [
            f"# HELP {name} How a component is: 0 green, 1 yellow, 2 red, -1 grey.",
            f"# TYPE {name} gauge",
        ]
        for one in self._report()["components"]:
            figure = _LIGHT_FIGURES[Light(one["light"])]
            lines.append(f'{name}{{component="{one["component"]}"}} {figure}')
        return "\n".join(lines) + "\n"


def _is_ours(headers: list[str]) -> bool:
    """Whether the page was asked for by a name of this machine: no page elsewhere."""
    named = [line.partition(":") for line in headers]
    hosts = [value.strip() for name, _, value in named if name.lower() == "host"]
    return len(hosts) == 1 and _OWN_NAME.fullmatch(hosts[0].lower()) is not None


def _json(told: Mapping[str, Any]) -> bytes:
    return _response(200, "application/json", json.dumps(told, ensure_ascii=False))


def _response(status: int, kind: str, text: str) -> bytes:
    body = text.encode()
    reason = {200: "OK", 403: "Forbidden", 404: "Not Found"}.get(status, "Not Allowed")
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body

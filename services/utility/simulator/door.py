"""The simulated utility's HTTP: kept connections, and every way to answer badly."""

import asyncio
import json
import re
from contextlib import suppress
from http import HTTPStatus
from random import Random

import h11

from services.utility.simulator.desk import Desk, Said
from services.utility.simulator.troubles import DRIP_S, HUGE_BYTES, How

_MOST_BYTES = 64 * 1024
_IDLE_S = 120.0
_MOST_AT_ONCE = 512
_OWN_NAME = re.compile(rb"(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?")
_ILL_BEHAVED = (OSError, h11.ProtocolError, TimeoutError, asyncio.IncompleteReadError)


class TooMuch(Exception):
    """A request is longer than anything that is asked here."""


class SimulatorDoor:
    """Answers over HTTP/1.1 on this machine alone."""

    def __init__(self, desk: Desk, *, chance: Random) -> None:
        """Have no socket yet."""
        self._desk = desk
        self._chance = chance
        self._open = 0

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen; close what is returned to end that.

        Raises:
            OSError: The address is taken or not ours.
        """
        return await asyncio.start_server(self._serve, host, port, backlog=128)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open += 1
        talk = _Talk(self._desk, reader, writer, self._chance)
        try:
            if self._open <= _MOST_AT_ONCE:
                await talk.run()
        except (*_ILL_BEHAVED, TooMuch):
            pass  # it gets no answer, and nobody else is kept
        finally:
            self._open -= 1
            writer.close()


class _Talk:
    """One connection: request after request until the other side has no more."""

    def __init__(
        self,
        desk: Desk,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        chance: Random,
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._writer = writer
        self._wire = h11.Connection(h11.SERVER)
        self._chance = chance

    async def run(self) -> None:
        while (request := await self._request()) is not None:
            head, body = request
            path = head.target.decode("ascii", "replace").partition("?")[0]
            method = head.method.decode("ascii", "replace")
            troubles = self._desk.troubles
            is_spared = self._desk.is_control(path)
            how: How = "well" if is_spared else troubles.strike(self._chance)
            if troubles.delay_s and not is_spared:
                await asyncio.sleep(troubles.delay_s)
            if how == "absent":
                self._writer.transport.abort()
                return
            if how == "garbage":
                self._writer.write(b"\x00\xff\xfe garbage, and no HTTP at all\r\n" * 8)
                await self._writer.drain()
                return
            said = self._said(head, method, path, body)
            if how == "error":
                said = Said(status=500, told={"simulated": True, "why": "on purpose"})
            await self._send(said, how)
            if self._wire.our_state is not h11.DONE:
                return
            self._wire.start_next_cycle()

    async def _request(self) -> tuple[h11.Request, bytes] | None:
        head: h11.Request | None = None
        body = b""
        while True:
            event = self._wire.next_event()
            if event is h11.NEED_DATA:
                async with asyncio.timeout(_IDLE_S):
                    self._wire.receive_data(await self._reader.read(16 * 1024))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
                if len(body) > _MOST_BYTES:
                    raise TooMuch
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return head, body
            else:
                return None

    def _said(self, head: h11.Request, method: str, path: str, body: bytes) -> Said:
        headers = dict(head.headers)
        if not _OWN_NAME.fullmatch(headers.get(b"host", b"").lower()):
            # A page elsewhere that has its own name point here asks nothing.
            return Said(status=403, told={"why": "only names of this machine"})
        told: object = None
        if body:
            if not headers.get(b"content-type", b"").startswith(b"application/json"):
                return Said(status=415, told={"why": "only application/json"})
            with suppress(ValueError, RecursionError):
                told = json.loads(body)
        return self._desk.answer(method, path, told)

    async def _send(self, said: Said, how: How) -> None:
        body = json.dumps(said.told, ensure_ascii=False).encode()
        if how == "huge":
            body = json.dumps({"simulated": True, "much": "x" * HUGE_BYTES}).encode()
        head = h11.Response(
            status_code=said.status,
            reason=HTTPStatus(said.status).phrase.encode(),
            headers=[
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"x-simulated", b"yes"),
            ],
        )
        self._writer.write(self._wire.send(head))
        if how == "drip":
            await self._drip(body)
        self._writer.write(self._wire.send(h11.Data(data=body)))
        self._writer.write(self._wire.send(h11.EndOfMessage()))
        await self._writer.drain()

    async def _drip(self, body: bytes) -> None:
        """Send the whole answer byte by byte; whoever waits for it waits long."""
        for at in range(len(body)):
            self._writer.write(body[at : at + 1])
            await self._writer.drain()
            await asyncio.sleep(DRIP_S)
        self._writer.transport.abort()

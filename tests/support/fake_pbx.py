"""A small Asterisk manager on loopback: takes our actions and sends events.

It says what the real one was recorded to say, and misbehaves on request.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from cti_bridge.ami.connection import Account
from tests.support import traces
from tests.support.eventually import eventually

Fields = list[tuple[str, str]]

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
SECRET = "geheim"
SYSTEM_NAME = "fake1a2b3c"
BOOTED = (
    b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 12\r\n"
    b"LastReload: 12\r\nStatus: Fully Booted\r\n\r\n"
)


def block(*fields: tuple[str, str]) -> bytes:
    """Return one message's bytes."""
    return "".join(f"{k}: {v}\r\n" for k, v in fields).encode() + b"\r\n"


def listing(account: str = "engine") -> Fields:
    """Return what the real Asterisk lists for an account, by trace name."""
    stream = traces.ami(f"account/{account}").decode()
    [told] = [b for b in stream.split("\r\n\r\n") if "\r\nListCommands: " in b]
    lines = [line.partition(": ")[::2] for line in told.split("\r\n")]
    return [(k, v) for k, v in lines if k not in {"Response", "ActionID"}]


class FakePbx:
    """Answers what it knows, keeps what it was asked, and can be told to misbehave."""

    def __init__(self) -> None:
        self.actions: list[dict[str, str]] = []
        """Every action received, over all connections, in order."""
        self.refused_logins = 0
        """How many of the next logins to refuse."""
        self.account = "engine"
        """Whose list of commands to tell."""
        self.greeting = GREETING
        self.is_deaf = False
        """Whether to answer nothing any more, as over a link that is half open."""
        self.unanswered: set[str] = set()
        """Actions to receive and never answer."""
        self.refused: dict[str, str] = {}
        """Actions that are answered by an error, and its words."""
        self.drops_on: set[str] = set()
        """Actions at which to close the connection."""
        self.lists: dict[str, list[Fields]] = {}
        """What the items of a list are, by the action that asks for it."""
        self.connections = 0
        self.boots = True
        """Whether who logs in is told that all is loaded."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def peer(self) -> Account:
        """How to log in here."""
        return Account(
            host="127.0.0.1", port=self.port, username="tieline", secret=SECRET
        )

    async def start(self) -> None:
        """Listen; again after ``stop``, on the same port."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every link and listen no more."""
        if self._server is not None:
            self._server.close()
        self.drop()
        await eventually(lambda: not self._writers)

    def drop(self) -> None:
        """Close every link at once."""
        for writer in list(self._writers):
            writer.transport.abort()

    def send(self, raw: bytes) -> None:
        """Write to every link."""
        for writer in self._writers:
            writer.write(raw)

    def event(self, name: str, *fields: tuple[str, str]) -> None:
        """Tell every link one event, signed as Asterisk does."""
        signed = [("Event", name), ("Privilege", "call,all")]
        self.send(block(*signed, ("SystemName", SYSTEM_NAME), *fields))

    async def received(self, action: str) -> dict[str, str]:
        """Wait until an action of a name has come and return the last one."""
        await eventually(lambda: self.count(action) > 0)
        return next(a for a in reversed(self.actions) if a["Action"] == action)

    def count(self, action: str) -> int:
        """Tell how often an action has come."""
        return sum(fields["Action"] == action for fields in self.actions)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        self._writers.add(writer)
        writer.write(self.greeting)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                while True:
                    raw = await reader.readuntil(b"\r\n\r\n")
                    fields = dict(
                        line.split(": ", 1) for line in raw.decode().split("\r\n")[:-2]
                    )
                    self.actions.append(fields)
                    if fields["Action"] in self.drops_on:
                        break
                    if not self.is_deaf and fields["Action"] not in self.unanswered:
                        writer.writelines(self._answers(fields))
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    def _answers(self, fields: dict[str, str]) -> Iterable[bytes]:
        action, action_id = fields["Action"], ("ActionID", fields["ActionID"])
        success = (("Response", "Success"), action_id)
        if action in self.refused:
            reason = ("Message", self.refused[action])
            yield block(("Response", "Error"), action_id, reason)
        elif action in self.lists:
            items = self.lists[action]
            yield block(*success, ("EventList", "start"), ("Message", "will follow"))
            for item in items:
                yield block(*item, action_id)
            complete = [("Event", f"{action}Complete"), action_id]
            count = ("ListItems", str(len(items)))
            yield block(*complete, ("EventList", "Complete"), count)
        elif action == "Login" and self._refuses(fields):
            failed = ("Message", "Authentication failed")
            yield block(("Response", "Error"), action_id, failed)
        elif action == "Login":
            yield block(*success, ("Message", "Authentication accepted"))
            if self.boots:
                yield BOOTED
        elif action == "ListCommands":
            yield block(*success, *listing(self.account))
        elif action == "CoreSettings":
            version = ("AsteriskVersion", "22.10.1")
            yield block(*success, version, ("SystemName", SYSTEM_NAME))
        elif fields.get("Channel") == "nobody":
            yield block(
                ("Response", "Error"), action_id, ("Message", "No such channel")
            )
        else:
            yield block(*success, ("Message", "done"))

    def _refuses(self, fields: dict[str, str]) -> bool:
        if self.refused_logins:
            self.refused_logins -= 1
            return True
        return fields["Secret"] != SECRET


@asynccontextmanager
async def fake_pbx() -> AsyncIterator[FakePbx]:
    """Run one for the length of a test."""
    pbx = FakePbx()
    await pbx.start()
    try:
        yield pbx
    finally:
        await pbx.stop()

"""A caller's line as a flow needs it, over one AGI session."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from cti_bridge.agi import protocol
from cti_bridge.agi.errors import (
    ArrivalUnusable,
    CommandFailed,
    SessionEnded,
    TextRefused,
)
from cti_bridge.agi.hearing import LiveSound
from cti_bridge.agi.protocol import Reply
from cti_bridge.agi.server import Session
from cti_bridge.audiosocket.server import AudioServer
from cti_bridge.forms import MOST_NAME, NUMBER, SIP_CALL_ID, UUID
from ivr.ports import Asks, CallerGone, Ears, Heard, HearingBroke, Message

log = structlog.get_logger(__name__)

UNKNOWN: Final = "unknown"
"""Stands for a caller's text that is not of the form it should be."""

_QUICK_S: Final = 5.0
"""Commands that only read or write a variable: on loopback, milliseconds."""
_MARGIN_S: Final = 5.0
_LONGEST_SOUND_S: Final = 3600.0

_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}", re.ASCII)

_FENCE: Final = "CC_FENCE"

OF_LINE: Final = "waiting"
"""The path that the dialplan calls for who waits."""
_KEY_WORDS: Final = {"*": "s", "#": "p"}
"""Keys that are no plain words, as the dialplan writes them."""

_MESSAGE: Final = re.compile(rf"{UUID.pattern}-[0-9]{{1,6}}", re.ASCII)
_SILENCE_S: Final = 4
"""A message ends behind so much silence, of which Asterisk cuts off all but 1 s."""
_SAMPLES_A_S: Final = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Who came, on which leg, for which number.

    What a caller could choose is checked: a text of the wrong form is "unknown", and
    "" means that it was withheld.
    """

    call_id: str
    """The call's uuid, made by the dialplan."""
    leg_id: str
    """Asterisk's Uniqueid of the caller's channel."""
    number: str
    """The number dialled."""
    caller_number: str
    caller_name: str
    sip_call_id: str


class AgiLine:
    """``ivr.ports.Line`` over one AGI session."""

    def __init__(
        self,
        session: Session,
        *,
        now: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(8),
        messages: Path | None = None,
        place: Callable[[str, str], float | None] = lambda _call_id, _queue: None,
        audio: AudioServer | None = None,
    ) -> None:
        """Take over a session.

        Args:
            session: It; this line becomes its only user.
            messages: The folder for what callers say; None takes down nothing.
            now: Tells the epoch in seconds, for ``CC_T0``.
            place: Tells since when, in epoch seconds, a call has had a place in a
                queue whose line it left; None where it has none.
            nonce: Gives hexadecimal text that nobody can guess.
            audio: Where the leg's sound is connected to; None hears no words.
        """
        self._session = session
        self._now = now
        self._nonce = nonce
        self._messages = messages
        self._kept = place
        self._live = LiveSound(audio, self._ask)
        self._call_id = ""
        self._has_let_go = False

    @property
    def is_of_line(self) -> bool:
        """Whether the caller waits in a queue, and comes for a key or for words."""
        return self.script == OF_LINE

    def _place(self, queue_id: str) -> float | None:
        return self._kept(self._call_id, queue_id)

    @property
    def script(self) -> str:
        """The path that the dialplan called, such as ``flow``."""
        return self._session.request.script

    async def arrival(self) -> Arrival:
        """Read who came, as the dialplan tells it.

        To be called first, and once. The dialplan gives it along with the request. The
        headers of that are not believed where they are not as Asterisk writes them: a
        caller may write lines into them, and even lines that look like answers
        (asterisk.md, trap 2). Then the leg's variable is asked for, and the answer is
        fenced before and after by a secret that was made after the caller's text was
        sent.

        Raises:
            CallerGone: The line is gone.
            ArrivalUnusable: The dialplan gave the call no uuid or no leg.
        """
        told = self._session.request.argument
        if told is None:
            told = await self._fenced("CC_ARRIVAL")
        # The first three are the dialplan's own, the rest is the caller's text.
        words = [*told.split(" ", 5), *[""] * 5]
        call_id, leg_id, number, caller_number, sip_call_id, caller_name = words[:6]
        if UUID.fullmatch(call_id) is None:
            raise ArrivalUnusable("CC_CALL_ID", call_id)
        self._call_id = call_id
        structlog.contextvars.bind_contextvars(call_id=call_id)
        if _ID.fullmatch(leg_id) is None:
            raise ArrivalUnusable("UNIQUEID", leg_id)
        return Arrival(
            call_id=call_id,
            leg_id=leg_id,
            number=_checked(number, NUMBER) or UNKNOWN,
            caller_number=_checked(caller_number, NUMBER),
            caller_name=_checked_name(caller_name),
            sip_call_id=_checked(sip_call_id, SIP_CALL_ID),
        )

    async def answer(self) -> None:
        """Take the call; see ``ivr.ports.Line``."""
        await self._do(protocol.answer(), "answer", _QUICK_S)

    async def play(self, sound: str, keys: str) -> str | None:
        """Play one sound; see ``ivr.ports.Line``."""
        during = f"play {sound!r}"
        if self._live.is_lent:
            await self._live.give_back()
        if keys and (key := self._live.key_of(keys)) is not None:
            return key
        reply = await self._run(protocol.stream_file(sound, keys), _LONGEST_SOUND_S)
        if reply.code == 200 and reply.result == -1 and not await self._is_gone():
            # Asterisk says the same of a sound that it has not as of a leg that left.
            log.warning("sound_missing", call_id=self._call_id, sound=sound)
            return None
        self._require_done(reply, during)
        return _key(reply)

    async def listen(self, limit_s: float) -> str | None:
        """Wait for one key; see ``ivr.ports.Line``."""
        if self._live.is_lent:
            await self._live.give_back()
        if (key := self._live.key_of(None)) is not None:
            return key
        command = protocol.wait_for_digit(limit_s)
        return _key(await self._do(command, "listen", limit_s + _MARGIN_S))

    async def hear(
        self, sounds: Sequence[str], keys: str, limit_s: float, *, ears: Ears
    ) -> Heard:
        """Play sounds and hear words and keys; see ``ivr.ports.Line``."""
        heard = await self._live.hear(sounds, keys, limit_s, ears)
        # A caller who leaves breaks the connection too, before anything says why.
        may_be_gone = isinstance(heard, HearingBroke) and self._live.was_lent
        if self._session.hung_up or (may_be_gone and await self._is_gone()):
            raise CallerGone(self._call_id, "hear")
        return heard

    def close(self) -> None:
        """Let go of the leg's sound, however the walk ended; again is harmless."""
        self._live.drop()

    async def record(self, name: str, limit_s: float, keys: str) -> Message:
        """Take down what the caller says; see ``ivr.ports.Line``.

        Who hangs up at the end of a message has left it all the same: the next thing
        that is asked of the line tells that the caller is gone.

        Raises:
            TextRefused: The name is none, or there is no folder for messages.
            CommandFailed: Asterisk could not write it.
        """
        during = f"record {name!r}"
        if self._messages is None or _MESSAGE.fullmatch(name) is None:
            raise TextRefused("RECORD FILE", name, "is no message, or has no folder")
        command = protocol.record_file(
            str(self._messages / name), keys, limit_s=limit_s, silence_s=_SILENCE_S
        )
        reply = await self._run(command, limit_s + _MARGIN_S)
        length_s = (reply.end_sample or 0) / _SAMPLES_A_S
        if reply.code == 200 and reply.result == -1:
            if reply.value != "hangup":
                raise CommandFailed(during, reply.code, reply.value or reply.text)
            if not length_s:
                raise CallerGone(self._call_id, during)
            return Message(length_s=length_s, key=None)
        if reply.code != 200:
            self._require_done(reply, during)
        return Message(length_s=length_s, key=_key(reply))

    async def wait_in_queue(
        self,
        queue_id: str,
        skills: frozenset[str],
        call_class: int | None = None,
        *,
        asks: Asks | None = None,
    ) -> None:
        """Give the call to the waiting context; see ``ivr.ports.Line``.

        Raises:
            TextRefused: A queue's or skill's id is not one; the line is unchanged.
        """
        for name in (queue_id, *skills):
            if _ID.fullmatch(name) is None:
                raise TextRefused("EXEC MSet", name, "is no id of a queue or skill")
        since = self._place(queue_id)
        await self._let_go(
            CC_QUEUE=queue_id,
            CC_SKILLS=":".join(sorted(skills)),
            CC_T0=f"{self._now() if since is None else since:.3f}",
            CC_STATE="waiting",
            **self._asks(asks),
            **({} if call_class is None else {"CC_CLASS": str(call_class)}),
        )

    def _asks(self, asks: Asks | None) -> dict[str, str]:
        if asks is None:
            # What an earlier wait wrote must not hold for this one.
            return {"CC_KEYS": "", "CC_EACH": ""} if self.is_of_line else {}
        keys = "".join(_KEY_WORDS.get(key, key) for key in asks.keys)
        each_s = str(asks.each_s) if asks.each_s else ""
        return {"CC_KEYS": keys, "CC_EACH": each_s, "CC_WALK": asks.walk}

    async def leave_line(self) -> None:
        """Note that the caller waits no more; see ``ivr.ports.Line``."""
        command = protocol.set_variables({"CC_STATE": "flow"})
        await self._do(command, "leave line", _QUICK_S)

    async def asked(self) -> str:
        """Return the key that a waiting caller pressed; "" where words are due."""
        key = await self._variable("CC_KEY")
        return next((it for it, word in _KEY_WORDS.items() if word == key), key)

    async def walk(self) -> str:
        """Return where the walk stands, as the process noted that let it wait."""
        return await self._variable("CC_WALK")

    async def _variable(self, name: str) -> str:
        reply = await self._do(protocol.get_variable(name), f"read {name}", _QUICK_S)
        return reply.value or ""

    async def hang_up(self) -> None:
        """Give the call to the ending context; see ``ivr.ports.Line``."""
        # Where the caller waited before holds no more.
        await self._let_go(**({"CC_QUEUE": ""} if self.is_of_line else {}))

    async def _let_go(self, **variables: str) -> None:
        # CC_IVR_DONE comes last: it tells the dialplan that the flow came to its end,
        # and that the rest is there. The dialplan goes on when the session is over.
        command = protocol.set_variables({**variables, "CC_IVR_DONE": "1"})
        await self._do(command, "let go", _QUICK_S)
        self._has_let_go = True
        self._session.close()

    async def _fenced(self, name: str) -> str:
        """Ask for a variable with a secret before and behind it."""
        secret = self._nonce()
        await self._run(protocol.set_variable(_FENCE, secret), _QUICK_S)
        await self._fence(secret)
        reply = await self._run(protocol.get_variable(name), _QUICK_S)
        await self._fence(secret)
        if reply.value is None and reply.result:
            return UNKNOWN  # it goes on in the next line, as no number or name does
        return reply.value or ""

    async def _fence(self, secret: str) -> None:
        fence = protocol.get_variable(_FENCE)
        try:
            await self._session.fence(fence, secret, _QUICK_S)
        except SessionEnded:
            raise CallerGone(self._call_id, "arrival") from None

    async def _run(self, command: bytes, limit_s: float) -> Reply:
        """Send a command that works on a leg that is gone too."""
        if self._live.is_lent:
            await self._live.give_back()
        return await self._ask(command, limit_s)

    async def _ask(self, command: bytes, limit_s: float) -> Reply:
        if self._has_let_go:
            raise CallerGone(self._call_id, "use of a line that was let go")
        try:
            return await self._session.ask(command, limit_s)
        except SessionEnded as ended:
            raise CallerGone(self._call_id, ended.reason) from None

    async def _do(self, command: bytes, during: str, limit_s: float) -> Reply:
        reply = await self._run(command, limit_s)
        self._require_done(reply, during)
        return reply

    def _require_done(self, reply: Reply, during: str) -> None:
        if reply.code == 511 or reply.result == -1 or self._session.hung_up:
            raise CallerGone(self._call_id, during)
        if reply.code != 200:
            raise CommandFailed(during, reply.code, reply.text)

    async def _is_gone(self) -> bool:
        # Asterisk writes its notice of a leg that left before it reads any more.
        await self._run(protocol.get_variable(_FENCE), _QUICK_S)
        return self._session.hung_up


def _key(reply: Reply) -> str | None:
    return chr(reply.result) if reply.result else None


def _checked(text: str, form: re.Pattern[str]) -> str:
    return text if form.fullmatch(text) else UNKNOWN


def _checked_name(text: str) -> str:
    return text if text.isprintable() and len(text) <= MOST_NAME else UNKNOWN

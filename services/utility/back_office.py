"""Asks the utility over HTTP: within a time, a size and a list of addresses."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

import httpx
import structlog

from ivr.lookups import NOTHING, ArgumentType, FieldType, LookUps
from ivr.turns import AskFailed, Found, NotFound, Question, QuestionKind
from services.utility.breaker import Breaker, BreakerState
from services.utility.egress import Egress, Place
from services.utility.errors import (
    AnswerUnusable,
    NotAsked,
    Refusal,
    TooLarge,
    TooSlow,
    Unreachable,
    UtilityProblem,
    WrongFields,
)
from services.utility.fields import arguments_of, read_json, values_of

log = structlog.get_logger()

MOST_BYTES = 64 * 1024
MOST_CONNECTIONS = 64
KEPT_CONNECTIONS = 16
IDLE_S = 60.0
SMS_TAKES = {"to": ArgumentType.TEXT, "text": ArgumentType.TEXT}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """One question as it goes out."""

    path: str
    takes: Mapping[str, ArgumentType]
    gives: Mapping[str, FieldType]
    limit_s: float


class HttpBackOffice:
    """Implements ``ivr.ports.BackOffice`` over HTTP and JSON.

    Whatever the utility does, an answer or a failure in words is there in time, and
    nothing is raised. What a question says is in its body alone: no address, log or
    message has a caller's number or digits.
    """

    def __init__(
        self,
        place: Place,
        look_ups: LookUps = NOTHING.look_ups,
        *,
        breaker: Breaker | None = None,
    ) -> None:
        """Take where to ask and what can be asked; nothing is connected yet."""
        self._place = place
        self._look_ups = look_ups
        self._egress = Egress(place=place)
        self._breaker = breaker or Breaker()
        self._client = httpx.AsyncClient(
            verify=_trust(place),
            # Nothing of the machine's proxies, and no redirect, leads us elsewhere.
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - each question has a limit for all of it
            limits=httpx.Limits(
                max_connections=MOST_CONNECTIONS,
                max_keepalive_connections=KEPT_CONNECTIONS,
                keepalive_expiry=IDLE_S,
            ),
        )

    async def __aenter__(self) -> "HttpBackOffice":
        """Return itself."""
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Let go of the connections."""
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    @property
    def shown(self) -> str:
        """Host and port that are asked."""
        return self._place.shown

    @property
    def state(self) -> BreakerState:
        """Whether the utility is asked at present."""
        return self._breaker.state

    @property
    def problem(self) -> str | None:
        """What is wrong in words; None while the utility answers."""
        if self._breaker.state is BreakerState.CLOSED:
            return None
        return (
            f"utility {self._place.shown}: does not answer, and is left alone for a "
            "while; callers go the ways of their flows for that"
        )

    async def ask(
        self, call_id: str, question: Question
    ) -> Found | NotFound | AskFailed:
        """Ask one question; see ``ivr.ports.BackOffice``.

        Args:
            call_id: For whom, so that the utility makes no order twice.
            question: A look-up or an order that is declared, or a text message.
        """
        return await self._asked(self._look_ups, call_id, question)

    def declaring(self, look_ups: LookUps) -> "Declared":
        """Return the same utility, asked for what other flows declare."""
        return Declared(self._asked, look_ups)

    async def _asked(
        self, look_ups: LookUps, call_id: str, question: Question
    ) -> Found | NotFound | AskFailed:
        asking = _asking(look_ups, question)
        if asking is None:
            what = f"{question.kind.value} {question.name!r} is not declared"
            return AskFailed(detail=f"{what}; dialplans/lookups.yaml declares them")
        try:
            return await self._within(asking, call_id, question)
        except UtilityProblem as problem:
            detail = f"utility {self._place.shown}: {problem}"
            log.warning(
                "utility_failed", asked=question.name, call_id=call_id, why=detail
            )
            return AskFailed(detail=detail)

    async def _within(
        self, asking: _Asking, call_id: str, question: Question
    ) -> Found | NotFound:
        now_s = asyncio.get_running_loop().time
        body = {
            "call_id": call_id,
            "arguments": arguments_of(question.arguments, asking.takes),
        }
        if not self._breaker.lets_through(now_s()):
            raise NotAsked(self._breaker.rests_s(now_s()))
        try:
            async with asyncio.timeout(asking.limit_s):
                answer = await self._answered(asking.path, body)
            found = _outcome(answer, asking.gives)
        except TimeoutError:
            self._breaker.failed(now_s())
            raise TooSlow(asking.limit_s) from None
        except UtilityProblem as problem:
            if problem.is_the_utilitys:
                self._breaker.failed(now_s())
            else:
                self._breaker.succeeded()
            raise
        self._breaker.succeeded()
        return found

    async def _answered(
        self, path: str, body: Mapping[str, object]
    ) -> Mapping[str, object]:
        place = self._place
        address = await self._egress.address()
        shown = f"[{address}]" if ":" in address else address
        there = f"{place.parts.scheme}://{shown}:{place.port}"
        try:
            async with self._client.stream(
                "POST",
                f"{there}{place.parts.path.rstrip('/')}{path}",
                json=body,
                # Sent to the address that was looked at, under its own name; packed
                # answers could be a thousand times as large unpacked.
                headers={"Host": place.parts.netloc, "Accept-Encoding": "identity"},
                extensions={"sni_hostname": place.host},
            ) as answer:
                return await _read(answer)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            why = str(error) or type(error).__name__
            raise Unreachable(f"no connection, or it broke: {why}") from None


class Declared:
    """Implements ``ivr.ports.BackOffice`` for one set of flows."""

    def __init__(
        self,
        asked: Callable[
            [LookUps, str, Question], Awaitable[Found | NotFound | AskFailed]
        ],
        look_ups: LookUps,
    ) -> None:
        """Take who asks, and what the set declares."""
        self._asked = asked
        self._look_ups = look_ups

    async def ask(
        self, call_id: str, question: Question
    ) -> Found | NotFound | AskFailed:
        """Ask one question; see ``ivr.ports.BackOffice``."""
        return await self._asked(self._look_ups, call_id, question)


def _asking(look_ups: LookUps, question: Question) -> _Asking | None:
    match question.kind:
        case QuestionKind.LOOK_UP:
            one = look_ups.look_ups.get(question.name)
            if one is None:
                return None
            return _Asking(
                path=f"/look-ups/{one.asks}",
                takes=one.takes,
                gives=one.gives,
                limit_s=one.limit_s,
            )
        case QuestionKind.ORDER:
            kind = look_ups.orders.get(question.name)
            if kind is None:
                return None
            return _Asking(
                path=f"/orders/{kind.code}",
                takes=kind.takes,
                gives=kind.answers,
                limit_s=kind.limit_s,
            )
        case QuestionKind.SMS:
            return _Asking(
                path="/sms",
                takes=SMS_TAKES,
                gives={},
                limit_s=look_ups.sms_limit_s,
            )


def _trust(place: Place) -> ssl.SSLContext:
    """Return by whom certificates may be signed: by nobody where none is shown."""
    if place.parts.scheme == "https":
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def _read(answer: httpx.Response) -> Mapping[str, object]:
    """Return an answer's object.

    Raises:
        UtilityProblem: It is an error, a redirect, packed, too large, or no object.
    """
    if 400 <= answer.status_code < 500:
        raise Refusal(
            f"answered {answer.status_code}, so it does not know the question"
        )
    if answer.status_code != httpx.codes.OK:
        raise AnswerUnusable(f"answered {answer.status_code}, not 200")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise AnswerUnusable("a packed answer, which was not asked for")
    told = answer.headers.get("content-length", "")
    if told.isdecimal() and (len(told) > 10 or int(told) > MOST_BYTES):
        raise TooLarge(MOST_BYTES)
    read = bytearray()
    async for part in answer.aiter_raw():
        read += part
        if len(read) > MOST_BYTES:
            raise TooLarge(MOST_BYTES)
    return read_json(bytes(read))


def _outcome(
    answer: Mapping[str, object], declared: Mapping[str, FieldType]
) -> Found | NotFound:
    match answer.get("found"):
        case True:
            return Found(values=values_of(answer.get("values"), declared))
        case False:
            return NotFound()
        case _:
            raise WrongFields("found: should be true or false")

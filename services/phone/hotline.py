"""What a caller's or an agent's script asks of a running instance over HTTP."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from services.phone.errors import (
    AnswerNotUnderstood,
    HotlineUnreachable,
    RequestRefused,
)

_TIMEOUT_S = 10.0
"""The instance itself gives its database up after 5."""
_NOT_KNOWN = (httpx.codes.NOT_FOUND, httpx.codes.SERVICE_UNAVAILABLE)
_Seen = TypeVar("_Seen", bound=BaseModel)
_Read = TypeVar("_Read")


class CallSeen(BaseModel):
    """A call as the instance tells it; what it does not tell is None."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    call_id: str
    state: str | None = None
    caller_number: str = ""
    sip_call_id: str = ""
    queue_id: str | None = None
    agent_id: str | None = None
    waited_s: float | None = None
    talked_s: float | None = None
    arrived_at: datetime | None = None
    queued_at: datetime | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    close_reason: str | None = None

    @property
    def is_put_through(self) -> bool:
        """Whether caller and agent are, or were, talking."""
        return self.state == "talking" or self.connected_at is not None


class AgentSeen(BaseModel):
    """An agent as the instance tells it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    agent_id: str
    name: str = ""
    state: str = ""
    reason: str | None = None
    call_id: str | None = None
    offer_id: str | None = None


class Hotline:
    """The HTTP door of one instance."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def call_of_dialog(self, sip_call_id: str) -> CallSeen | None:
        """Return the call whose caller's leg has this SIP Call-ID, if it is known."""
        asked = {"sip_call_id": sip_call_id}
        try:
            answer = await self._request("GET", "/calls", query=asked)
        except RequestRefused as refusal:
            if refusal.status != httpx.codes.SERVICE_UNAVAILABLE:
                raise
            # The records are away; who is on the line now is known all the same.
            calls = await self.live_calls()
            return next((one for one in calls if one.sip_call_id == sip_call_id), None)
        calls = _many(answer, "calls", CallSeen)
        return calls[0] if calls else None

    async def live_calls(self) -> tuple[CallSeen, ...]:
        """Return the calls that have not ended, oldest first."""
        return _many(await self._request("GET", "/calls/live"), "calls", CallSeen)

    async def call(self, call_id: str) -> CallSeen | None:
        """Return one call, live or closed; None when it is not known, or not now."""
        try:
            answer = await self._request("GET", f"/calls/{call_id}")
        except RequestRefused as refusal:
            if refusal.status in _NOT_KNOWN:
                return None
            raise
        return _one(answer, "call", CallSeen)

    async def agents(self) -> tuple[AgentSeen, ...]:
        """Return every agent, in the instance's order."""
        return _many(await self._request("GET", "/agents"), "agents", AgentSeen)

    async def agent(self, agent_id: str) -> AgentSeen:
        """Return one agent.

        Raises:
            RequestRefused: There is no such agent.
        """
        answer = await self._request("GET", f"/agents/{agent_id}")
        return _one(answer, "agent", AgentSeen)

    async def sign_in(self, agent_id: str) -> None:
        """Sign the agent in; she is not ready yet."""
        await self._request("POST", f"/agents/{agent_id}/sign-in", body={})

    async def ready(self, agent_id: str) -> None:
        """Ask for work for the agent."""
        await self._request("POST", f"/agents/{agent_id}/ready", body={})

    async def wrap_up_done(self, agent_id: str, disposition: str | None) -> None:
        """End the agent's wrap-up, with what the call was about if that is told."""
        body = {"disposition": disposition} if disposition else {}
        await self._request("POST", f"/agents/{agent_id}/wrap-up-done", body=body)

    async def sign_out(self, agent_id: str) -> None:
        """Sign the agent out."""
        await self._request("POST", f"/agents/{agent_id}/sign-out", body={})

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> object:
        try:
            answer = await self._client.request(method, path, params=query, json=body)
        except httpx.HTTPError as error:
            cause = str(error) or type(error).__name__
            raise HotlineUnreachable(str(self._client.base_url), cause) from error
        if answer.is_error:
            asked = f"{method} {path}"
            raise RequestRefused(asked, answer.status_code, _detail(answer))
        return answer.json() if answer.content else None


@asynccontextmanager
async def open_hotline(
    http: str, *, token: str = "", trust: ssl.SSLContext | bool = True
) -> AsyncIterator[Hotline]:
    """Open the HTTP door of the instance at this address, and close it at the end.

    Args:
        http: The address.
        token: By which the instance knows who asks.
        trust: By whom its certificate may be signed, where it has one.
    """
    # trust_env off: a proxy of the environment has no business on loopback.
    async with httpx.AsyncClient(
        base_url=http,
        timeout=_TIMEOUT_S,
        trust_env=False,
        verify=trust,
        headers={"Authorization": f"Bearer {token}"} if token else None,
    ) as client:
        yield Hotline(client)


def _detail(answer: httpx.Response) -> str:
    """Return the words of an RFC 9457 problem, or the start of what came instead."""
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200] or answer.reason_phrase
    if not isinstance(problem, dict):
        return str(problem)[:200]
    return str(problem.get("detail") or problem.get("title") or problem)[:400]


def _many(answer: object, name: str, kind: type[_Seen]) -> tuple[_Seen, ...]:
    """Read a list that stands alone, or under its name, or under ``items``."""
    if isinstance(answer, dict):
        answer = answer.get(name, answer.get("items", []))
    return _read(answer, name, TypeAdapter(tuple[kind, ...]))  # type: ignore[valid-type]


def _one(answer: object, name: str, kind: type[_Seen]) -> _Seen:
    """Read one that stands alone or under its name."""
    if isinstance(answer, dict) and isinstance(answer.get(name), dict):
        answer = answer[name]
    return _read(answer, name, TypeAdapter(kind))


def _read(answer: object, name: str, shape: TypeAdapter[_Read]) -> _Read:
    try:
        return shape.validate_python(answer)
    except ValidationError as error:
        first = error.errors()[0]
        where = " → ".join([name, *map(str, first["loc"])])
        raise AnswerNotUnderstood(where, first["msg"].lower()) from error

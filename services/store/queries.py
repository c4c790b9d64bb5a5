"""Questions about calls on record, every value of them a bound parameter."""

import re
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from acd.vocabulary.states import CallState
from services.store.errors import DatabaseAway, in_its_words
from services.store.migrate import engine_url
from services.store.tables import (
    calls,
    conversations,
    facts,
    legs,
    offers,
    recording_pauses,
    recordings,
    routing_decisions,
    steps,
)

MOST_CALLS = 1000
_HEX_DIGITS = 32
_CONNECT_S = 5
_STATEMENT_S = 10

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsOf:
    """Some calls, by where they belong; None asks for any."""

    province: str | None = None
    unit: str | None = None
    queue_id: str | None = None
    agent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls are wanted; None asks for any."""

    sip_call_id: str | None = None
    caller_number: str | None = None
    since: datetime | None = None
    """Arrived then or later."""
    state: CallState | None = None
    limit: int = 100
    """The newest so many, up to MOST_CALLS."""
    within: tuple[CallsOf, ...] = (CallsOf(),)
    """Of any of these, and no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStory:
    """One call whole: its row and all rows that belong to it, each in its order."""

    call: Row
    legs: Sequence[Row]
    steps: Sequence[Row]
    routing_decisions: Sequence[Row]
    offers: Sequence[Row]
    conversations: Sequence[Row]
    recordings: Sequence[Row]
    recording_pauses: Sequence[Row]
    facts: Sequence[Row]
    """Each with ``seq``, ``origin``, ``kind``, ``at`` and ``body``, as journaled."""


class Records:
    """The calls on record, for reading."""

    def __init__(self, url: str) -> None:
        """Connect to nothing yet.

        Args:
            url: A ``postgresql://`` address.
        """
        self._engine = create_async_engine(
            engine_url(url),
            pool_size=2,
            max_overflow=2,
            pool_timeout=_STATEMENT_S,
            pool_pre_ping=True,
            connect_args={
                "timeout": _CONNECT_S,
                "command_timeout": _STATEMENT_S,
                "server_settings": {
                    "application_name": "tieline records",
                    "default_transaction_read_only": "on",
                },
            },
        )

    async def close(self) -> None:
        """Let go of all connections."""
        await self._engine.dispose()

    async def ping(self) -> None:
        """Ask the database whether it answers.

        Raises:
            DatabaseAway: It does not.
        """
        async with self._connection() as connection:
            await connection.execute(select(1))

    async def calls(self, wanted: CallFilter) -> list[Row]:
        """Return calls, the newest first.

        Each has the columns of ``calls`` and ``talked_s``, which is None where nobody
        was spoken to, and counts a conversation that goes on until now.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        columns = calls.c
        conditions: dict[Any, object] = {
            columns.sip_call_id: wanted.sip_call_id,
            columns.caller_number: wanted.caller_number,
            columns.state: wanted.state and wanted.state.value,
        }
        question = _calls().order_by(columns.arrived_at.desc().nulls_last())
        for column, value in conditions.items():
            if value is not None:
                question = question.where(column == _storable(value))
        if wanted.since is not None:
            question = question.where(columns.arrived_at >= wanted.since)
        question = question.where(or_(false(), *map(_is_of, wanted.within)))
        question = question.limit(max(1, min(wanted.limit, MOST_CALLS)))
        async with self._connection() as connection:
            return await _all(connection, question)

    async def call(self, call_id: str) -> Row | None:
        """Return the row of one call, as ``calls`` does, or None.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        if not is_uuid(call_id):
            return None
        async with self._connection() as connection:
            return await _first(connection, _calls().where(calls.c.call_id == call_id))

    async def calls_named(self, prefix: str) -> list[str]:
        """Return ids of calls that begin so, two at most; none for what is no id.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        digits = prefix.lower().replace("-", "")
        if not re.fullmatch(rf"[0-9a-f]{{1,{_HEX_DIGITS}}}", digits):
            return []
        lowest = str(uuid.UUID(digits.ljust(_HEX_DIGITS, "0")))
        highest = str(uuid.UUID(digits.ljust(_HEX_DIGITS, "f")))
        question = select(calls.c.call_id).where(
            calls.c.call_id.between(lowest, highest)
        )
        async with self._connection() as connection:
            return list((await connection.execute(question.limit(2))).scalars())

    async def way(self, call_id: str) -> list[Row]:
        """Return the steps that a caller came through, without keys, in order.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        if not is_uuid(call_id):
            return []
        its_own = (steps.c.call_id == call_id) & (steps.c.kind == "step")
        entered = select(steps.c.flow, steps.c.step, steps.c.at).where(its_own)
        async with self._connection() as connection:
            return await _all(connection, entered.order_by(steps.c.nth))

    async def story(self, call_id: str) -> CallStory | None:
        """Return one call whole, or None.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        if not is_uuid(call_id):
            return None
        async with self._connection() as connection:
            return await _story(connection, call_id)

    async def decisions(self, call_id: str) -> tuple[list[Row], list[Row]] | None:
        """Return a call's offers and its routing decisions, or None for no call.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        if not is_uuid(call_id):
            return None
        async with self._connection() as connection:
            known = select(calls.c.call_id).where(calls.c.call_id == call_id)
            if await _first(connection, known) is None:
                return None
            started, decided = offers.c.started_at, routing_decisions.c.decided_at
            made = select(offers).where(offers.c.call_id == call_id)
            why = select(routing_decisions)
            why = why.where(routing_decisions.c.call_id == call_id)
            return (
                await _all(connection, made.order_by(started, offers.c.offer_id)),
                await _all(connection, why.order_by(decided)),
            )

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                yield connection
        except (OSError, DBAPIError) as error:
            raise DatabaseAway(in_its_words(error)) from error


def _is_of(bounds: CallsOf) -> ColumnElement[bool]:
    told = asdict(bounds).items()
    return and_(
        true(), *(calls.c[name] == value for name, value in told if value is not None)
    )


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID in any of its spellings."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _storable(value: object) -> object:
    # A NUL is on record as what stands for what cannot be shown.
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _calls() -> Select[Any]:
    spoken = func.coalesce(conversations.c.ended_at, func.now())
    length = func.extract("epoch", spoken - conversations.c.started_at)
    talked_s = (
        select(func.sum(length))
        .where(conversations.c.call_id == calls.c.call_id)
        .scalar_subquery()
        .label("talked_s")
    )
    return select(calls, talked_s)


async def _story(connection: AsyncConnection, call_id: str) -> CallStory | None:
    call = await _first(connection, _calls().where(calls.c.call_id == call_id))
    if call is None:
        return None

    async def of_call(table: Table, *order: ColumnElement[Any]) -> list[Row]:
        question = select(table).where(table.c.call_id == call_id).order_by(*order)
        return await _all(connection, question)

    found_legs = await of_call(legs, legs.c.started_at, legs.c.leg_id)
    leg_ids = [leg["leg_id"] for leg in found_legs]
    told = (
        select(facts)
        .where(or_(facts.c.call_id == call_id, facts.c.leg_id.in_(leg_ids)))
        .order_by(facts.c.at, facts.c.journal_id, facts.c.seq)
    )
    talks = conversations.c
    return CallStory(
        call=call,
        legs=found_legs,
        steps=await of_call(steps, steps.c.nth),
        offers=await of_call(offers, offers.c.started_at, offers.c.offer_id),
        routing_decisions=await of_call(
            routing_decisions, routing_decisions.c.decided_at
        ),
        conversations=await of_call(conversations, talks.started_at, talks.offer_id),
        recordings=await of_call(recordings, recordings.c.offer_id),
        recording_pauses=await of_call(recording_pauses, recording_pauses.c.paused_at),
        facts=await _all(connection, told),
    )


async def _all(connection: AsyncConnection, question: Select[Any]) -> list[Row]:
    return list((await connection.execute(question)).mappings())


async def _first(connection: AsyncConnection, question: Select[Any]) -> Row | None:
    return next(iter(await _all(connection, question)), None)

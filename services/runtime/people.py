"""Who may log in to an instance: by what they are known, and the first of them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from services.api.who_asks import Doors
from services.floor.floor import Floor
from services.people.log_ins import LogIns
from services.people.notes import Notes
from services.people.passwords import Passwords
from services.people.register import NewPerson, Register
from services.people.rights import Grant, Role
from services.people.sessions import Sessions
from services.runtime.clock import Clock
from services.runtime.secrets_kept import FIRST_LOG_IN, FOLDER, OPERATOR, kept_secret
from services.runtime.settings import Settings
from services.store.audit import Audit
from services.store.people import PeopleTables

log = structlog.get_logger()

_SHOWN = (Role.OPERATIONS, Role.SUPERVISOR, Role.AUDITOR)
_AGENTS = 2
_FIRST_S = 10.0
_BY = "tieline up"


def doors_of(settings: Settings, *, clock: Clock, records: str, audit: Audit) -> Doors:
    """Return all by which somebody can be known.

    Args:
        settings: How long sessions last, who needs none, and where secrets are.
        clock: The engine's.
        records: A ``postgresql://`` address of the role that keeps people.
        audit: Gets a row with each change.
    """
    data, wanted = settings.data, settings.people
    tables = PeopleTables(records, audit)
    sessions = Sessions(
        idle=timedelta(minutes=wanted.idle_min),
        whole=timedelta(hours=wanted.session_h),
    )
    passwords, notes = Passwords(), Notes(tables, now=clock.now)
    register = Register(tables, sessions, passwords, now=clock.now)
    register.password_void = partial(_forget, data)
    log_ins = LogIns(
        register,
        tables,
        sessions,
        passwords=passwords,
        notes=notes,
        now=clock.now,
    )
    return Doors(
        register=register,
        log_ins=log_ins,
        sessions=sessions,
        notes=notes,
        operator_token=kept_secret(data, OPERATOR),
        is_open_here=wanted.is_open_here,
    )


def first_people(
    doors: Doors, settings: Settings, floor: Floor
) -> Callable[[], Awaitable[None]]:
    """Return what adds the first people to an instance that has none.

    An administrator always, and for a demo one of each role and two of the agents.
    """
    first = [NewPerson(name="admin", grants=(Grant(role=Role.ADMIN),))]
    if settings.people.is_demo:
        first += [
            NewPerson(name=role.value, grants=(Grant(role=role),)) for role in _SHOWN
        ]
        first += [
            NewPerson(
                name=f"agent-{agent_id}".lower(),
                agent_id=agent_id,
                grants=(Grant(role=Role.AGENT),),
            )
            for agent_id in sorted(floor.policy.agents)[:_AGENTS]
        ]

    async def add() -> None:
        for new in first:
            password = kept_secret(settings.data, f"{FIRST_LOG_IN}{new.name}")
            await doors.register.add(replace(new, password=password), by=_BY)
        log.info("first_people_added", names=[new.name for new in first])

    return add


def keep_people(
    doors: Doors, settings: Settings, floor: Floor
) -> Iterator[asyncio.Task[None]]:
    """Begin to read who there is, or add the first, and to have acts audited."""
    first = first_people(doors, settings, floor)
    yield asyncio.create_task(doors.log_ins.run(first), name="people")
    yield asyncio.create_task(doors.notes.run(), name="notes")


async def are_known(doors: Doors, *, is_first: bool) -> None:
    """At a first start wait until it is known who there is, but not for long.

    Whoever is told that it is ready is told who may log in.
    """
    if not is_first:
        return
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(doors.log_ins.known.wait(), _FIRST_S)


def _forget(data: Path, name: str) -> None:
    """Let go of a first password that opens nothing any more."""
    if "/" not in name:
        (data / FOLDER / f"{FIRST_LOG_IN}{name}").unlink(missing_ok=True)

"""All by which somebody can be known, for an app of a test's own."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI

from services.api.who_asks import Doors, WhoAsks
from services.people.log_ins import LogIns
from services.people.notes import Notes
from services.people.passwords import Passwords
from services.people.register import Register
from services.people.sessions import Sessions
from services.store.audit import Audit
from services.store.people import PeopleTables

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OPERATOR_TOKEN = "the-operator-of-a-test"
AS_OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}


def doors_to(
    database: str, *, now: Callable[[], datetime], token: str = OPERATOR_TOKEN
) -> Doors:
    """Return them; nobody but the operator is known until ``log_ins.read``."""
    tables = PeopleTables(database, Audit(database))
    sessions, passwords, notes = Sessions(), Passwords(), Notes(tables, now=now)
    register = Register(tables, sessions, passwords, now=now)
    return Doors(
        register=register,
        log_ins=LogIns(
            register, tables, sessions, passwords=passwords, notes=notes, now=now
        ),
        sessions=sessions,
        notes=notes,
        operator_token=token,
    )


def as_operator(app: FastAPI) -> None:
    """Let whoever asks an app of a few paths be known as this machine's operator."""
    doors = doors_to("postgresql://nobody@127.0.0.1:1/none", now=lambda: AT)
    app.state.who_asks, app.state.notes = WhoAsks(doors), doors.notes

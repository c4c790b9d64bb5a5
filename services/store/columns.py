"""The columns that tables of record have in common, and what holds the tables."""

from sqlalchemy import Column, DateTime, MetaData, Text, Uuid, func

metadata = MetaData()


def id_of(name: str, *, is_key: bool = False, is_known: bool = True) -> Column[str]:
    """Return a column of ids of our own making."""
    return Column(
        name, Uuid(as_uuid=False), primary_key=is_key, nullable=not (is_known or is_key)
    )


def text(name: str, *, is_key: bool = False, is_known: bool = False) -> Column[str]:
    """Return a column of text."""
    return Column(name, Text, primary_key=is_key, nullable=not (is_known or is_key))


def instant(name: str, *, is_known: bool = False) -> "Column[object]":
    """Return a column of instants."""
    return Column(name, DateTime(timezone=True), nullable=not is_known)


def now(name: str) -> "Column[object]":
    """Return a column that the database fills in by its clock."""
    clock = func.clock_timestamp()
    return Column(name, DateTime(timezone=True), nullable=False, server_default=clock)


def place() -> "tuple[Column[str], Column[str]]":
    """Return the columns of a place."""
    return text("province", is_known=True), text("unit", is_known=True)

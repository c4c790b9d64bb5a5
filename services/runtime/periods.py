"""Periods as people write them on a command line."""

import re
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since_of(text: str | None) -> datetime | None:
    """Return the instant that a text names, in UTC; None for None.

    Raises:
        BadParameter: It names none.
    """
    if text is None:
        return None
    ago = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if ago:
        length = timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.now(UTC) - length
    try:
        # A time without a zone is the clock's on the wall.
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise typer.BadParameter(
            f"should be as 15m, 2h, 1d or 2026-11-21T08:00, got {text!r}"
        ) from None

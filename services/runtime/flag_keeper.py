"""Puts flags up and down: on record first, then in the file that calls are led by."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from ivr.flow import Flow
from ivr.known import expressions_of
from services.api.flags import FlagEndsBefore, FlagNotKept, FlagShown, UnknownFlag
from services.runtime.flags import STORM, Flag, Flags
from services.runtime.in_force import InForce
from services.store.flag_changes import FlagChange, FlagChanges

log = structlog.get_logger()

_PREFIX = "flag."


class FlagKeeper:
    """Implements ``services.api.flags.FlagKeeping``."""

    def __init__(
        self,
        flags: Flags,
        changes: FlagChanges,
        current: InForce,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """Take where flags are kept and put on record, and the flows in force."""
        self._flags = flags
        self._changes = changes
        self._current = current
        self._now = now
        self._turn = asyncio.Lock()

    def shown(self) -> list[FlagShown]:
        """Return all that flows ask for and all that are up, by name."""
        asked, at = asked_flags(self._current.all_flows()), self._now()
        kept = {one.name for one in self._flags.all().values() if one.is_up(at)}
        return [self._shown(name, asked) for name in sorted(asked | kept)]

    async def put(
        self, name: str, *, is_up: bool, until: datetime | None, by: str, note: str
    ) -> FlagShown:
        """Put a flag up or down.

        Raises:
            UnknownFlag: It is to be up, and no flow in force asks for it.
            FlagEndsBefore: Its end is over by now.
            DatabaseAway: It cannot be put on record; it is as it was.
            FlagNotKept: The data folder does not take it; it is as it was.
        """
        asked = asked_flags(self._current.all_flows())
        async with self._turn:
            if name not in asked and (is_up or name not in self._flags.all()):
                raise UnknownFlag(name, sorted(asked))
            if until is not None and until <= self._now():
                raise FlagEndsBefore(name, until, self._now())
            change = await self._changes.add(
                name, is_up=is_up, until=until, by=by, note=note
            )
            flag = Flag(name=name, since=change.at, until=until, by=by, note=note)
            try:
                self._flags.put(name, flag if is_up else None)
            except OSError as error:
                raise FlagNotKept(name, str(error)) from error
        log.info("flag_put", flag=name, is_up=is_up, by=by)
        return self._shown(name, asked)

    async def history(self) -> list[FlagChange]:
        """Return the last changes, the newest first.

        Raises:
            DatabaseAway: They cannot be read.
        """
        return await self._changes.latest()

    def _shown(self, name: str, asked: frozenset[str]) -> FlagShown:
        flag = self._flags.all().get(name)
        is_asked = name in asked
        if flag is None or not flag.is_up(self._now()):
            return FlagShown(name=name, is_up=False, is_asked=is_asked)
        return FlagShown(
            name=name,
            is_up=True,
            is_asked=is_asked,
            since=flag.since,
            until=flag.until,
            by=flag.by,
            note=flag.note,
        )


def asked_flags(flows: Iterable[Flow]) -> frozenset[str]:
    """Return the flags that conditions of flows name."""
    names = {
        one.name
        for flow in flows
        for step in flow.steps.values()
        for _, expression in expressions_of(step)
        for one in expression.names()
    }
    flags = {it.removeprefix(_PREFIX) for it in names if it.startswith(_PREFIX)}
    return frozenset(flags | ({STORM} & names))

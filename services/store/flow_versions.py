"""The versions of the flows, and which of them callers are led by."""

import dataclasses
from dataclasses import dataclass

from services.store.asked import Connection
from services.store.audit import Act, add
from services.store.versions import Kind, Versions, WholeVersion

WHOLE = 100
"""The share of a version that leads all callers."""
FLOWS = Kind(
    name="flows",
    table="flow_versions",
    showing="./tieline flow pull --version {}",
    listing="./tieline flow versions",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """Which versions callers are led by."""

    in_force: int
    trial: int | None = None
    """A version that a share of the calls tries first."""
    percent: int = 0
    """That share, from 1 to 99; 0 while none is tried."""

    @property
    def latest(self) -> int:
        """Return the version that a new one is made from."""
        return self.in_force if self.trial is None else self.trial


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeForce(Force):
    """The same with both versions whole."""

    versions: tuple[WholeVersion, ...]
    """The one in force, then the one that is tried, if there is one."""


class NothingTried(Exception):
    """A share is to be changed, and no version is being tried."""

    def __init__(self) -> None:
        """Say how one is."""
        super().__init__(
            "flows: no version is being tried; ./tieline flow publish --share 20%"
            " has a share of the calls try one"
        )


_NOW = "SELECT in_force, trial, percent FROM flow_shares ORDER BY nth DESC LIMIT 1"
_SET = """
INSERT INTO flow_shares (by, note, in_force, trial, percent)
VALUES ($1, $2, $3, $4, $5)
"""


class FlowVersions(Versions):
    """The versions of the whole set of flow files."""

    kind = FLOWS

    async def force(self) -> WholeForce | None:
        """Return what callers are led by; None before the first version.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        async with self._asked() as connection:
            force = await _force(connection)
            if force is None:
                return None
            wanted = [force.in_force, *([force.trial] if force.trial else [])]
            rows = await connection.fetch(
                "SELECT * FROM flow_versions WHERE number = ANY($1)", wanted
            )
        found = {row["number"]: WholeVersion(**row) for row in rows}
        return WholeForce(
            **dataclasses.asdict(force), versions=tuple(found[it] for it in wanted)
        )

    async def publish(
        self, text: str, *, made_from: int | None, by: str, note: str, percent: int
    ) -> WholeVersion:
        """Add a version that leads all callers from now on, or a share of them.

        Args:
            text: The whole set, as ``services.flows.files.as_text`` writes it.
            made_from: The version that is tried, or else the one in force, as whoever
                made the set knows it.
            by: Who publishes.
            note: Why.
            percent: The share of the calls, from 1 to 100.

        Raises:
            Stale: ``made_from`` is another one by now.
            DatabaseAway: It could not be added.
        """

        async def share(connection: Connection, number: int) -> None:
            before = await _force(connection)
            if before is None or percent == WHOLE:
                force = Force(in_force=number)
            else:
                force = Force(in_force=before.in_force, trial=number, percent=percent)
            await _write(connection, force, by=by, note=note)

        return await self._add(
            text, made_from=made_from, by=by, note=note, file_sum=None, also=share
        )

    async def share(self, percent: int, *, by: str, note: str) -> Force:
        """Change the share of the version that is tried.

        Args:
            percent: 100 puts it in force, 0 takes it back.
            by: Who does.
            note: Why.

        Raises:
            NothingTried: No version is.
            DatabaseAway: It could not be kept.
        """
        async with self._asked() as connection, connection.transaction():
            before = await _force(connection)
            if before is None or before.trial is None:
                raise NothingTried
            force = dataclasses.replace(before, percent=percent)
            if percent == WHOLE:
                force = Force(in_force=before.trial)
            elif percent == 0:
                force = Force(in_force=before.in_force)
            await _write(connection, force, by=by, note=note)
            audited = await add(
                connection,
                Act.PUBLISHED,
                actor=by,
                what=f"flows version {before.trial}",
                detail={"percent": percent, "note": note},
            )
        self._audit.anchor(audited)
        return force

    async def _latest(self, connection: Connection) -> int | None:
        force = await _force(connection)
        return None if force is None else force.latest


async def _force(connection: Connection) -> Force | None:
    row = await connection.fetchrow(_NOW)
    return None if row is None else Force(**row)


async def _write(connection: Connection, force: Force, *, by: str, note: str) -> None:
    await connection.execute(_SET, by, note, force.in_force, force.trial, force.percent)

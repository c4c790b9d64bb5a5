"""Publishes floors while calls go on: checked, kept, shown to the switch, told."""

from dataclasses import replace

import structlog

from acd.core.floor import Floor as LiveFloor
from acd.core.new_policy import taken_out
from services.api.publishing import (
    Checked,
    NotPublished,
    Outcome,
    Publication,
    QueueHasCallers,
)
from services.floor.changes import changes
from services.floor.edit import Patch
from services.floor.floor import Floor
from services.runtime.in_force import Around, Coming, put
from services.runtime.proving import Proved
from services.runtime.published import Published, differing
from services.store.versions import FLOOR, Stale, Version, WholeVersion

log = structlog.get_logger()


class Publisher:
    """Implements ``services.api.publishing.Publishing``."""

    def __init__(self, around: Around) -> None:
        """Join it with its surroundings; nothing is published yet."""
        self._around = around

    async def newest(self) -> WholeVersion:
        """Return the version in force.

        Raises:
            NotPublished: There is none yet.
            DatabaseAway: It cannot be asked.
        """
        found = await self._around.floors.newest()
        if found is None:
            raise NotPublished
        return found

    async def version(self, number: int) -> WholeVersion:
        """Return one version.

        Raises:
            UnknownVersion: There is none of that number.
            DatabaseAway: It cannot be asked.
        """
        return await self._around.floors.version(number)

    async def history(self) -> list[Version]:
        """Return the versions, the newest first.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        return await self._around.floors.history()

    async def has(self, kind: str, name: str) -> bool:
        """Tell whether ``agents`` or ``queues`` of what is in force have an entry.

        Raises:
            NotPublished: Nothing is in force yet.
        """
        if self._around.current.version is None:
            raise NotPublished
        policy = self._around.current.floor.policy
        return name in (policy.agents if kind == "agents" else policy.queues)

    def differing(self) -> str | None:
        """Say that the floor file is not what was published from it; None if it is."""
        return differing(self._around.file, self._around.current.version)

    async def check(self, text: str, *, name: str = "floor.yaml") -> Checked:
        """Say what a floor would change, and publish nothing.

        Raises:
            FloorRefused: With every problem of the text and of every flow.
        """
        after = (await self._around.proved(text, name=name)).floor
        waiting = dict(taken_out(self._around.live, after.policy))
        return Checked(
            changes=tuple(changes(self._around.current.floor, after).sentences()),
            with_callers={it: count for it, count in waiting.items() if count},
        )

    async def publish(self, text: str, publication: Publication) -> Outcome:
        """Put a floor in force.

        Raises:
            FloorRefused: With every problem of the text and of every flow.
            QueueHasCallers: It lacks a queue in which callers wait, and is not to
                drain it.
            Stale: It was made from a version that is in force no more.
            PromptsRefused: A flow says what cannot be spoken.
            DatabaseAway: It could not be kept. Nothing changed, as for all of these.
        """
        async with self._around.turn:
            proved = await self._around.proved(text, name=publication.name)
            return await self._publish(proved, publication, file_sum=None)

    async def edit(self, patch: Patch, publication: Publication) -> Outcome:
        """Change what is in force, and put that in force.

        Raises:
            NotPublished: Nothing is.
            EditLost: The text cannot be changed without changing more.
            FloorRefused: As ``publish``, and so on.
        """
        async with self._around.turn:
            before = await self.newest()
            if publication.made_from is None:
                publication = replace(publication, made_from=before.number)
            if publication.made_from != before.number:
                raise Stale(FLOOR, publication.made_from, before.number)
            name = publication.name
            proved = await self._around.proved(before.text, name=name, patch=patch)
            return await self._publish(proved, publication, file_sum=before.file_sum)

    async def roll_back(self, number: int, publication: Publication) -> Outcome:
        """Publish an earlier version once more, under a number of its own.

        Raises:
            UnknownVersion: There is none of that number.
            FloorRefused: As ``publish``, and so on.
        """
        async with self._around.turn:
            before = await self._around.floors.version(number)
            note = publication.note or f"version {number} again"
            again = replace(publication, note=note)
            proved = await self._around.proved(before.text, name=publication.name)
            return await self._publish(proved, again, file_sum=before.file_sum)

    async def _publish(
        self, proved: Proved, publication: Publication, *, file_sum: str | None
    ) -> Outcome:
        around, after = self._around, proved.floor
        if not publication.drains:
            _refuse_to_drop(around.live, after)
        sounds = await around.sounds_of(proved)
        version = await around.floors.publish(
            proved.text,
            made_from=publication.made_from,
            by=publication.by,
            note=publication.note,
            file_sum=file_sum,
        )
        told = changes(around.current.floor, after).sentences()
        closing = tuple(it for it, _ in taken_out(around.live, after.policy))
        coming = Coming(
            proved=proved,
            sounds=sounds,
            version=Published.of(version),
            flows=around.current.flows,
        )
        later = await put(around, coming)
        log.info("floor_published", version=version.number, by=version.by)
        return Outcome(
            version=version,
            changes=tuple(told),
            closing=tuple(it for it in closing if it in around.live.closing),
            leaving=tuple(sorted(around.live.leaving)),
            later=tuple(later),
        )


def _refuse_to_drop(live: LiveFloor, after: Floor) -> None:
    gone = taken_out(live, after.policy)
    waiting = {str(queue_id): count for queue_id, count in gone if count}
    if waiting:
        raise QueueHasCallers(waiting)

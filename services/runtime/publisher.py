"""Publishes floors while calls go on: checked, kept, shown to the switch, told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from acd.core.floor import Floor as LiveFloor
from acd.core.new_policy import taken_out
from acd.policy_form import as_text, from_text
from acd.vocabulary.floor_facts import FloorPublished
from ivr.flow import Flow, Sound
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
from services.runtime.proving import Proved, prove
from services.runtime.published import CurrentFloor, Published, differing, keep
from services.store.errors import DatabaseAway
from services.store.floor_versions import (
    FloorStale,
    FloorVersions,
    Version,
    WholeVersion,
)

log = structlog.get_logger()

ASK_AGAIN_S = 2.0
FIRST = "as the floor file said at the first start"
OURS = "tieline"

ToSwitch = Callable[[Floor], Awaitable[list[str]]]
"""Shows a floor to the switch; returns what comes with its next start only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a publisher works with."""

    versions: FloorVersions
    current: CurrentFloor
    live: LiveFloor
    data: Path
    file: Path
    """The floor file, which the first version is made of."""
    flows: Path
    prepare: Callable[[Iterable[Flow]], Awaitable[Mapping[Sound, str]]]
    """Makes every sound of flows ready."""
    to_switch: ToSwitch
    tell: Callable[[FloorPublished], Awaitable[None]]
    """Hands the fact to the one loop, and returns when it was taken in."""
    now: Callable[[], datetime]


class Publisher:
    """Implements ``services.api.publishing.Publishing``."""

    def __init__(self, around: Around) -> None:
        """Join it with its surroundings; nothing is published yet."""
        self._around = around
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """See that what is in force is the newest version; the first is made here.

        It returns when the database has told: from then on only we publish.
        """
        while True:
            try:
                async with self._turn:
                    await self._settle()
            except DatabaseAway as away:
                log.debug("floor_versions_unknown", why=str(away))
                await asyncio.sleep(ASK_AGAIN_S)
            except Exception as error:
                # What is in force goes on; the operator is told by the log.
                log.exception("floor_not_settled", why=str(error))
                return
            else:
                return

    async def newest(self) -> WholeVersion:
        """Return the version in force.

        Raises:
            NotPublished: There is none yet.
            DatabaseAway: It cannot be asked.
        """
        found = await self._around.versions.newest()
        if found is None:
            raise NotPublished
        return found

    async def version(self, number: int) -> WholeVersion:
        """Return one version.

        Raises:
            UnknownVersion: There is none of that number.
            DatabaseAway: It cannot be asked.
        """
        return await self._around.versions.version(number)

    async def history(self) -> list[Version]:
        """Return the versions, the newest first.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        return await self._around.versions.history()

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
        after = (await self._proved(text, name)).floor
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
            FloorStale: It was made from a version that is in force no more.
            PromptsRefused: A flow says what cannot be spoken.
            DatabaseAway: It could not be kept. Nothing changed, as for all of these.
        """
        async with self._turn:
            proved = await self._proved(text, publication.name)
            return await self._publish(proved, publication, file_sum=None)

    async def edit(self, patch: Patch, publication: Publication) -> Outcome:
        """Change what is in force, and put that in force.

        Raises:
            NotPublished: Nothing is.
            EditLost: The text cannot be changed without changing more.
            FloorRefused: As ``publish``, and so on.
        """
        async with self._turn:
            before = await self.newest()
            if publication.made_from is None:
                publication = replace(publication, made_from=before.number)
            if publication.made_from != before.number:
                raise FloorStale(publication.made_from, before.number)
            flows, name = self._around.flows, publication.name
            proved = await prove(before.text, flows, file=name, patch=patch)
            return await self._publish(proved, publication, file_sum=before.file_sum)

    async def roll_back(self, number: int, publication: Publication) -> Outcome:
        """Publish an earlier version once more, under a number of its own.

        Raises:
            UnknownVersion: There is none of that number.
            FloorRefused: As ``publish``, and so on.
        """
        async with self._turn:
            before = await self._around.versions.version(number)
            note = publication.note or f"version {number} again"
            again = replace(publication, note=note)
            proved = await self._proved(before.text, publication.name)
            return await self._publish(proved, again, file_sum=before.file_sum)

    async def _publish(
        self, proved: Proved, publication: Publication, *, file_sum: str | None
    ) -> Outcome:
        around, after = self._around, proved.floor
        if not publication.drains:
            _refuse_to_drop(around.live, after)
        sounds = await around.prepare(after.flows.values())
        version = await around.versions.publish(
            proved.text,
            made_from=publication.made_from,
            by=publication.by,
            note=publication.note,
            file_sum=file_sum,
        )
        told = changes(around.current.floor, after).sentences()
        closing = tuple(it for it, _ in taken_out(around.live, after.policy))
        later = await self._put_in_force(version, after, sounds)
        return Outcome(
            version=version,
            changes=tuple(told),
            closing=tuple(it for it in closing if it in around.live.closing),
            leaving=tuple(sorted(around.live.leaving)),
            later=tuple(later),
        )

    async def _put_in_force(
        self, version: WholeVersion, after: Floor, sounds: Mapping[Sound, str]
    ) -> list[str]:
        """From here on it is published: what fails now is mended, not taken back."""
        around = self._around
        try:
            kept = await asyncio.to_thread(keep, around.data, version)
        except OSError as error:
            log.warning("published_floor_not_kept", why=str(error))
            kept = Published(
                number=version.number,
                sum=version.sum,
                file_sum=version.file_sum,
                text=version.text,
            )
        # Before the engine: it may send callers and agents where they must be known.
        later = await around.to_switch(after)
        around.current.floor, around.current.sounds = after, sounds
        around.current.version = kept
        await around.tell(await asyncio.to_thread(self.fact, kept.number, after))
        log.info("floor_published", version=version.number, by=version.by)
        return later

    def fact(self, number: int, floor: Floor) -> FloorPublished:
        """Return the fact that a floor is in force, its policy read already."""
        text = as_text(floor.policy)
        from_text(text)
        return FloorPublished(at=self._around.now(), version=number, policy=text)

    async def _settle(self) -> None:
        around = self._around
        newest = await around.versions.newest()
        if newest is None:
            text = around.file.read_text(encoding="utf-8")
            if around.current.version is not None:
                # The database was made anew: what is in force is not lost with it.
                text = around.current.version.text
            first = Publication(made_from=None, by=OURS, note=FIRST, drains=True)
            proved = await self._proved(text, str(around.file))
            await self._publish(proved, first, file_sum=None)
            return
        in_force = around.current.version
        if in_force is not None and in_force.sum == newest.sum:
            await around.to_switch(around.current.floor)
            if in_force.number == newest.number:
                return
        name = f"floor version {newest.number}"
        after = (await self._proved(newest.text, name)).floor
        sounds = await around.prepare(after.flows.values())
        await self._put_in_force(newest, after, sounds)

    async def _proved(self, text: str, name: str) -> Proved:
        return await prove(text, self._around.flows, file=name)


def _refuse_to_drop(live: LiveFloor, after: Floor) -> None:
    gone = taken_out(live, after.policy)
    waiting = {str(queue_id): count for queue_id, count in gone if count}
    if waiting:
        raise QueueHasCallers(waiting)

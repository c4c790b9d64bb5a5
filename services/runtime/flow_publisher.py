"""Publishes flows while calls go on: checked, kept, and heard by who calls next."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

import structlog

from ivr.problems import FlowRefused
from ivr.sounds import Sound
from services.api.flow_publishing import FlowOutcome, FlowPublication, FlowsShown
from services.api.publishing import NotPublished
from services.floor.load import FloorRefused
from services.flows.files import FlowFiles, as_text, from_text
from services.runtime.in_force import Around, Coming, put
from services.runtime.proving import Proved, compare, prove
from services.runtime.published import (
    Published,
    PublishedFlows,
    differing_flows,
    files_of,
)
from services.store.flow_versions import FLOWS, WHOLE, Force
from services.store.versions import Stale, Version, WholeVersion

log = structlog.get_logger()


class FlowPublisher:
    """Implements ``services.api.flow_publishing.FlowPublishing``."""

    def __init__(self, around: Around) -> None:
        """Join it with its surroundings; nothing is published yet."""
        self._around = around

    async def shown(self) -> FlowsShown:
        """Return what is in force, and what a new version would be made from.

        Raises:
            NotPublished: There is none yet.
            DatabaseAway: It cannot be asked.
        """
        force = await self._around.flow_versions.force()
        if force is None:
            raise NotPublished(FLOWS.name)
        flows = PublishedFlows.of(force)
        differs = differing_flows(self._around.folder, flows)
        return FlowsShown(force=force, latest=force.versions[-1], differs=differs)

    async def version(self, number: int) -> WholeVersion:
        """Return one version.

        Raises:
            UnknownVersion: There is none of that number.
            DatabaseAway: It cannot be asked.
        """
        return await self._around.flow_versions.version(number)

    async def history(self) -> list[Version]:
        """Return the versions, the newest first.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        return await self._around.flow_versions.history()

    async def difference(self, before: int, after: int) -> Sequence[str]:
        """Say what is otherwise for callers in another version.

        Raises:
            UnknownVersion: There is none of such a number.
            DatabaseAway: It cannot be asked.
        """
        one, other = await self.version(before), await self.version(after)
        return await compare(from_text(one.text), from_text(other.text))

    async def check(self, files: Mapping[str, str], *, folder: str) -> Sequence[str]:
        """Say what flows would change for callers, and publish nothing.

        Raises:
            FlowRefused: With every problem of every file, and of the floor with them.
        """
        found = FlowFiles(files=files, folder=PurePath(folder))
        await self._proved(found, is_trial=False)
        return await compare(self._before(WHOLE), files)

    async def publish(
        self, files: Mapping[str, str], publication: FlowPublication
    ) -> FlowOutcome:
        """Have flows lead all callers from the next on, or a share of them.

        Raises:
            FlowRefused: With every problem of every file, and of the floor with them.
            Stale: They were made from a version that is the latest no more.
            NotPublished: There is nothing yet that they could be made from.
            PromptsRefused: A flow says what cannot be spoken.
            DatabaseAway: They could not be kept. Nothing changed, as for all of these.
        """
        async with self._around.turn:
            return await self._publish(files, publication)

    async def roll_back(self, number: int, publication: FlowPublication) -> FlowOutcome:
        """Publish an earlier version once more, for all callers.

        Raises:
            UnknownVersion: There is none of that number.
            FlowRefused: As ``publish``, and so on.
        """
        async with self._around.turn:
            before = await self.version(number)
            again = replace(
                publication,
                note=publication.note or f"version {number} again",
                percent=WHOLE,
                folder=str(files_of(before).folder),
            )
            return await self._publish(from_text(before.text), again)

    async def share(self, percent: int, *, by: str, note: str) -> Force:
        """Change the share of the version that is tried; 100 puts it in force.

        Raises:
            NothingTried: No version is.
            NotPublished: Nothing is in force yet.
            DatabaseAway: It could not be kept.
        """
        async with self._around.turn:
            before = self._flows()
            force = await self._around.flow_versions.share(percent, by=by, note=note)
            trial = before.trial if force.trial else None
            in_force = before.in_force
            if before.trial and force.in_force == before.trial.number:
                in_force = before.trial
            flows = PublishedFlows(
                in_force=in_force, trial=trial, percent=force.percent
            )
            proved = await prove(
                self._around.current.text,
                files_of(in_force),
                file=self._floor_name,
                trial=files_of(trial) if trial else None,
            )
            await self._put(proved, flows)
            log.info("flows_shared", version=force.latest, percent=percent, by=by)
            return force

    async def _publish(
        self, files: Mapping[str, str], publication: FlowPublication
    ) -> FlowOutcome:
        around, before = self._around, self._flows()
        made_from, percent = publication.made_from, publication.percent
        if made_from != before.latest.number:
            # Told before anything is proved; the database looks once more.
            raise Stale(FLOWS, made_from, before.latest.number)
        found = FlowFiles(files=files, folder=PurePath(publication.folder))
        is_trial = percent < WHOLE
        proved = await self._proved(found, is_trial=is_trial)
        told = await compare(self._before(percent), files)
        sounds = await around.sounds_of(proved)
        version = await around.flow_versions.publish(
            as_text(files),
            made_from=made_from,
            by=publication.by,
            note=publication.note,
            percent=percent,
        )
        new = Published.of(version)
        flows = PublishedFlows(in_force=new)
        if is_trial:
            flows = PublishedFlows(in_force=before.in_force, trial=new, percent=percent)
        later = await self._put(proved, flows, sounds=sounds)
        log.info("flows_published", version=new.number, by=publication.by)
        return FlowOutcome(
            version=version, force=force_of(flows), changes=told, later=later
        )

    async def _put(
        self,
        proved: Proved,
        flows: PublishedFlows,
        *,
        sounds: Mapping[Sound, str] | None = None,
    ) -> list[str]:
        around = self._around
        made = await around.sounds_of(proved) if sounds is None else sounds
        version = around.current.version
        coming = Coming(proved=proved, sounds=made, version=version, flows=flows)
        return await put(around, coming)

    async def _proved(self, files: FlowFiles, *, is_trial: bool) -> Proved:
        current, name = self._around.current, self._floor_name
        try:
            if is_trial:
                return await prove(current.text, current.files, file=name, trial=files)
            return await prove(current.text, files, file=name)
        except FloorRefused as refused:
            raise FlowRefused(refused.problems) from None

    def _before(self, percent: int) -> Mapping[str, str]:
        """Return the files that others come in place of, or beside."""
        current = self._around.current
        trial = current.flows.trial if current.flows else None
        if trial and percent == WHOLE:
            return files_of(trial).files
        return current.files.files

    def _flows(self) -> PublishedFlows:
        if self._around.current.flows is None:
            raise NotPublished(FLOWS.name)
        return self._around.current.flows

    @property
    def _floor_name(self) -> str:
        version = self._around.current.version
        return version.label if version else str(self._around.file)


def force_of(flows: PublishedFlows) -> Force:
    """Return by which versions callers are led."""
    return Force(
        in_force=flows.in_force.number,
        trial=flows.trial.number if flows.trial else None,
        percent=flows.percent,
    )

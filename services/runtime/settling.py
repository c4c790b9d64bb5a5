"""Sees after a start that what is in force is what the database says."""

import asyncio
from collections.abc import Mapping

import structlog

from ivr.sounds import Sound
from services.floor.changes import changes
from services.flows.files import FlowFiles, as_text
from services.runtime.in_force import Around, Coming, put
from services.runtime.proving import Proved, prove
from services.runtime.published import Published, PublishedFlows, files_of
from services.store.errors import DatabaseAway
from services.store.flow_versions import WHOLE

log = structlog.get_logger()

ASK_AGAIN_S = 2.0
FIRST = "as the floor file said at the first start"
FIRST_FLOWS = "as the files of flows said at the first start"
OURS = "tieline"


async def settle(around: Around) -> None:
    """Take the newest versions; the first are made here, of what is in force.

    It returns when the database has told: from then on only we publish.
    """
    while True:
        try:
            async with around.turn:
                await _settled(around)
        except DatabaseAway as away:
            log.debug("versions_unknown", why=str(away))
            await asyncio.sleep(ASK_AGAIN_S)
        except Exception as error:
            # What is in force goes on; the operator is told by the log.
            log.exception("versions_not_settled", why=str(error))
            return
        else:
            return


async def _settled(around: Around) -> None:
    """Prove the newest floor and the newest flows together, and put them in force.

    After a crash, or with a database of elsewhere, either may be another than ours,
    and right with the other's newest only.
    """
    current = around.current
    newest, force = await around.floors.newest(), await around.flow_versions.force()
    version = Published.of(newest) if newest else None
    flows = PublishedFlows.of(force) if force else None
    if version and flows and (version, flows) == (current.version, current.flows):
        await around.to_switch(current.floor)
        return
    proved, sounds = await _proved(around, version, flows)
    if flows is None:
        flows = await _first_flows(around)
    if version is None:
        version = await _first_floor(around, proved.text)
    coming = Coming(proved=proved, sounds=sounds, version=version, flows=flows)
    told = changes(current.floor, proved.floor).sentences()
    await put(around, coming)
    log.info(
        "settled",
        floor=version.number,
        flows=flows.in_force.number,
        trial=flows.trial and flows.trial.number,
        changes=told,
    )


async def _proved(
    around: Around, version: Published | None, flows: PublishedFlows | None
) -> tuple[Proved, Mapping[Sound, str]]:
    current = around.current
    if version is None and flows is None:
        # It was proved, and its sounds were made, when it was read.
        return Proved(text=current.text, floor=current.floor), current.sounds
    files: FlowFiles = files_of(flows.in_force) if flows else current.files
    trial = files_of(flows.trial) if flows and flows.trial else None
    text, name = current.text, str(around.file)
    if version:
        text, name = version.text, version.label
    proved = await prove(text, files, file=name, trial=trial)
    return proved, await around.sounds_of(proved)


async def _first_flows(around: Around) -> PublishedFlows:
    """Publish the flows in force; of a database made anew nothing else is lost."""
    text = as_text(around.current.files.files)
    found = await around.flow_versions.publish(
        text, made_from=None, by=OURS, note=FIRST_FLOWS, percent=WHOLE
    )
    return PublishedFlows(in_force=Published.of(found))


async def _first_floor(around: Around, text: str) -> Published:
    found = await around.floors.publish(text, made_from=None, by=OURS, note=FIRST)
    return Published.of(found)

"""What calls are led and served by now, and how another comes in its place."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from acd.core.floor import Floor as LiveFloor
from acd.policy_form import as_text, from_text
from acd.vocabulary.floor_facts import FloorPublished
from acd.vocabulary.ids import CallId
from ivr.flow import Flow
from ivr.sounds import Sound
from services.floor.edit import Patch
from services.floor.floor import Floor
from services.flows.files import FlowFiles
from services.flows.share import tries
from services.runtime.proving import Proved, prove
from services.runtime.published import (
    Published,
    PublishedFlows,
    files_of,
    keep,
    keep_aside,
    keep_flows,
)
from services.store.flow_versions import FlowVersions
from services.store.versions import FloorVersions

ToSwitch = Callable[[Floor], Awaitable[list[str]]]
"""Shows a floor to the switch; returns what comes with its next start only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What leads one caller."""

    floor: Floor
    """With the flows that lead this one."""
    version: int
    """The published version of the flows; 0 of none."""


@dataclass(slots=True, kw_only=True)
class InForce:
    """What calls are led and served by now; only ``put`` sets another."""

    floor: Floor
    """With the flows in force in it."""
    text: str
    """The floor, as it was published or stands in its file."""
    files: FlowFiles
    """The files of the flows in force."""
    sounds: Mapping[Sound, str] = field(default_factory=dict)
    """What to play for every sound of all flows, those that are tried too."""
    version: Published | None = None
    """None while the floor comes from the file and was not published yet."""
    flows: PublishedFlows | None = None
    """None while they come from their files and were not published yet."""
    trial: Floor | None = None
    """The same with the flows that a share of the calls tries."""

    def all_flows(self) -> list[Flow]:
        """Return every flow that leads callers, those that are tried too."""
        return _all_flows(self.floor, self.trial)

    def way(self, call_id: CallId) -> Way:
        """Return what leads a call."""
        if self.flows is None:
            return Way(floor=self.floor, version=0)
        trial = self.flows.trial
        if self.trial and trial and tries(call_id, self.flows.percent):
            return Way(floor=self.trial, version=trial.number)
        return Way(floor=self.floor, version=self.flows.in_force.number)


def _all_flows(floor: Floor, trial: Floor | None) -> list[Flow]:
    return [*floor.flows.values(), *(trial.flows.values() if trial else ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What those who publish work with."""

    floors: FloorVersions
    flow_versions: FlowVersions
    current: InForce
    live: LiveFloor
    data: Path
    file: Path
    """The floor file, which the first version is made of."""
    folder: Path
    """The folder of flows, of which their first version is made."""
    prepare: Callable[[Iterable[Flow]], Awaitable[Mapping[Sound, str]]]
    """Makes every sound of flows ready."""
    to_switch: ToSwitch
    tell: Callable[[FloorPublished], Awaitable[None]]
    """Hands the fact to the one loop, and returns when it was taken in."""
    now: Callable[[], datetime]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever publishes: one is proved against what the other put in force."""

    async def proved(
        self, text: str, *, name: str, patch: Patch | None = None
    ) -> Proved:
        """Prove a floor against all flows that callers are led by; see ``prove``.

        Raises:
            FloorRefused: With every problem of the floor and of the flows.
            EditLost: The text cannot be changed without changing more.
        """
        flows = self.current.flows
        trial = files_of(flows.trial) if flows and flows.trial else None
        files = self.current.files
        return await prove(text, files, file=name, patch=patch, trial=trial)

    async def sounds_of(self, proved: Proved) -> Mapping[Sound, str]:
        """Make every sound ready that callers could hear.

        Raises:
            PromptsRefused: A flow says what cannot be spoken.
        """
        return await self.prepare(_all_flows(proved.floor, proved.trial))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What is to be in force from here on."""

    proved: Proved
    sounds: Mapping[Sound, str]
    version: Published | None
    flows: PublishedFlows | None


async def put(around: Around, coming: Coming) -> list[str]:
    """Put in force what is published: what fails now is mended, not taken back.

    Returns:
        What the switch will know with its next start only, a sentence each.
    """
    current, after = around.current, coming.proved.floor
    is_other_floor = coming.version != current.version
    if coming.version and is_other_floor:
        await keep_aside(keep, around.data, coming.version)
    if coming.flows and coming.flows != current.flows:
        await keep_aside(keep_flows, around.data, coming.flows)
    # Before the engine: it may send callers and agents where they must be known.
    later = await around.to_switch(after)
    current.floor, current.sounds = after, coming.sounds
    current.text, current.version = coming.proved.text, coming.version
    current.trial, current.flows = coming.proved.trial, coming.flows
    if coming.flows:
        current.files = files_of(coming.flows.in_force)
    if coming.version and is_other_floor:
        number = coming.version.number
        await around.tell(await asyncio.to_thread(_fact, number, after, around.now))
    return later


def _fact(number: int, floor: Floor, now: Callable[[], datetime]) -> FloorPublished:
    """Return the fact that a floor is in force, its policy read already."""
    text = as_text(floor.policy)
    from_text(text)
    return FloorPublished(at=now(), version=number, policy=text)

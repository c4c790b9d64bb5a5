"""What is in force at a start, and what publishing anything later needs around it."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path

from acd.vocabulary.floor_facts import FloorPublished
from services.floor.floor import Floor
from services.prompts.store import PromptStore
from services.runtime.composition import Composition
from services.runtime.embedded.asterisk import AsteriskPlace
from services.runtime.errors import RuntimeProblem
from services.runtime.in_force import Around, InForce, ToSwitch
from services.runtime.launch import floor_file, launch_with, read_in_force
from services.runtime.prompts_ahead import (
    make_aside,
    nearest_first,
    prepare_first,
    prepare_rest,
)
from services.runtime.published import keep_newest
from services.runtime.settings import Settings, read_settings
from services.runtime.switch_floor import SwitchFloor
from services.store.flow_versions import FlowVersions
from services.store.versions import FloorVersions


def read_ahead(data: Path) -> None:
    """Prove now what is in force, so that a start that comes later need not.

    Where something else is in force by then, that is proved instead. What is wrong
    is told by the start itself.
    """
    with suppress(RuntimeProblem):
        read_in_force(read_settings(data=data))


async def read_at_start(
    versions: tuple[FloorVersions, FlowVersions],
    settings: Settings,
    prompts: PromptStore,
) -> tuple[InForce, Callable[[], Coroutine[None, None, None]]]:
    """Return what is in force, and what makes the prompts that can wait."""
    # Kept before it is read.
    await keep_newest(*versions, settings.data)
    current = read_in_force(settings)
    read = current.floor
    ordered = nearest_first(read.flows, (n.flow for n in read.numbers.values()))
    sounds = await prepare_first(prompts, ordered)
    if current.trial:
        sounds.update(await prompts.prepare(current.trial.flows.values()))
    current.sounds = sounds
    make = partial(make_aside, settings)
    return current, partial(prepare_rest, prompts, ordered, sounds, make=make)


def around_of(
    composition: Composition,
    settings: Settings,
    current: InForce,
    prompts: PromptStore,
    *,
    versions: tuple[FloorVersions, FlowVersions],
) -> Around:
    """Return what publishing needs: where versions are kept, and who is told."""
    floors, flow_versions = versions
    return Around(
        floors=floors,
        flow_versions=flow_versions,
        current=current,
        live=composition.switchboard.engine.floor,
        data=settings.data,
        file=floor_file(settings),
        folder=settings.flows,
        prepare=prompts.prepare,
        to_switch=_to_switch(composition, settings),
        tell=partial(_tell_published, composition),
        now=composition.front.now,
    )


def _to_switch(composition: Composition, settings: Settings) -> ToSwitch:
    live = composition.switchboard.engine.floor

    def place_of(floor: Floor) -> AsteriskPlace:
        return launch_with(settings, floor).asterisk()

    return SwitchFloor(place_of, live, link=lambda: composition.switch.link).show


async def _tell_published(composition: Composition, fact: FloorPublished) -> None:
    # Not a wish: it must not be refused for the many that wait.
    composition.switchboard.tell(fact)
    await composition.switchboard.turned()

"""Cases called over real SIP, on an instance that is started for them and then gone."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ivr.sounds import Sound, Spoken
from services.floor.edit import edited
from services.flows.cases import Ran
from services.flows.script import script_of
from services.flows.way import line_of
from services.phone.errors import PhoneError
from services.phone.softphone import Line, Softphone, open_softphone
from services.prompts.store import PromptStore
from services.runtime import instance
from services.runtime.bench.free_ports import free_base
from services.runtime.bench.stand import running_up
from services.runtime.instance import Instance
from services.runtime.launch import floor_file
from services.runtime.progress import say
from services.runtime.prompting import prompt_store
from services.runtime.rehearsal.circumstances import name_of
from services.runtime.rehearsal.facts_told import FactsTold, following
from services.runtime.rehearsal.listening import NOTHING_HEARD, Listened, listen
from services.runtime.rehearsal.playing import Caller, Difference, Played, play
from services.runtime.settings import CHECKOUT, Settings

_Case = TypeVar("_Case")
_Placed = TypeVar("_Placed")

WITHHELD = "anonymous"
"""What a phone sends that does not tell its number (RFC 3323)."""
MOST_TIMES = 3
"""A prompt that is not played is not heard the third time either; a line that stumbled
on a busy machine is whole by then."""
_UP = "services.runtime.rehearsal.up"
_ADMITTED = {
    "calls": 400,
    "per_s": 500,
    "burst": 1000,
    "number_per_s": 500,
    "number_burst": 1000,
    "caller_per_min": 6000,
    "caller_burst": 1000,
}
"""Most cases are of one caller, who would be refused for dialling again and again."""
_SET: Mapping[str, str] = {
    "TIELINE_RECORDINGS__IS_ON": "false",
    "TIELINE_WATCHDOG__IS_ON": "false",
    "TIELINE_ENGINE__HAS_SPARE": "false",
    "TIELINE_UTILITY__IS_SIMULATED": "false",
    "TIELINE_HTTPS__IS_ON": "false",
    # What is set to nothing is not set.
    "TIELINE_UTILITY__URL": "",
    "TIELINE_DATABASE__ENGINE_URL": "",
    "TIELINE_DATABASE__API_URL": "",
}

_LISTENERS = ("TIELINE_SPEECH__ZH", "TIELINE_SPEECH__EN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One case walked without a telephone and called over SIP."""

    ran: Ran
    played: Played | None
    """None where no number leads to its flow."""
    listened: Listened = NOTHING_HEARD
    """What of it was really heard; nothing is looked for where the ways part."""

    times: int = 1
    """How often it was called, until all of it was heard."""

    @property
    def name(self) -> str:
        """Return the case's file and name."""
        return self.ran.case.key

    @property
    def difference(self) -> Difference | None:
        """Return where the two ways part; None where they are the same."""
        return self.played.difference if self.played else None

    @property
    def is_same(self) -> bool:
        """Return whether both went the same way and all of it was heard."""
        return self.difference is None and not self.listened.unheard


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """An instance whose calls play cases."""

    instance: Instance
    prompts: PromptStore
    sounds: Mapping[Sound, str]
    """What was made ahead, as the engine plays it."""
    numbers: Mapping[str, int]
    """How each case is named there, by its key."""


@asynccontextmanager
async def open_rehearsal(
    settings: Settings,
    ran: Sequence[Ran],
    *,
    base_port: int | None = None,
    listens: bool = False,
) -> AsyncIterator[Rehearsal]:
    """Start an instance on a folder of its own, which is gone afterwards.

    Args:
        settings: Whose floor, flows and voices are taken.
        ran: All cases beside the flows, walked without a telephone.
        base_port: Its ports; None looks for some that are free.
        listens: Whether the recognisers that the settings name hear callers' words.

    Raises:
        RuntimeProblem: It does not become ready.
    """
    with tempfile.TemporaryDirectory(
        prefix="tieline-rehearsal-", ignore_cleanup_errors=True
    ) as name:
        data, floor = _folder(Path(name), settings)
        prompts = prompt_store(settings.model_copy(update={"data": data}))
        say("speaking the prompts …")
        _copy(_kept_prompts(), prompts.spoken)
        flow_sets = [one.walking.flow_set for one in ran[:1]]
        flows = [flow for them in flow_sets for flow in them.flows.values()]
        sounds = await prompts.prepare(flows)
        # What has values in it too: a machine that is busy with calls may be late.
        await prompts.prepare_sounds(_spoken(ran))
        _copy(prompts.spoken, _kept_prompts())
        options = ("--data", str(data), "--floor", str(floor))
        port = ("--base-port", str(base_port or free_base()))
        paths = {"PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"}
        variables = {**_SET, **paths, "TIELINE_FLOWS": str(settings.flows)}
        if not listens:
            variables |= dict.fromkeys(_LISTENERS, "off")
        say("starting an instance …")
        async with running_up(
            (*options, *port),
            variables,
            log=data / "up.log",
            command=(sys.executable, "-P", "-m", _UP),
        ):
            yield Rehearsal(
                instance=instance.find(data),
                prompts=prompts,
                sounds=sounds,
                numbers={one.case.key: n for n, one in enumerate(ran)},
            )


def _spoken(ran: Sequence[Ran]) -> Iterator[Sound]:
    """Yield every text that is said in cases."""
    for one in ran:
        for said in script_of(one).said:
            yield from (sound for sound in said if isinstance(sound, Spoken))


def _folder(folder: Path, settings: Settings) -> tuple[Path, Path]:
    """Make the folder ready; return that of the instance's state, and its floor."""
    data, floor = folder / "data", folder / "floor.yaml"
    # Its parts may run as another user.
    folder.chmod(0o711)
    data.mkdir(mode=0o711)
    text = floor_file(settings).read_text(encoding="utf-8")
    floor.write_text(edited(text, {"admission": _ADMITTED}), encoding="utf-8")
    return data, floor


def _kept_prompts() -> Path:
    """Return where prompts are kept from one rehearsal to the next."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tieline" / "rehearsal-prompts"


def _copy(source: Path, target: Path) -> None:
    """Copy what is not there yet; names are sums, so the same is the same."""
    target.mkdir(parents=True, exist_ok=True)
    for sound in source.glob("*.wav"):
        place = target / sound.name
        if not place.exists() and not sound.is_symlink():
            draft = place.with_suffix(f".{os.getpid()}")
            shutil.copyfile(sound, draft)
            draft.replace(place)


async def call_all(
    rehearsal: Rehearsal,
    wanted: Sequence[Ran],
    *,
    at_once: int,
    tell: Callable[[Called], None],
) -> list[Called]:
    """Call cases, so many at a time, and listen to each.

    Args:
        rehearsal: Where.
        wanted: Which.
        at_once: How many callers there are at a time.
        tell: Told each when it is over.

    Returns:
        What became of each, in their order.
    """
    return await each(rehearsal, wanted, _called, at_once=at_once, tell=tell)


async def each(
    rehearsal: Rehearsal,
    cases: Iterable[_Case],
    place: Callable[[Rehearsal, _Case, Softphone, FactsTold], Awaitable[_Placed]],
    *,
    at_once: int,
    tell: Callable[[_Placed], None],
) -> list[_Placed]:
    """Place the call of each case from one telephone, so many at a time.

    Args:
        rehearsal: Where.
        cases: Which.
        place: Places one, and returns what became of it.
        at_once: How many callers there are at a time.
        tell: Told each when it is over.

    Returns:
        What became of each, in their order.
    """
    places = asyncio.Semaphore(at_once)
    line = Line(user=WITHHELD, server=rehearsal.instance.sip)
    async with (
        following(rehearsal.instance.data) as told,
        open_softphone(line, keeps_sound=True, calls=2 * at_once) as phone,
    ):

        async def one(case: _Case) -> _Placed:
            async with places:
                placed = await place(rehearsal, case, phone, told)
            tell(placed)
            return placed

        return list(await asyncio.gather(*map(one, cases)))


async def _called(
    rehearsal: Rehearsal, ran: Ran, phone: Softphone, told: FactsTold
) -> Called:
    """Call one case; again, where the line stumbled on a machine that was busy."""
    if not ran.case.written.number:
        return Called(ran=ran, played=None)
    called = await _called_once(rehearsal, ran, phone, told)
    while called.listened.unheard and called.times < MOST_TIMES:
        again = await _called_once(rehearsal, ran, phone, told)
        called = replace(again, times=called.times + 1)
    return called


async def _called_once(
    rehearsal: Rehearsal, ran: Ran, phone: Softphone, told: FactsTold
) -> Called:
    written, script = ran.case.written, script_of(ran)
    line = Line(
        user=written.caller or WITHHELD,
        server=rehearsal.instance.sip,
        display_name=name_of(rehearsal.numbers[ran.case.key]),
    )
    caller = Caller(phone=phone, line=line, number=written.number)
    try:
        played = await play(script, caller, told, line_of=line_of)
    except PhoneError as error:
        place = Difference(after="", expected="a call", found=str(error))
        return Called(ran=ran, played=Played(difference=place))
    sound, played.sound = played.sound, b""
    if played.difference is not None:
        return Called(ran=ran, played=played)
    listened = await asyncio.to_thread(
        listen, sound, script.said, rehearsal.prompts, rehearsal.sounds
    )
    return Called(ran=ran, played=played, listened=listened)

"""The standard scene: some talk, some wait, some are in a flow, all by real SIP."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from services.phone.errors import PhoneError
from services.phone.hotline import CallSeen, Hotline, open_hotline
from services.phone.sipp import CallerPlan, Load, SippRun
from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos.ami_proxy import AmiProxy
from services.runtime.bench.chaos.chaos_floor import (
    LINE,
    MENU,
    PROBE_LINE,
    ChaosFloor,
)
from services.runtime.bench.chaos.evidence import Group
from services.runtime.bench.chaos.phones import Phones, open_phones
from services.runtime.bench.chaos.sound import SoundProbe, sound_probes
from services.runtime.bench.problems import BenchFailed
from services.runtime.bench.stand import Stand

LIFE_S = 1800.0
"""No scene lives longer; its callers hang up by themselves then."""
_BUILD_LIMIT_S = 60.0
_EMPTY_LIMIT_S = 60.0
_TALKS_S = 0.6
"""How long a caller talks who was served at last."""
_LEAVE_PER_S = 5.0
_NEW_EVERY_S = 0.5
_NEW_STAYS_MS = 3600
_NEW_PORTS = 40
"""Reused in turn: each is free again long before its turn comes."""
_DIGIT: dict[Group, int] = {
    "probe": 1,
    "talking": 2,
    "waiting": 3,
    "in_flow": 4,
    "new": 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSize:
    """How many do what."""

    talking: int
    """Probes too; as many agents there are."""
    waiting: int
    in_flow: int
    probes: int
    """Conversations, and as many waiting callers, that are listened to."""
    per_s: float = 10.0
    """At which the scene is built."""

    @property
    def floor(self) -> ChaosFloor:
        """The floor it needs: nobody is free when all talk."""
        return ChaosFloor(agents=self.talking, probes=self.probes)

    @property
    def calls(self) -> int:
        """All of them."""
        return self.talking + self.waiting + self.in_flow


FULL = SceneSize(talking=100, waiting=60, in_flow=40, probes=20)
SHORT = SceneSize(talking=20, waiting=12, in_flow=8, probes=6)


@dataclass(slots=True)
class Scene:
    """A scene that stands: its callers by group, its phones, its ears."""

    stand: Stand
    size: SceneSize
    number: int
    """Of the scene; in every caller's number."""
    hotline: Hotline
    phones: Phones
    sound: SoundProbe
    stack: AsyncExitStack
    runs: dict[Group, SippRun] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    """Where a caller's sound goes, by number."""
    proxy: AmiProxy | None = None
    """Between engine and Asterisk, where the fault is done to that link."""
    _free_ports: dict[str, Iterator[int]] = field(default_factory=dict)

    @property
    def is_short(self) -> bool:
        """Whether faults are to take seconds where they would take minutes."""
        return self.size.talking < FULL.talking

    def calls(self, group: Group) -> tuple[SippCall, ...]:
        """Return what SIPp saw of a group so far."""
        run = self.runs.get(group)
        return run.calls if run else ()

    async def place(
        self, group: Group, count: int, *, number: str, sort: str, per_s: float
    ) -> None:
        """Have callers of a group dial; they stay until they are let go."""
        first = int(f"13{self.number % 1000:03d}{_DIGIT[group]}00000")
        callers = tuple((str(first + n), "chaos") for n in range(count))
        ports = tuple(next(self._free_ports[sort]) for _ in callers)
        self.ports |= {
            caller: port for (caller, _), port in zip(callers, ports, strict=True)
        }
        plan = CallerPlan(
            number=number,
            callers=callers,
            hang_up_after_ms=(int(LIFE_S * 1000),),
            media_ports=ports,
        )
        load = Load(calls=count, per_s=per_s, at_once=1000, timeout_s=LIFE_S)
        self.runs[group] = await self._run(plan, load, group)

    @asynccontextmanager
    async def new_calls(self) -> AsyncIterator[None]:
        """Have a new caller dial every half a second while the block runs."""
        first = int(f"13{self.number % 1000:03d}{_DIGIT['new']}00000")
        count = int(LIFE_S / _NEW_EVERY_S)
        numbers = tuple(str(first + n) for n in range(count))
        pool = [next(self._free_ports["new"]) for _ in range(_NEW_PORTS)]
        ports = tuple(pool[n % _NEW_PORTS] for n in range(count))
        self.ports |= dict(zip(numbers, ports, strict=True))
        plan = CallerPlan(
            number=LINE,
            callers=tuple((number, "chaos") for number in numbers),
            hang_up_after_ms=(_NEW_STAYS_MS,),
            media_ports=ports,
        )
        load = Load(calls=count, per_s=1 / _NEW_EVERY_S, timeout_s=LIFE_S)
        run = self.runs["new"] = await self._run(plan, load, "new")
        try:
            yield
        finally:
            await run.wind_down(_NEW_STAYS_MS / 1000 + 4)

    async def _run(self, plan: CallerPlan, load: Load, group: Group) -> SippRun:
        name = f"scene-{self.number}/{group}"
        return await self.stack.enter_async_context(
            self.stand.calling(plan, load, name=name)
        )

    async def live(self) -> tuple[CallSeen, ...]:
        """Return what the engine says is live; nothing while it does not answer."""
        with suppress(PhoneError):
            return await self.hotline.live_calls()
        return ()

    async def is_adopted(self) -> bool:
        """Tell whether the engine knows of each call of ours that lives, and no more.

        New callers come and go; they are not looked at.
        """
        known = {call.caller_number: call.state for call in await self.live()}
        talking = self._alive("probe", "talking")
        others = self._alive("waiting", "in_flow")
        ours = {n for n in known if n[5:6] != str(_DIGIT["new"])}
        return ours == talking | others and all(
            known[number] == "talking" for number in talking
        )

    def _alive(self, *groups: Group) -> set[str]:
        return {
            call.number
            for group in groups
            for call in self.calls(group)
            if "answered" in call.at and "hung_up" not in call.at
        }

    async def let_go(self) -> None:
        """Have all callers leave: flows first, then talks one by one, then the rest.

        As agents become free, those who wait are served in the order they came.
        """
        self._hang_up("in_flow", "probe")
        talking = [call.sip_call_id for call in self.calls("talking")]
        for sip_call_id in talking:
            self.runs["talking"].hang_up([sip_call_id])
            self._hang_up_served()
            await asyncio.sleep(1 / _LEAVE_PER_S)
        limit_s = time.monotonic() + _EMPTY_LIMIT_S
        while self._alive(*_DIGIT) and time.monotonic() < limit_s:
            self._hang_up("in_flow", "probe", "talking")
            self._hang_up_served()
            await asyncio.sleep(_TALKS_S)
        # Who was not served leaves too, and stands in the record as it was.
        self._hang_up("waiting", "new")

    def _hang_up(self, *groups: Group) -> None:
        for group in groups:
            if run := self.runs.get(group):
                live = self._alive(group)
                run.hang_up(
                    call.sip_call_id
                    for call in self.calls(group)
                    if call.number in live
                )

    def _hang_up_served(self) -> None:
        waiting = self._alive("waiting")
        served = {call.number for call in self.phones.calls() if "picked_up" in call.at}
        if ready := waiting & served:
            self.runs["waiting"].hang_up(
                c.sip_call_id for c in self.calls("waiting") if c.number in ready
            )


@asynccontextmanager
async def scene_on(
    stand: Stand, size: SceneSize, *, number: int
) -> AsyncIterator[Scene]:
    """Build a scene on a stand whose agents are ready; its phones end with the block.

    Raises:
        BenchFailed: It does not come to stand.
    """
    async with AsyncExitStack() as stack:
        hotline = await stack.enter_async_context(
            open_hotline(stand.instance.http, token=stand.instance.token)
        )
        silent = size.waiting - size.probes + size.talking - size.probes
        sound = await stack.enter_async_context(
            sound_probes(
                talking=size.probes,
                listening=size.probes + _NEW_PORTS,
                quiet=silent + size.in_flow,
            )
        )
        phones = await stack.enter_async_context(
            open_phones(stand, size.floor, sound.ports["devices"][0])
        )
        scene = Scene(stand, size, number, hotline, phones, sound, stack)
        scene._free_ports = _ports(sound, size)  # noqa: SLF001 - made here, whole
        await _build(scene)
        yield scene


def _ports(sound: SoundProbe, size: SceneSize) -> dict[str, Iterator[int]]:
    listening, quiet = sound.ports["listening"], sound.ports["quiet"]
    return {
        "talking": iter(sound.ports["talking"]),
        # The first who wait are listened to, the others need no ear.
        "waiting": iter((*listening[: size.probes], *quiet)),
        "new": iter(listening[size.probes :]),
        "quiet": iter(quiet[max(0, size.waiting - size.probes) :]),
    }


async def _build(scene: Scene) -> None:
    size, per_s = scene.size, scene.size.per_s
    rest = size.talking - size.probes
    await scene.place(
        "probe", size.probes, number=PROBE_LINE, sort="talking", per_s=per_s
    )
    await scene.place("talking", rest, number=LINE, sort="quiet", per_s=per_s)
    await _until(scene, size.talking, size.talking)
    await scene.place("in_flow", size.in_flow, number=MENU, sort="quiet", per_s=per_s)
    await scene.place(
        "waiting", size.waiting, number=LINE, sort="waiting", per_s=per_s / 2
    )
    await _until(scene, size.talking, size.calls)
    await asyncio.sleep(1)


async def _until(scene: Scene, talking: int, live: int) -> None:
    limit_s = time.monotonic() + _BUILD_LIMIT_S
    while True:
        states = Counter(call.state for call in await scene.live())
        if states["talking"] >= talking and states.total() >= live:
            return
        if time.monotonic() > limit_s:
            raise BenchFailed(
                "building the scene",
                found=f"{dict(states)} after {_BUILD_LIMIT_S:g} s, of {live} calls of"
                f" which {talking} talk",
                would_do="the engine's log says more; is the machine too busy?",
            )
        await asyncio.sleep(0.2)

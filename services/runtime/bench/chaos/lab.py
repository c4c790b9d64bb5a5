"""``tieline bench chaos``: fault after fault on the standard scene, and the card."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg

from services.phone.errors import PhoneError
from services.runtime.bench.chaos import invariants, scoring
from services.runtime.bench.chaos.ami_proxy import AmiProxy
from services.runtime.bench.chaos.catalogue import FAULTS, LEFT_OUT
from services.runtime.bench.chaos.catalogue import SHORT as SHORT_FAULTS
from services.runtime.bench.chaos.engine_faults import CONTROL
from services.runtime.bench.chaos.evidence import Evidence
from services.runtime.bench.chaos.fault import Fault, LeftOut, Measurement, Room
from services.runtime.bench.chaos.one_round import one_round
from services.runtime.bench.chaos.proxied import proxied_stand
from services.runtime.bench.chaos.scene import FULL, SHORT, SceneSize
from services.runtime.bench.figures import Figure, machine
from services.runtime.bench.kept import Kept
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.errors import RuntimeProblem
from services.runtime.progress import say
from services.runtime.settings import CHECKOUT

STATE = CHECKOUT / ".tieline" / "chaos"
_CONTROL_ROUNDS = 2
_ODDITIES = 30
_SPOILS = (
    RuntimeProblem,
    PhoneError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)
"""What ends a fault without a figure, and not the whole card."""
UNSERVED_FLOOR_S, UNSERVED_GOAL_S = 259.0, 26.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosBench:
    """What is run, how large, and where it is kept meanwhile."""

    only: tuple[str, ...] = ()
    """Faults by id; nothing means all."""
    is_short: bool = False
    is_resumed: bool = False
    state: Path = STATE
    rounds: int | None = None
    """Of each fault; None leaves each its own."""
    base_port: int | None = None
    minutes: int = 30
    """Of the soak."""

    @property
    def size(self) -> SceneSize:
        """The scene."""
        return SHORT if self.is_short else FULL

    @property
    def faults(self) -> tuple[Fault | Measurement, ...]:
        """What is to be run, in order."""
        names = self.only or (SHORT_FAULTS if self.is_short else tuple(FAULTS))
        return tuple(FAULTS[name] for name in names if name in FAULTS)

    @property
    def plan(self) -> dict[str, object]:
        """What results must have in common to stand on one card."""
        return asdict(self.size) | {"rounds": self.rounds}

    def rounds_of(self, fault: Fault) -> int:
        """Return how often a fault is done."""
        return self.rounds or (fault.short_rounds if self.is_short else fault.rounds)


@dataclass(slots=True)
class Lab:
    """Runs faults on stands of its own; a stand that was hurt is not used again."""

    bench: ChaosBench
    scenes: int = 0
    control: list[Evidence] = field(default_factory=list)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _stand: Stand | None = None
    _proxy: AmiProxy | None = None

    async def run(self, fault: Fault | Measurement) -> dict[str, Any]:
        """Return what a fault came to, as the card keeps it."""
        began_s = time.monotonic()
        result = _empty(fault)
        try:
            if isinstance(fault, Measurement):
                result |= await self._measured(fault)
            else:
                result |= await self._struck(fault)
        except LeftOut as left_out:
            result["left_out"] = left_out.why
        except _SPOILS as failed:
            result["problems"] = [f"{type(failed).__name__}: {failed}"]
            await self.put_away()
        return result | {"took_s": round(time.monotonic() - began_s, 1)}

    async def _measured(self, fault: Measurement) -> dict[str, Any]:
        # Its own instance may want the same ports.
        await self.put_away()
        say(f"{fault.fault_id}, {fault.title} …")
        room = Room(
            is_short=self.bench.is_short,
            base_port=self.bench.base_port,
            minutes=self.bench.minutes,
        )
        found = await fault.run(room)
        return {
            "rounds": 1,
            "note": found.note,
            "figures": [
                replace(figure, name=f"{fault.fault_id} {figure.name}").as_json()
                for figure in found.figures
            ],
            "unserved_s": found.unserved_s,
        }

    async def _struck(self, fault: Fault) -> dict[str, Any]:
        await self._have_control()
        rounds: list[Evidence] = []
        wanted = self.bench.rounds_of(fault)
        problems: list[str] = []
        for nth in range(wanted):
            say(f"{fault.fault_id}, {fault.title}: round {nth + 1} of {wanted} …")
            try:
                rounds.append(await self._round(fault))
            except _SPOILS as failed:
                # What the rounds before came to is worth keeping.
                problems.append(f"{type(failed).__name__}: {failed}")
                await self.put_away()
                break
        return {"problems": problems} | (
            self._told(fault, rounds) if rounds else {"unserved_s": None}
        )

    def _told(self, fault: Fault, rounds: Sequence[Evidence]) -> dict[str, Any]:
        figures = scoring.figures(fault, rounds, self.control)
        return {
            "rounds": len(rounds),
            "figures": [figure.as_json() for figure in figures],
            "unserved_s": max(scoring.unserved_s(fault, one) for one in rounds),
            "engine_said": dict(rounds[-1].engine_said),
            "gaps_ms": {
                name: [round(gap, 1) for e in rounds for gap in scoring.gaps_ms(e, of)]
                for name, of in scoring.EARS.items()
            },
            "oddities": [line for e in rounds for line in invariants.oddities(e)][
                :_ODDITIES
            ],
            "new_calls": [row for e in rounds for row in scoring.new_call_rows(e)],
        }

    async def _have_control(self) -> None:
        while len(self.control) < (1 if self.bench.is_short else _CONTROL_ROUNDS):
            say("the control run: the same scene, and no fault …")
            self.control.append(await self._round(CONTROL))

    async def _round(self, fault: Fault) -> Evidence:
        if fault.has_proxy != (self._proxy is not None):
            await self.put_away()
        stand = self._stand or await self._new_stand(has_proxy=fault.has_proxy)
        self.scenes += 1
        evidence = await one_round(
            stand, self.bench.size, fault, number=self.scenes, proxy=self._proxy
        )
        if is_hurt(evidence):
            say("not everything is as before; the next round gets a new instance")
            await self.put_away()
        return evidence

    async def _new_stand(self, *, has_proxy: bool) -> Stand:
        say(f"starting an instance with {self.bench.size.talking} agents …")
        floor, base_port = self.bench.size.floor, self.bench.base_port
        if has_proxy:
            stand, self._proxy = await self._stack.enter_async_context(
                proxied_stand(floor, base_port=base_port)
            )
        else:
            stand = await self._stack.enter_async_context(
                open_stand(floor, base_port=base_port)
            )
        self._stand = stand
        return stand

    async def put_away(self) -> None:
        """Stop the instance, if there is one."""
        self._stand = self._proxy = None
        await self._stack.aclose()


def _empty(fault: Fault | Measurement) -> dict[str, Any]:
    return {
        "fault": fault.fault_id,
        "title": fault.title,
        "note": fault.note if isinstance(fault, Fault) else "",
        "left_out": "",
        "rounds": 0,
        "figures": [],
        "unserved_s": None,
        "problems": [],
        "engine_said": {},
        "gaps_ms": {},
        "new_calls": [],
    }


def is_hurt(evidence: Evidence) -> bool:
    """Tell whether a round left something behind that the next would suffer from."""
    after = evidence.after
    has_left = after is None or after.channels > 0
    return has_left or dict(evidence.agents_after) != dict(evidence.agents_before)


async def run(bench: ChaosBench) -> dict[str, object]:
    """Run the faults, and return what ``--json`` prints."""
    kept = Kept(folder=bench.state, plan=bench.plan)
    if not bench.is_resumed and not bench.only:
        kept.forget()
    lab = Lab(bench)
    told_machine = machine()
    results: list[dict[str, Any]] = []
    try:
        for fault in bench.faults:
            before = kept.find(fault.fault_id) if bench.is_resumed else None
            if before is None:
                before = await lab.run(fault)
                # One that could not be done is tried again by the next --resume.
                if not before["problems"]:
                    kept.keep(fault.fault_id, before)
            else:
                say(f"{fault.fault_id}, {fault.title}: kept from before")
            results.append(before)
    finally:
        await lab.put_away()
    return card(bench, results, told_machine)


def card(
    bench: ChaosBench,
    results: Sequence[Mapping[str, Any]],
    told_machine: Mapping[str, object],
) -> dict[str, object]:
    """Put the results together."""
    figures = [figure for result in results for figure in result["figures"]]
    sums = [*_records_of_all(figures), _sum(results).as_json()]
    return {
        "bench": "chaos",
        "is_short": bench.is_short,
        "scene": asdict(bench.size),
        "machine": dict(told_machine),
        "figures": [*figures, *sums],
        "sums": sums,
        "faults": list(results),
        "left_out": dict(LEFT_OUT)
        | {r["fault"]: r["left_out"] for r in results if r.get("left_out")},
        "problems": [
            f"{result['fault']}: {problem}"
            for result in results
            for problem in result["problems"]
        ],
    }


def _records_of_all(
    figures: Sequence[Mapping[str, Any]],
) -> Iterator[dict[str, object]]:
    """Yield what is wrong with records over all faults, kind by kind."""
    for name in ("records missing", "records extra", "records left open"):
        of_it = [figure for figure in figures if figure["name"].endswith(name)]
        found = round(sum(figure["value"] for figure in of_it))
        calls = sum(figure["n"] for figure in of_it)
        if of_it:
            yield scoring.none_lost(
                f"{name}, all faults", found, calls, enough=1
            ).as_json()


def _sum(results: Sequence[Mapping[str, Any]]) -> Figure:
    spans = [r["unserved_s"] for r in results if r["unserved_s"] is not None]
    return Figure(
        name="seconds not served, one of each fault",
        value=sum(spans),
        unit="s",
        n=len(spans),
        floor=UNSERVED_FLOOR_S,
        goal=UNSERVED_GOAL_S,
    )

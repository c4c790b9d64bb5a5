"""``tieline bench flow``: what flows cost, proved, tried, and walked by telephone."""

import re
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, get_args

from ivr.flow_set import FlowSet
from ivr.problems import FlowRefused
from services.floor.load import load_floor
from services.flows.cases import FOLDER, CasesRefused, load_cases
from services.flows.cases import run as run_case
from services.runtime.bench import menu_call
from services.runtime.bench.call import found
from services.runtime.bench.figures import Figure, machine
from services.runtime.bench.menu_rates import PROMISED_PER_S
from services.runtime.bench.stand import open_stand
from services.runtime.commands.check import problems_of
from services.runtime.progress import say
from services.runtime.settings import CHECKOUT, Settings, read_settings

Name = Literal["check", "cases", "menus"]
NAMES: Final[tuple[Name, ...]] = get_args(Name)
STEPS: Final = 500
CASES: Final = 1_000
CHECK_FLOOR_S: Final = 1.0
CASES_FLOOR_S: Final = 10.0
CALLS: Final = 600
RATES: Final = (PROMISED_PER_S, 16.0, 13.0, 10.0, 8.0)
"""Calls a second; slower ones for machines that do not carry the promised one."""
AGENTS: Final = 100
_FLOWS: Final = 10
_OWN: Final = 2
"""Steps of each flow that are no link of its chain: its person and its end."""
_SHIPPED: Final = CHECKOUT / "dialplans"

_HEAD: Final = """\
name: flow{nth}
language: zh
languages: [zh, en]
entry: s0
person: person
defaults:
  on_timeout: {{zh: 没有收到您的按键。, en: No key was pressed.}}
  on_wrong: {{zh: 您的按键有误。, en: This key has no service.}}
steps:
  person: {{queue: q_bill, by_language: {{en: q_en}}}}
  bye: {{hang_up: {{zh: 再见。, en: Goodbye.}}}}
"""
_LINKS: Final = (
    """\
  s{nth}:
    menu: {{zh: 继续请按1，结束请按2。, en: "Press 1 to go on, 2 to end."}}
    keys: {{1: {next}, 2: bye}}
""",
    """\
  s{nth}:
    collect: {{zh: 请输入户号。, en: Enter your account number.}}
    as: typed
    digits: {{least: 8, most: 10}}
    goto: {next}
""",
    """\
  s{nth}:
    look_up: account
    with: {{number: typed}}
    as: me
    goto: {next}
    not_found: bye
""",
    """\
  s{nth}:
    branch:
      - {{if: me.found and me.has_mobile, goto: {next}}}
      - {{if: number == '6001' or storm, goto: person}}
    otherwise: bye
""",
    """\
  s{nth}:
    say:
      zh: 户号{{me.account_tail:digits}}，地址{{me.street}}。
      en: The account ending {{me.account_tail:digits}}.
    goto: {next}
""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one trial took."""

    cpu_s: float
    wall_s: float
    n: int
    """Steps or cases."""


async def run(
    *, only: tuple[Name, ...] = NAMES, is_short: bool = False
) -> dict[str, Any]:
    """Measure, and return the figures as JSON has them."""
    told_machine = machine()
    figures, problems = await found(_measured(only, is_short=is_short))
    return {
        "bench": "flow",
        "is_short": is_short,
        "machine": told_machine,
        "figures": [figure.as_json() for figure in figures],
        "problems": problems,
    }


async def _measured(only: tuple[Name, ...], *, is_short: bool) -> AsyncIterator[Figure]:
    trials = 3 if is_short else 10
    with TemporaryDirectory(prefix="tieline-bench-") as folder:
        if "check" in only:
            for figure in _checked(Path(folder), trials):
                yield figure
        if "cases" in only:
            for figure in _tried(Path(folder), trials):
                yield figure
    if "menus" in only:
        rounds, calls = (1, CALLS // 3) if is_short else (3, CALLS)
        say(f"menus: {calls} calls a round, at {RATES[0]:g} calls/s or fewer …")
        async with open_stand(menu_call.MenuFloor(agents=AGENTS)) as stand:
            for figure in await menu_call.measure(
                stand, rates=RATES, calls=calls, rounds=rounds
            ):
                yield figure


def _checked(folder: Path, trials: int) -> Iterator[Figure]:
    say(f"a check of {STEPS} steps, {trials} times …")
    written = write_flows(folder / "check")
    settings = read_settings(flows=written / "flows", floor=written / "floor.yaml")
    checks = [_timed(lambda: _check(settings)) for _ in range(trials)]
    yield from _two("check_500_steps", checks, floor_s=CHECK_FLOOR_S)


def _tried(folder: Path, trials: int) -> Iterator[Figure]:
    say(f"{CASES} cases, {trials} times …")
    written = write_cases(folder / "cases")
    flow_set = load_floor(written / "floor.yaml", written / "flows").flow_set
    tests = [_timed(lambda: _test(written, flow_set)) for _ in range(trials)]
    yield from _two("test_1000_cases", tests, floor_s=CASES_FLOOR_S)


def write_flows(folder: Path) -> Path:
    """Write flows of ``STEPS`` steps in all, and the demo's floor that leads to them.

    Returns:
        The folder, with the floor and the flows in it.
    """
    (folder / "flows").mkdir(parents=True)
    shutil.copy(_SHIPPED / "lookups.yaml", folder)
    names = (f"flow: flow{nth}" for nth in range(_FLOWS))
    floor = (_SHIPPED / "floor.yaml").read_text(encoding="utf-8")
    floor = re.sub(r"flow: \w+", lambda _found: next(names), floor)
    (folder / "floor.yaml").write_text(floor, encoding="utf-8")
    for nth in range(_FLOWS):
        text = _HEAD.format(nth=nth) + "".join(_chain(STEPS // _FLOWS - _OWN))
        path = folder / "flows" / f"flow{nth}.yaml"
        path.write_text(text, encoding="utf-8")
    return folder


def write_cases(folder: Path, *, least: int = CASES) -> Path:
    """Write the shipped flows, and their cases again and again up to so many.

    Returns:
        The folder, with the floor, the flows and the cases in it.
    """
    shutil.copytree(_SHIPPED, folder)
    flow_set = load_floor(folder / "floor.yaml", folder / "flows").flow_set
    shipped = len(load_cases(folder / "flows", flow_set))
    files = sorted((folder / FOLDER).glob("*.yaml"))
    for nth in range(1, -(-least // shipped)):
        for file in files:
            shutil.copy(file, folder / FOLDER / f"{nth}-{file.name}")
    return folder


def _chain(length: int) -> Iterator[str]:
    """Yield steps that lead to each other, the last one to the end."""
    for nth in range(length):
        following = f"s{nth + 1}" if nth + 1 < length else "bye"
        yield _LINKS[nth % len(_LINKS)].format(nth=nth, next=following)


def _check(settings: Settings) -> int:
    if problems := problems_of(settings):
        raise FlowRefused(problems)
    return STEPS


def _test(folder: Path, flow_set: FlowSet) -> int:
    cases = load_cases(folder / "flows", flow_set)
    ran = [run_case(case, flow_set) for case in cases]
    if problems := [problem for one in ran for problem in one.problems]:
        raise CasesRefused(problems)
    return len(ran)


def _timed(work: Callable[[], int]) -> Took:
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    n = work()
    return Took(
        cpu_s=time.process_time() - cpu_s, wall_s=time.perf_counter() - wall_s, n=n
    )


def _two(name: str, trials: Sequence[Took], *, floor_s: float) -> Iterator[Figure]:
    """Yield the medians of both clocks: what it costs, and what is waited for it."""
    for unit, took_s in (
        ("s CPU", [one.cpu_s for one in trials]),
        ("s", [one.wall_s for one in trials]),
    ):
        yield Figure(
            name=f"{name}_cpu" if unit == "s CPU" else name,
            value=median(took_s),
            unit=unit,
            n=len(trials),
            floor=floor_s,
            more={"of": trials[0].n, "worst": round(max(took_s), 3)},
        )

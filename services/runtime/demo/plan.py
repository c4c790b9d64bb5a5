"""Who calls in a demo, and how they and the agents behave: all of it from a seed."""

import random
from dataclasses import dataclass
from enum import StrEnum

_FAMILY = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何林"
_GIVEN = (
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "娟",
)
_FIRST_NUMBER = 13_800_000_000
_KEYS = ("1", "2", "3", "0")
"""Of the hotline's first menu: outage, bills, applications, a person."""


class Kind(StrEnum):
    """What a caller comes with."""

    PATIENT = "patient"
    """Stays until the agent says goodbye."""
    SHORT = "short"
    LONG = "long"
    LEAVES_QUEUE = "leaves the queue"
    LEAVES_MENU = "leaves the menu"


_SHARES = {
    Kind.PATIENT: 0.34,
    Kind.SHORT: 0.3,
    Kind.LONG: 0.16,
    Kind.LEAVES_QUEUE: 0.12,
    Kind.LEAVES_MENU: 0.08,
}
_STAYS_S = {
    Kind.PATIENT: (60.0, 60.0),
    Kind.SHORT: (5.0, 9.0),
    Kind.LONG: (12.0, 20.0),
    Kind.LEAVES_QUEUE: (2.6, 4.5),
    Kind.LEAVES_MENU: (0.4, 0.9),
}
"""From the answer on, which is before the menu."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPlanned:
    """One caller of the demo."""

    number: str
    name: str
    kind: Kind
    key: str
    """Pressed at the menu; empty for who leaves there."""
    hangs_up_after_s: float
    """From the answer on."""
    pitch_hz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsPlanned:
    """Some agents whose devices behave alike."""

    agents: tuple[str, ...]
    ring_ms: int = 400
    status: int = 200
    talk_ms: int = 3_600_000


def callers(count: int, seed: int) -> tuple[CallerPlanned, ...]:
    """Return the callers in the order in which they call."""
    dice = random.Random(seed)  # noqa: S311 - a story to be told again, no secret
    return tuple(_caller(_FIRST_NUMBER + n, dice) for n in range(count))


def _caller(number: int, dice: random.Random) -> CallerPlanned:
    [kind] = dice.choices(list(_SHARES), list(_SHARES.values()))
    key = dice.choice(_KEYS)
    return CallerPlanned(
        number=str(number),
        name=dice.choice(_FAMILY) + dice.choice(_GIVEN),
        kind=kind,
        key="" if kind is Kind.LEAVES_MENU else key,
        hangs_up_after_s=round(dice.uniform(*_STAYS_S[kind]), 2),
        pitch_hz=dice.randrange(180, 480, 20),
    )


def agents(ids: tuple[str, ...], seed: int) -> tuple[AgentsPlanned, ...]:
    """Return the agents by how their devices behave.

    One in ten lets it ring, one in ten refuses; of the rest half are quick. With few
    agents there may be none of the odd ones.
    """
    shuffled = list(ids)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a story to be told again
    odd = len(shuffled) // 10
    quick = odd * 2 + (len(shuffled) - odd * 2) // 2
    groups = (
        AgentsPlanned(agents=tuple(shuffled[:odd]), ring_ms=60_000),
        AgentsPlanned(agents=tuple(shuffled[odd : odd * 2]), status=603, ring_ms=100),
        AgentsPlanned(agents=tuple(shuffled[odd * 2 : quick]), talk_ms=2_000),
        AgentsPlanned(agents=tuple(shuffled[quick:]), talk_ms=5_000),
    )
    return tuple(group for group in groups if group.agents)

"""What rate of calls to two menus is held, and what each costs, beside plain dialplan.

A machine with few cores may not carry the promised rate in either way: callers, their
sound and their keys run on it too. So the fastest rate that plain dialplan holds is
looked for first, and then what of it we hold.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.runtime.bench import cost
from services.runtime.bench.cost import Round
from services.runtime.bench.figures import Figure, latency, percentile
from services.runtime.bench.fingers import Press
from services.runtime.progress import say

PROMISED_PER_S: Final = 20.0
_PROMPT_FLOOR_MS = 150
_COST_FLOOR, _COST_GOAL = 2.0, 1.4
_RATE_SHARE = 0.98
_SERVED_SHARE = 0.995
"""Of the calls of a rate that is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One round of one way, with all keys that were pressed."""

    round: Round
    presses: Sequence[Press]
    calls: int
    per_s: float
    """Calls a second, as was asked for."""

    @property
    def heard_ms(self) -> list[float]:
        """From each key that is up again to the next prompt, where one was heard."""
        return [
            (press.heard_s - press.up_s) * 1000
            for press in self.presses
            if press.heard_s is not None and press.up_s is not None
        ]

    @property
    def is_held(self) -> bool:
        """Whether all came to their end, in time, and each key was answered soon."""
        heard_ms = self.heard_ms
        return (
            self.round.served >= self.calls * _SERVED_SHARE
            and self.round.per_s >= self.per_s * _RATE_SHARE
            and bool(heard_ms)
            and percentile(heard_ms, 99) <= _PROMPT_FLOOR_MS
        )

    @property
    def held_per_s(self) -> float:
        """Calls a second that were held; 0 where they were not."""
        return self.per_s if self.is_held else 0.0


Place = Callable[[float], Awaitable[Placed]]
"""Places calls at so many a second."""


async def compared(
    ours: Place, plain: Place, rates: Sequence[float], rounds: int
) -> Iterator[Figure]:
    """Find the rates that are held, and compare both ways at the one that we hold.

    Args:
        ours: Places calls to our menus.
        plain: Places the same to plain dialplan's.
        rates: In calls a second, the fastest first.
        rounds: At the rate that we hold.
    """
    theirs = await _fastest_held(plain, rates)
    slower = [rate for rate in rates if rate <= theirs.per_s]
    held = await _fastest_held(ours, slower)
    of_ours, of_plain = [held], [theirs]
    if theirs.per_s != held.per_s:
        of_plain = [await plain(held.per_s)]
    for _ in range(rounds - 1):
        of_ours.append(await ours(held.per_s))
        of_plain.append(await plain(held.per_s))
    return _figures(of_ours, of_plain, theirs)


async def _fastest_held(place: Place, rates: Sequence[float]) -> Placed:
    """Place calls ever slower until they are held.

    Args:
        place: Places them.
        rates: In calls a second, the fastest first; at least one.

    Returns:
        The first round that was held, else the last one.

    Raises:
        ValueError: There are no rates.
    """
    for per_s in rates:
        placed = await place(per_s)
        _say(placed)
        if placed.is_held or per_s == rates[-1]:
            return placed
    msg = "rates: at least one rate would do, got none"
    raise ValueError(msg)


def _say(placed: Placed) -> None:
    one = placed.round
    parts = {k: round(v, 2) for k, v in one.ms_by_part.items()}
    held = "held" if placed.is_held else "not held"
    say(
        f"menus: {one.way}, {placed.per_s:g} calls/s {held}, {one.served} of "
        f"{placed.calls} served, CPU ms a call {parts}"
    )


def _figures(
    ours: Sequence[Placed], plain: Sequence[Placed], theirs: Placed
) -> Iterator[Figure]:
    our_rounds = [one.round for one in ours]
    plain_rounds = [one.round for one in plain]
    n = sum(one.calls for one in ours)
    yield cost.served("menu_served_ours", our_rounds, n, floor=_SERVED_SHARE)
    yield cost.served("menu_served_plain", plain_rounds, n, floor=None)
    yield from _rates(ours, theirs)
    for name, placed, floor_ms in (
        ("key_to_prompt", ours, _PROMPT_FLOOR_MS),
        ("key_to_prompt_plain", plain, None),
    ):
        yield from latency(
            name,
            [heard_ms for one in placed for heard_ms in one.heard_ms],
            p99_floor=floor_ms,
            more={"pressed": sum(len(one.presses) for one in placed)},
        )
    for part in sorted({part for one in our_rounds for part in one.ms_by_part}):
        spent = [one.ms_by_part[part] for one in our_rounds]
        yield cost.cost_figure(f"menu_cost_ours_{part}", spent, n)
    total = [one.total_ms for one in our_rounds]
    yield cost.cost_figure("menu_cost_ours_total", total, n)
    yield cost.cost_figure(
        "menu_cost_plain_asterisk", [one.switch_ms for one in plain_rounds], n
    )
    yield cost.ratio(
        "menu_cost_to_plain",
        our_rounds,
        plain_rounds,
        n,
        floor=_COST_FLOOR,
        goal=_COST_GOAL,
    )


def _rates(ours: Sequence[Placed], theirs: Placed) -> Iterator[Figure]:
    """Yield what rates were held, and what we hold of plain dialplan's."""
    held, plain = ours[0].held_per_s, theirs.held_per_s
    for name, placed, floor in (
        # A machine that cannot carry the promised rate says nothing of us.
        (
            "menu_rate_ours",
            ours[0],
            PROMISED_PER_S if plain >= PROMISED_PER_S else None,
        ),
        ("menu_rate_plain", theirs, None),
    ):
        yield Figure(
            name=name,
            value=placed.held_per_s,
            unit="calls/s",
            n=placed.calls,
            floor=floor,
            is_more_better=True,
            more={"promised": PROMISED_PER_S, "tried": placed.per_s},
        )
    yield Figure(
        name="menu_rate_to_plain",
        value=held / plain if plain else 0.0,
        unit="share",
        n=ours[0].calls,
        floor=1 / _COST_FLOOR,
        goal=1 / _COST_GOAL,
        is_more_better=True,
    )

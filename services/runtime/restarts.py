"""When a part that died is started again: by a table, with time as a value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

PartName = Literal["postgresql", "asterisk", "simulated-utility", "engine", "watchdog"]

START_ORDER: tuple[PartName, ...] = get_args(PartName)
"""At the first start each waits for the one before; stopped from the end."""

DELAYS_S = (0.2, 0.4, 0.8, 1.6, 3.2, 5.0)
"""Waited before the first, second … start in a row; the last one goes on."""
STEADY_S = 30.0
"""A part that ran so long has not died at its start: the delays begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarts:
    """What died lately, and when it is due; instants in seconds of one clock."""

    tries: Mapping[PartName, int] = field(default_factory=dict)
    due_at_s: Mapping[PartName, float] = field(default_factory=dict)

    def died(self, part: PartName, *, at_s: float, ran_s: float) -> "Restarts":
        """Take in that a part ended, or could not be started (``ran_s`` is 0)."""
        tries = 0 if ran_s >= STEADY_S else self.tries.get(part, 0)
        delay = DELAYS_S[min(tries, len(DELAYS_S) - 1)]
        return replace(
            self,
            tries={**self.tries, part: tries + 1},
            due_at_s={**self.due_at_s, part: at_s + delay},
        )

    def renewed(self, part: PartName, *, at_s: float) -> "Restarts":
        """Take in that a part was ended to be started anew: at once, as a first try."""
        return replace(
            self,
            tries={**self.tries, part: 0},
            due_at_s={**self.due_at_s, part: at_s},
        )

    def take_due(self, *, now_s: float) -> tuple[tuple[PartName, ...], "Restarts"]:
        """Return what is to be started now, in the order of starts, and what is left.

        None waits for another: calls go on while the database is away, and the
        engine finds both again by itself.
        """
        ready = tuple(
            part for part in START_ORDER if self.due_at_s.get(part, math.inf) <= now_s
        )
        left = {part: at for part, at in self.due_at_s.items() if part not in ready}
        return ready, replace(self, due_at_s=left)

    @property
    def next_deadline_s(self) -> float | None:
        """When something is due next; None when nothing is."""
        return min(self.due_at_s.values(), default=None)

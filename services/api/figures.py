"""What operators read from outside: figures, each read when somebody asks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

Labels = tuple[str, ...]
Reading = Mapping[Labels, float]


class Growth(StrEnum):
    """How a figure moves."""

    COUNTER = "counter"
    """Only up, since the engine's start."""
    GAUGE = "gauge"
    """Up and down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure, for each set of its labels."""

    name: str
    """With its unit; a counter's without ``_total``, which is added."""
    says: str
    """What it means, in a sentence."""
    growth: Growth
    labels: Labels
    """What is told apart; never a person, a number or a call."""
    read: Callable[[], Reading]


class Figures:
    """All figures of an engine. A part counts in plain numbers; this reads them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._all: dict[str, Figure] = {}

    def __iter__(self) -> Iterator[Figure]:
        """Yield each figure."""
        return iter(self._all.values())

    def gauge(self, name: str, says: str, read: Callable[[], float]) -> None:
        """Add a figure that goes up and down."""
        self.gauges(name, says, (), lambda: {(): read()})

    def gauges(
        self, name: str, says: str, labels: Labels, read: Callable[[], Reading]
    ) -> None:
        """Add a figure that goes up and down, for each set of its labels."""
        self._add(Growth.GAUGE, name, says, labels, read)

    def counter(self, name: str, says: str, read: Callable[[], float]) -> None:
        """Add a figure that only goes up."""
        self.counters(name, says, (), lambda: {(): read()})

    def counters(
        self, name: str, says: str, labels: Labels, read: Callable[[], Reading]
    ) -> None:
        """Add a figure that only goes up, for each set of its labels."""
        self._add(Growth.COUNTER, name, says, labels, read)

    def _add(
        self,
        growth: Growth,
        name: str,
        says: str,
        labels: Labels,
        read: Callable[[], Reading],
    ) -> None:
        if name in self._all:
            raise ValueError(f"figure {name!r}: there is one of that name already")
        self._all[name] = Figure(
            name=name, says=says, growth=growth, labels=labels, read=read
        )

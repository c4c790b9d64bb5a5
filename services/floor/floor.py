"""A floor as it is run: numbers, queues and agents, and the flows they use."""

from collections.abc import Mapping
from dataclasses import dataclass

from acd.policy import FloorPolicy
from acd.vocabulary.ids import Place
from ivr.flow import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number that can be dialled."""

    number: str
    name: str
    flow: str
    """Name of the flow that its callers walk."""
    place: Place
    """Whose calls they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Everything that the floor file and the flows say, proved against each other."""

    numbers: Mapping[str, Number]
    policy: FloorPolicy
    flows: Mapping[str, Flow]

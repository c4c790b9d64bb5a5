"""What becomes of the floor itself while calls go on."""

from dataclasses import dataclass

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPublished(FactOf):
    """Another floor is in force from here on; who waits keeps place and class."""

    version: int
    policy: str
    """The whole policy, as ``acd.policy_form`` writes it: a replay decides the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueClosed(FactOf):
    """A queue that was taken out of the floor is empty, and gone."""

    queue_id: QueueId

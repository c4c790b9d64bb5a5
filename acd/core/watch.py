"""What the engine believes of each leg, asked when the switch was looked at."""

from collections.abc import Container
from datetime import datetime, timedelta
from typing import Final

from acd.core import conversations
from acd.core.floor import Floor, Offer
from acd.vocabulary.ids import LegId, OfferId
from acd.vocabulary.leg_facts import LegRole, LegSeen
from acd.vocabulary.states import CallState

BEGINS_S: Final = 2.0
"""An offer just begun may have no leg in the switch yet."""
LEAVES_S: Final = 10.0
"""An offer that is over may have a leg so long: the agent is told that it is."""


class Watch:
    """Compares, and changes nothing."""

    def __init__(self, floor: Floor) -> None:
        """Look at a floor as it is each time."""
        self._floor = floor

    def missing(self, present: Container[LegId], asked_at: datetime) -> list[LegId]:
        """Return the legs that should have been there when it was asked, and are not.

        Args:
            present: Every leg that was seen.
            asked_at: When the asking began.
        """
        floor = self._floor
        begun_by = asked_at - timedelta(seconds=BEGINS_S)
        agents = [
            offer.leg_id
            for offer in floor.offers.values()
            if offer.started_at < begun_by and offer.leg_id not in present
        ]
        callers = [
            leg_id
            for leg_id, call in floor.callers.items()
            if leg_id not in present and call.arrived_at < asked_at
        ]
        return callers + agents

    def is_odd(self, leg: LegSeen, asked_at: datetime) -> bool:
        """Tell whether a leg was not as it is believed to be.

        Args:
            leg: As it was seen; of its call only the leg need be known.
            asked_at: When the asking began: later news of its call excuses it.
        """
        floor = self._floor
        call, _ = conversations.parties(floor, leg.leg_id)
        if call is not None and call.heard_at >= asked_at:
            return False
        # What lay in a broken link may be done late: then a leg that was lost rings.
        is_agents = leg.role is LegRole.OFFER or (
            leg.role is LegRole.HELD and leg.offer_id is not None
        )
        if is_agents and self._is_stray(leg, asked_at):
            return True
        if leg.leg_id in floor.ended_legs:
            return False
        if call is None:
            return leg.role is LegRole.WAITING
        if leg.role is LegRole.WAITING:
            is_moved = call.moving is not None and leg.bridge_id is None
            if is_moved or call.state is CallState.IN_FLOW:
                return True
        return call.bridges.get(leg.leg_id) != leg.bridge_id

    def has(self, leg_id: LegId) -> bool:
        """Tell whether a leg is believed to live."""
        floor = self._floor
        return leg_id in floor.callers or floor.offer_of(leg_id) is not None

    def _is_stray(self, leg: LegSeen, asked_at: datetime) -> bool:
        """Tell whether an agent's leg is further than its offer, or survives it."""
        offer = self._floor.offers.get(OfferId(leg.leg_id))
        if offer is None:
            return leg.bridge_id is None
        if offer.is_open:
            return leg.is_up
        return leg.bridge_id is None and _outlives(offer, asked_at)


def _outlives(offer: Offer, asked_at: datetime) -> bool:
    limit = timedelta(seconds=LEAVES_S)
    return offer.ended_at is not None and asked_at - offer.ended_at > limit

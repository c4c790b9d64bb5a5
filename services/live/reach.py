"""What a viewer may see: a place and all below it, or one agent's own work."""

from dataclasses import dataclass

from acd.vocabulary.ids import AgentId, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The rights of a viewer; two who have the same see the same stream."""

    province: str | None = None
    """None for the centre, which sees every province and what belongs to none."""
    unit: str | None = None
    """None for all of the province; of use only with a province."""
    agent_id: AgentId | None = None
    """Where it is given, nothing but this agent and the calls that are with them."""
    shows_numbers: bool = False
    """Whether callers' numbers and names are shown whole."""

    def covers(self, place: Place) -> bool:
        """Tell whether what belongs to a place may be seen for its place's sake.

        What belongs to the centre is the centre's alone, and what belongs to a whole
        province is not for its units.
        """
        if self.agent_id is not None:
            return False
        if self.province is None:
            return True
        if place.province != self.province:
            return False
        return self.unit is None or place.unit == self.unit

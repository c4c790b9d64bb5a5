"""What the HTTP edge needs of whoever publishes flows, and what it shows of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.store.flow_versions import WHOLE, Force
from services.store.versions import Version, WholeVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPublication:
    """Who publishes, why, and what the flows were made from."""

    made_from: int
    by: str
    note: str = ""
    percent: int = WHOLE
    """The share of the calls that the version leads, from 1 to 100."""
    folder: str = "flows"
    """What the folder of the flows is called in messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowOutcome:
    """What a publication came to."""

    version: Version
    force: Force
    changes: Sequence[str]
    later: Sequence[str]
    """What comes with the next start of the switch only, a sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowsShown:
    """By which versions callers are led."""

    force: Force
    latest: WholeVersion
    """The version that is tried, or else the one in force."""
    differs: str | None
    """Says that files are not as they were published."""


class FlowPublishing(Protocol):
    """Whoever publishes flows."""

    async def shown(self) -> FlowsShown:
        """Return what is in force, and what a new version would be made from."""

    async def version(self, number: int) -> WholeVersion:
        """Return one version."""

    async def history(self) -> list[Version]:
        """Return the versions, the newest first."""

    async def difference(self, before: int, after: int) -> Sequence[str]:
        """Say what is otherwise for callers in another version."""

    async def check(self, files: Mapping[str, str], *, folder: str) -> Sequence[str]:
        """Say what flows would change, and publish nothing."""

    async def publish(
        self, files: Mapping[str, str], publication: FlowPublication
    ) -> FlowOutcome:
        """Have flows lead all callers, or a share of them."""

    async def share(self, percent: int, *, by: str, note: str) -> Force:
        """Change the share of the version that is tried."""

    async def roll_back(self, number: int, publication: FlowPublication) -> FlowOutcome:
        """Publish an earlier version once more."""

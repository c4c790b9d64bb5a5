"""What the HTTP edge needs of whoever publishes floors, and what it shows of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.store.versions import Version, WholeVersion


class PublishRefused(Exception):
    """The ground of what is refused though the floor itself is right."""


class NotPublished(PublishRefused):
    """None was published yet."""

    def __init__(self, of: str = "floor") -> None:
        """Say when there will be one."""
        super().__init__(
            f"{of}: none is published yet; one is as soon as the database answers"
        )
        self.of = of


class QueueHasCallers(PublishRefused):
    """A floor lacks a queue in which callers wait."""

    def __init__(self, waiting: Mapping[str, int]) -> None:
        """Say which, and how many wait there."""
        told = ", ".join(f"{queue!r} has {n}" for queue, n in sorted(waiting.items()))
        super().__init__(
            f"floor: takes out a queue with callers, {told}; publish it with --drain"
            " (drain over HTTP), and the queue goes when they are served"
        )
        self.waiting = dict(waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Who publishes, why, and what the floor was made from."""

    made_from: int | None
    """The version it was made from; None: from none, for the first."""
    by: str
    note: str = ""
    drains: bool = False
    """Whether a queue with callers may be taken out: it goes when it is empty."""
    name: str = "floor.yaml"
    """What the text is called in messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a floor that is right would change."""

    changes: Sequence[str]
    with_callers: Mapping[str, int]
    """Queues that it takes out though callers wait there, and how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a publication came to."""

    version: Version
    changes: Sequence[str]
    closing: Sequence[str]
    """Queues that were taken out and are not empty yet."""
    leaving: Sequence[str]
    """Agents who were taken out and finish a call first."""
    later: Sequence[str]
    """What comes with the next start of the switch only, a sentence each."""


class Publishing(Protocol):
    """Whoever publishes floors."""

    async def newest(self) -> WholeVersion:
        """Return the version in force."""

    async def version(self, number: int) -> WholeVersion:
        """Return one version."""

    async def history(self) -> list[Version]:
        """Return the versions, the newest first."""

    async def has(self, kind: str, name: str) -> bool:
        """Tell whether ``agents`` or ``queues`` of what is in force have an entry."""

    def differing(self) -> str | None:
        """Say that the floor file is not what was published from it; None if it is."""

    async def check(self, text: str, *, name: str = ...) -> Checked:
        """Say what a floor would change, and publish nothing."""

    async def publish(self, text: str, publication: Publication) -> Outcome:
        """Put a floor in force."""

    async def edit(self, patch: Mapping[str, Any], publication: Publication) -> Outcome:
        """Change what is in force, and put that in force."""

    async def roll_back(self, number: int, publication: Publication) -> Outcome:
        """Publish an earlier version once more."""

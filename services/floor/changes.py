"""What is otherwise in one floor than in another, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from services.floor.floor import Floor

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Names of one kind of entry, each list sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All of it."""

    queues: Changed
    agents: Changed
    numbers: Changed
    flows: Changed
    rules: tuple[str, ...]
    """Rules of the whole floor that changed: order, rona, admission."""

    def sentences(self) -> list[str]:
        """Return it in words, one for each kind; one when nothing changed."""
        told = [
            f"{kind} {how}: {', '.join(names)}"
            for kind in ("queues", "agents", "numbers", "flows")
            for how in ("added", "removed", "changed")
            if (names := getattr(getattr(self, kind), how))
        ]
        if self.rules:
            told.append(f"rules changed: {', '.join(self.rules)}")
        return told or ["nothing is otherwise"]


def changes(before: Floor, after: Floor) -> Changes:
    """Return what is otherwise in ``after``."""
    one, other = before.policy, after.policy
    rules = {
        "order": one.order != other.order,
        "rona": one.rona != other.rona,
        "admission": before.admission != after.admission,
    }
    return Changes(
        queues=_changed(one.queues, other.queues),
        agents=_changed(one.agents, other.agents),
        numbers=_changed(before.numbers, after.numbers),
        flows=_changed(before.flows, after.flows),
        rules=tuple(name for name, is_other in rules.items() if is_other),
    )


def _changed(before: Mapping[Name, object], after: Mapping[Name, object]) -> Changed:
    both = before.keys() & after.keys()
    return Changed(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(sorted(it for it in both if before[it] != after[it])),
    )

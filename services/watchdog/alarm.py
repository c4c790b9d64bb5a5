"""What an alarm says: which components changed, why, and which of them is the root."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.watchdog.light import Change, Light


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One change, as an alarm tells it."""

    change: Change
    because: str | None = None
    """The component whose fault brought it about, or None."""
    duration_s: float | None = None
    """How long the fault lasted; None while it lasts."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        change = self.change
        return {
            "component": change.component,
            "before": change.before.value,
            "after": change.after.value,
            "since": change.at.isoformat(),
            "sentence": change.sentence,
            "because": self.because,
            "duration_s": self.duration_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """All that changed within a moment."""

    instance: str
    at: datetime
    told: Sequence[Told]

    @property
    def light(self) -> Light:
        """The worst of what things came to; green when all that is told is well."""
        lights = {one.change.after for one in self.told}
        order = (Light.RED, Light.YELLOW)
        return next((light for light in order if light in lights), Light.GREEN)

    @property
    def subject(self) -> str:
        """A line: the roots first; made of our own words only."""
        roots = [one for one in self._ordered() if one.because is None]
        named = ", ".join(
            f"{one.change.component} {one.change.after.value}"
            for one in (roots or self._ordered())
        )
        more = len(self.told) - len(roots) if roots else 0
        return f"tieline {self.instance}: {named}" + (f" (+{more})" if more else "")

    @property
    def text(self) -> str:
        """The alarm for people: a line for each change, the roots first."""
        lines = []
        for one in self._ordered():
            change = one.change
            line = f"{change.component}: {change.before} -> {change.after}"
            line += f" since {change.at.isoformat(timespec='seconds')}"
            if one.duration_s is not None:
                line += f", after {one.duration_s:.1f} s"
            if one.because:
                line += f", because of {one.because}"
            lines.append(f"{line}\n  {change.sentence}")
        return "\n".join(lines) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "source": "tieline",
            "instance": self.instance,
            "at": self.at.isoformat(),
            "light": self.light.value,
            "subject": self.subject,
            "changes": [one.as_dict() for one in self._ordered()],
        }

    def _ordered(self) -> list[Told]:
        return sorted(
            self.told,
            key=lambda one: (one.because is not None, one.change.at),
        )

"""The demo tenant's floor with as many agents as are asked for."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from services.runtime.settings import CHECKOUT

NUMBER = "6000"
RING_S = 3.0
_WRAP_UP_S = 1.0
_FIRST_AGENT = 1001
_FOLDER = CHECKOUT / "dialplans"
_FLOW = Path(__file__).with_name("hotline.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFloor:
    """The floor file's own queues and skills; its agents over and over."""

    agents: int
    per_s: float
    """How fast calls come: admission is set so that it takes them."""

    @property
    def agent_ids(self) -> tuple[str, ...]:
        """The ids of all agents."""
        return tuple(str(_FIRST_AGENT + n) for n in range(self.agents))

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write floor and flow; return the floor's file and the flows' folder."""
        floor = folder / "floor.yaml"
        # JSON is YAML too.
        floor.write_text(json.dumps(self._floor()), encoding="utf-8")
        flows = folder / "flows"
        flows.mkdir()
        shutil.copy(_FLOW, flows / "main.yaml")
        return floor, flows

    def _floor(self) -> dict[str, Any]:
        written = _FOLDER / "floor.yaml"
        floor: dict[str, Any] = YAML(typ="safe", pure=True).load(
            written.read_text(encoding="utf-8")
        )
        # One number, whose callers say by one key what they want.
        floor["numbers"] = {NUMBER: floor["numbers"][int(NUMBER)]}
        profiles = list(floor["agents"].values())
        floor["agents"] = {
            agent: profiles[n % len(profiles)] for n, agent in enumerate(self.agent_ids)
        }
        # Of a few, each stands in for several: every queue has somebody.
        for n, profile in enumerate(profiles[self.agents :]):
            stand_in = self.agent_ids[n % self.agents]
            own = floor["agents"][stand_in]
            skills = _levels(own["skills"]) | _levels(profile["skills"])
            floor["agents"][stand_in] = own | {"skills": skills}
        for queue in floor["queues"].values():
            queue |= {"ring_s": RING_S, "wrap_up_s": _WRAP_UP_S}
        rate = {"per_s": self.per_s * 4, "number_per_s": self.per_s * 4}
        floor["admission"] = {"calls": 2000, **rate}
        return floor


def _levels(skills: Mapping[str, int] | Sequence[str]) -> dict[str, int]:
    return dict(skills) if isinstance(skills, Mapping) else dict.fromkeys(skills, 3)

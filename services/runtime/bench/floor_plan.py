"""The floor of a bench: many alike agents, and flows without a menu."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIRST_AGENT = 1001
QUEUE = "q_bench"
DIRECT = "6000"
"""The number whose caller waits in the queue at once."""
GREETING = "6001"
"""The number whose caller hears a greeting first."""
_SKILL = "bench"
_GREETING = "您好，这里是供电服务热线，您的通话可能会被录音，感谢您的耐心等待。"

Walks = Mapping[str, Mapping[str, object]]
"""Flows by name, each as its steps: the first is its entry, ``desk`` its person."""


def written(
    folder: Path, floor: Mapping[str, object], walks: Walks
) -> tuple[Path, Path]:
    """Write a floor and its flows; return the floor's file and the flows' folder."""
    flows = folder / "dialplans" / "flows"
    flows.mkdir(parents=True)
    for name, steps in walks.items():
        flow = {
            "name": name,
            "language": "zh",
            "entry": next(iter(steps)),
            "person": "desk",
            "danger": "desk",
            "steps": steps,
        }
        # JSON is YAML too.
        (flows / f"{name}.yaml").write_text(json.dumps(flow), encoding="utf-8")
    path = flows.parent / "floor.yaml"
    path.write_text(json.dumps(floor), encoding="utf-8")
    return path, flows


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPlan:
    """How large a bench's floor is, and how long its limits are."""

    agents: int = 100
    ring_s: float = 15

    @property
    def agent_ids(self) -> tuple[str, ...]:
        """The ids of all agents."""
        return tuple(str(FIRST_AGENT + n) for n in range(self.agents))

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write floor and flows; return the floor's file and the flows' folder."""
        return written(folder, self.floor(), self.walks())

    def walks(self) -> dict[str, Mapping[str, object]]:
        """Return the flows; a larger floor adds its own."""
        return {
            "direct": {"desk": {"queue": QUEUE}},
            "greeting": {
                "greeting": {"say": {"zh": _GREETING}, "goto": "desk"},
                "desk": {"queue": QUEUE},
            },
        }

    def floor(self) -> dict[str, Any]:
        """Return what the floor's file says."""
        queue = {
            "name": "bench",
            "skills": [_SKILL],
            "ring_s": self.ring_s,
            # An agent is free again when the call has ended.
            "wrap_up_s": 0,
        }
        return {
            "province": "YJ",
            "numbers": {
                DIRECT: {"name": "straight to the queue", "flow": "direct"},
                GREETING: {"name": "greeting first", "flow": "greeting"},
            },
            "skills": {_SKILL: "bench"},
            "queues": {QUEUE: queue},
            "agents": {
                agent: {"name": f"agent {agent}", "skills": [_SKILL]}
                for agent in self.agent_ids
            },
        }

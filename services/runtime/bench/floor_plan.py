"""The floor of a bench: many alike agents, and flows without a menu."""

import json
from dataclasses import dataclass
from pathlib import Path

FIRST_AGENT = 1001
QUEUE = "q_bench"
DIRECT = "6000"
"""The number whose caller waits in the queue at once."""
GREETING = "6001"
"""The number whose caller hears a greeting first."""
_SKILL = "bench"
_GREETING = "您好，这里是供电服务热线，您的通话可能会被录音，感谢您的耐心等待。"


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPlan:
    """How large a bench's floor is, and how long its limits are."""

    agents: int = 100
    ring_s: float = 15
    wrap_up_s: float = 0
    """0 means none: an agent is free again when the call has ended."""

    @property
    def agent_ids(self) -> tuple[str, ...]:
        """The ids of all agents."""
        return tuple(str(FIRST_AGENT + n) for n in range(self.agents))

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write floor and flows; return the floor's file and the flows' folder."""
        flows = folder / "dialplans" / "flows"
        flows.mkdir(parents=True)
        steps: dict[str, dict[str, object]] = {
            "direct": {"desk": {"queue": QUEUE}},
            "greeting": {
                "greeting": {"say": {"zh": _GREETING}, "goto": "desk"},
                "desk": {"queue": QUEUE},
            },
        }
        for name, walk in steps.items():
            flow = {
                "name": name,
                "language": "zh",
                "entry": next(iter(walk)),
                "person": "desk",
                "steps": walk,
            }
            # JSON is YAML too.
            (flows / f"{name}.yaml").write_text(json.dumps(flow), encoding="utf-8")
        floor = flows.parent / "floor.yaml"
        floor.write_text(json.dumps(self._floor()), encoding="utf-8")
        return floor, flows

    def _floor(self) -> dict[str, object]:
        queue = {
            "name": "bench",
            "skills": [_SKILL],
            "ring_s": self.ring_s,
            "wrap_up_s": self.wrap_up_s,
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

"""The floor of the standard scene: a line, a line of probes, and a menu."""

from dataclasses import dataclass
from pathlib import Path

from services.runtime.bench.floor_plan import FIRST_AGENT, Walks, written

QUEUE = "q_bench"
PROBES = "q_probe"
LINE = "6000"
"""The number whose caller waits in the queue at once."""
MENU = "6001"
"""The number whose caller is in a flow, and stays there who presses no key."""
PROBE_LINE = "6002"
"""The number of callers whose talk is listened to, with agents of their own."""
_MENU_TEXT = "您好，这里是供电服务热线。查询电费请按一，停电报修请按二。"
_STAYS_S = 60
_TRIES = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosFloor:
    """How many agents there are, and how many of them serve the probes alone."""

    agents: int
    probes: int

    @property
    def agent_ids(self) -> tuple[str, ...]:
        """The ids of all agents; those of the probes first."""
        return tuple(str(FIRST_AGENT + n) for n in range(self.agents))

    @property
    def probe_agents(self) -> tuple[str, ...]:
        """Who serves the probes."""
        return self.agent_ids[: self.probes]

    @property
    def line_agents(self) -> tuple[str, ...]:
        """Who serves everybody else."""
        return self.agent_ids[self.probes :]

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write floor and flows; return the floor's file and the flows' folder."""
        menu = {
            "menu": {"zh": _MENU_TEXT},
            "keys": {"1": "desk"},
            "timeout_s": _STAYS_S,
            "tries": _TRIES,
        }
        walks: Walks = {
            "line": {"desk": {"queue": QUEUE}},
            "probe": {"desk": {"queue": PROBES}},
            "menu": {"choice": menu, "desk": {"queue": QUEUE}},
        }
        return written(folder, self._floor(), walks)

    def _floor(self) -> dict[str, object]:
        skills = dict.fromkeys(self.line_agents, "bench") | dict.fromkeys(
            self.probe_agents, "probe"
        )
        return {
            "province": "YJ",
            "numbers": {
                LINE: {"name": "straight to the queue", "flow": "line"},
                MENU: {"name": "a menu first", "flow": "menu"},
                PROBE_LINE: {"name": "listened to", "flow": "probe"},
            },
            "skills": {"bench": "bench", "probe": "probe"},
            "queues": {QUEUE: self._queue("bench"), PROBES: self._queue("probe")},
            "agents": {
                agent: {"name": f"agent {agent}", "skills": [skills[agent]]}
                for agent in self.agent_ids
            },
        }

    def _queue(self, skill: str) -> dict[str, object]:
        return {
            "name": skill,
            "skills": [skill],
            "ring_s": 15,
            "wrap_up_s": 0,
        }

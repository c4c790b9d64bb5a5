"""Handling times worked out anew from every call ever told: the oracle of the tests."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from math import exp, log

from acd.routing.components import Cell, Components, settled
from acd.vocabulary.ids import AgentId


@dataclass
class SlowTimes:
    """Keeps all calls, and sums and solves from the beginning each time."""

    calls: list[tuple[AgentId, str, float, int]] = field(default_factory=list)
    components: Components = field(default_factory=Components)
    day: int = 0
    settled_calls: float = 0.0

    def learn(
        self, agent_id: AgentId, kind: str, handle_s: float, at: datetime
    ) -> None:
        if handle_s < 5:
            return
        day = int((at.timestamp() - 20 * 3600) // 86400)
        if self.calls and day > self.day:
            self.day = day
            self._settle()
        self.day = day
        x = min(log(handle_s), self.components.longest(kind))
        self.calls.append((agent_id, kind, x, day))
        known = self._known()
        unknown = sum(n for (_, k), (n, _, _) in self._sums().items() if k == kind) * (
            kind not in self.components.means
        )
        if known >= max(50, 1.5 * self.settled_calls) or unknown >= 20:
            self._settle()

    def expected_s(self, agent_id: AgentId, kind: str) -> float:
        """Solve the normal equations of the agent's own kinds, without a shortcut."""
        c = self.components
        own = {
            k: (n, total / n)
            for (a, k), (n, total, _) in self._sums().items()
            if a == agent_id and k in c.means
        }
        kinds = list(own)
        matrix = [
            [c.agents + (j == k) * (c.kinds + c.rest(k) / own[k][0]) for j in kinds]
            for k in kinds
        ]
        solved = solve(matrix, [own[k][1] - c.means[k] for k in kinds])
        agent = c.agents * sum(solved)
        of_kind = c.kinds * solved[kinds.index(kind)] if kind in own else 0.0
        return exp(c.mean(kind) + agent + of_kind + c.rest(kind) / 2)

    def _sums(self) -> dict[tuple[AgentId, str], tuple[float, float, float]]:
        sums: dict[tuple[AgentId, str], list[float]] = defaultdict(lambda: [0.0] * 3)
        for agent_id, kind, x, day in self.calls:
            weight = 0.5 ** ((self.day - day) / 28)
            for i, power in enumerate((1.0, x, x * x)):
                sums[agent_id, kind][i] += weight * power
        return {key: (n, x, q) for key, (n, x, q) in sums.items() if n >= 0.02}

    def _known(self) -> float:
        return sum(found[0] for found in self._sums().values())

    def _settle(self) -> None:
        cells: dict[AgentId, dict[str, Cell]] = {}
        for (agent_id, kind), sums in self._sums().items():
            cells.setdefault(agent_id, {})[kind] = Cell(*sums)
        self.components = settled(cells, self.components)
        self.settled_calls = self._known()


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Return x of ``matrix x = right``, by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for j in range(len(rows)):
            if j != i:
                rows[j] = [
                    a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)
                ]
    return [row[-1] for row in rows]

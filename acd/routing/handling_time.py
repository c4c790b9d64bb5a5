"""How long an agent is expected to handle a kind of call, and how sure that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from json import dumps, loads
from math import erfc, exp, log, pi, sqrt

from acd.routing.components import Cell, Components, Effects, Kind, settled
from acd.vocabulary.ids import AgentId
from acd.vocabulary.offer_facts import Party

HALF_LIFE_DAYS = 28.0
"""After so long a call counts half: people learn, and change."""
SHORTEST_S = 5.0
"""What took less was no call that anybody handled."""
CUT_SHORT_S = 20.0
"""Whoever hangs up on a caller sooner has not handled the call to its end."""

_DAY_BEGINS_S = 20 * 3600
"""In UTC: four in the morning in China, when fewest call."""
_DAY_S = 86_400
_FADED = 0.02
"""A cell of fewer calls than this is forgotten."""
_FIRST_SETTLED = 50.0
_GROWTH = 1.5
"""The components are worked out anew each day, and whenever so much more is known than
when they were last: work of all agents once, for each many calls."""
_NEW_KIND = 20.0
"""So many calls of a kind without a mean work them out as well."""
_CERTAIN = 1.645
"""Half the width of a 90 % interval, in standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is expected of one agent with one kind of call."""

    expected_s: float
    low_s: float
    """With ``high_s`` it holds the agent's true mean in nine cases of ten."""
    high_s: float
    spread: float
    """Standard deviation of the estimate's logarithm: 0.1 is about 10 %."""
    calls: float
    """The agent's calls of this kind, faded; 0 where nothing is known."""


_NOTHING = Components()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that was learned, as a value: for checkpoints, the database and replays."""

    day: int | None = None
    """Number of the day up to which it is faded; None where nothing was learned."""
    calls: float = 0.0
    """How many calls, faded."""
    settled_calls: float = 0.0
    """How many there were when the components were worked out."""
    components: Components = _NOTHING
    agents: tuple[tuple[AgentId, str], ...] = ()
    """Of each agent as JSON: kind to calls, sum and sum of squares of log seconds.

    It is text since most agents' do not change from one checkpoint to the next.
    """


def day_of(at: datetime) -> int:
    """Return the number of the day that an instant belongs to."""
    return int((at.timestamp() - _DAY_BEGINS_S) // _DAY_S)


def is_cut(talk_s: float, by: Party) -> bool:
    """Tell whether an agent ended a conversation at once."""
    return by is Party.AGENT and talk_s < CUT_SHORT_S


def is_whole(talk_s: float, by: Party) -> bool:
    """Tell whether a call was handled to its end, as far as is known."""
    return by is not Party.SYSTEM and not is_cut(talk_s, by)


class HandlingTimes:
    """Handling times of all agents: talk, hold and wrap-up.

    The model is ``log T = kind + agent + agent's kind + rest``, each term shrunken by
    what is known of it. A new agent counts as average; one call changes an estimate
    little, fifty change it much.

    An agent's estimates change when one of their own calls is learned, and everybody's
    when ``revision`` does; at no other time, whatever the clock shows.
    """

    def __init__(self, known: Known | None = None) -> None:
        """Begin with what is known; with nothing everybody is average."""
        self.revision = -1
        """Counts how often everybody's estimates changed."""
        self.take(known or Known())

    def take(self, known: Known) -> None:
        """Let this stand for all that was learned."""
        self.revision += 1
        self.components = known.components
        self._day = known.day
        self._calls = known.calls
        self._settled_calls = known.settled_calls
        self._cells = {
            agent_id: {kind: Cell(*sums) for kind, sums in loads(own).items()}
            for agent_id, own in known.agents
        }
        self._new_kinds: dict[Kind, float] = {}
        for own in self._cells.values():
            for kind, cell in own.items():
                self._count_new(kind, cell.calls)
        self._effects: dict[AgentId, Effects] = {}
        self._expected: dict[AgentId, dict[Kind, float]] = {}
        self._averages: dict[Kind, float] = {}
        self._texts = dict(known.agents)
        self.unwritten = dict.fromkeys(self.pairs())
        """Of whom and of which kind there is news, until somebody writes it down."""

    @property
    def day(self) -> int | None:
        """Number of the day up to which all is faded; None: nothing was learned."""
        return self._day

    def learn(
        self,
        agent_id: AgentId,
        kind: Kind,
        handle_s: float,
        at: datetime,
        *,
        is_whole: bool = True,
    ) -> None:
        """Take in one handled call; what took less than ``SHORTEST_S`` is none.

        What is longer than all but one in 200 of its kind counts as long as these.

        Args:
            agent_id: Who handled it.
            kind: The kind of call.
            handle_s: Talk, hold and wrap-up together.
            at: When the handling ended.
            is_whole: False where somebody else went on with it, or the caller was cut
                short: it would have taken longer, and counts as long as such calls do
                on the average.
        """
        if not handle_s >= SHORTEST_S:
            return
        self._turn_day(at)
        x = min(log(handle_s), self.components.longest(kind))
        spread = 0.0
        if not is_whole:
            x, spread = self._beyond(agent_id, kind, x)
        own = self._cells.setdefault(agent_id, {})
        cell = own.setdefault(kind, Cell())
        cell.calls += 1.0
        cell.total += x
        cell.squares += x * x + spread
        self._calls += 1.0
        self.unwritten[agent_id, kind] = None
        self._texts.pop(agent_id, None)
        self._expected.pop(agent_id, None)
        self._effects.pop(agent_id, None)
        self._count_new(kind, 1.0)
        is_much = self._calls >= max(_FIRST_SETTLED, self._settled_calls * _GROWTH)
        if is_much or self._new_kinds.get(kind, 0.0) >= _NEW_KIND:
            self.settle()

    def expected_s(self, agent_id: AgentId, kind: Kind) -> float:
        """Return the seconds that an agent is expected to need for a kind of call."""
        own = self._expected.get(agent_id)
        if own is None:
            own = self._expected[agent_id] = {}
        found = own.get(kind)
        if found is None:
            found = own[kind] = exp(
                self._log_mean(agent_id, kind) + self.components.rest(kind) / 2
            )
        return found

    def average_s(self, kind: Kind) -> float:
        """Return what the average agent, or one of whom nothing is known, needs."""
        found = self._averages.get(kind)
        if found is None:
            found = self._averages[kind] = exp(
                self.components.mean(kind) + self.components.rest(kind) / 2
            )
        return found

    def estimate(self, agent_id: AgentId, kind: Kind) -> Estimate:
        """Return the expectation with its uncertainty."""
        cell = self._cells.get(agent_id, {}).get(kind)
        calls = cell.calls if cell is not None else 0.0
        rest, kinds = self.components.rest(kind), self.components.kinds
        is_told = calls > 0 and kind in self.components.means
        own_share = kinds / (kinds + rest / calls) if is_told else 0.0
        variance = self._effects_of(agent_id).variance * (1 - own_share) ** 2
        spread = sqrt(variance + kinds * (1 - own_share))
        expected_s = self.expected_s(agent_id, kind)
        factor = exp(_CERTAIN * spread)
        return Estimate(
            expected_s=expected_s,
            low_s=expected_s / factor,
            high_s=expected_s * factor,
            spread=spread,
            calls=calls,
        )

    def pairs(self) -> Iterable[tuple[AgentId, Kind]]:
        """Return each agent and kind of which something is known."""
        return ((agent, kind) for agent, own in self._cells.items() for kind in own)

    def sums(self, agent_id: AgentId, kind: Kind) -> tuple[float, float, float]:
        """Return calls, sum and sum of squares of their log seconds; 0 of no call."""
        cell = self._cells.get(agent_id, {}).get(kind) or Cell()
        return cell.calls, cell.total, cell.squares

    def known(self) -> Known:
        """Return all that was learned, as a value that can be kept."""
        return Known(
            day=self._day,
            calls=self._calls,
            settled_calls=self._settled_calls,
            components=self.components,
            agents=tuple((a, self._text(a, own)) for a, own in self._cells.items()),
        )

    def settle(self) -> None:
        """Work out the components anew, from all that is known."""
        self.components = settled(self._cells, self.components)
        self._settled_calls = self._calls
        self._new_kinds.clear()
        self._expected.clear()
        self._averages.clear()
        self._effects.clear()
        self.revision += 1

    def _text(self, agent_id: AgentId, own: Mapping[Kind, Cell]) -> str:
        text = self._texts.get(agent_id)
        if text is None:
            sums = {k: (c.calls, c.total, c.squares) for k, c in own.items()}
            text = self._texts[agent_id] = dumps(sums, ensure_ascii=False)
        return text

    def _log_mean(self, agent_id: AgentId, kind: Kind) -> float:
        agent = self._effects_of(agent_id).agent
        mean = self.components.mean(kind)
        cell = self._cells.get(agent_id, {}).get(kind)
        if cell is None or kind not in self.components.means:
            return mean + agent
        pseudo = self.components.rest(kind) / self.components.kinds
        surplus = cell.total / cell.calls - mean - agent
        return mean + agent + cell.calls / (cell.calls + pseudo) * surplus

    def _effects_of(self, agent_id: AgentId) -> Effects:
        found = self._effects.get(agent_id)
        if found is None:
            own: Mapping[Kind, Cell] = self._cells.get(agent_id, {})
            found = self._effects[agent_id] = self.components.effects(own)
        return found

    def _beyond(self, agent_id: AgentId, kind: Kind, x: float) -> tuple[float, float]:
        """Return mean and variance of log seconds of calls longer than one."""
        mean, sd = self._log_mean(agent_id, kind), sqrt(self.components.rest(kind))
        z = (x - mean) / sd
        density = exp(-z * z / 2) / sqrt(2 * pi)
        lift = density / max(erfc(z / sqrt(2)) / 2, 1e-12)
        variance = sd * sd * max(0.0, 1 + z * lift - lift * lift)
        return max(x, mean + sd * lift), variance

    def _count_new(self, kind: Kind, calls: float) -> None:
        if kind not in self.components.means:
            self._new_kinds[kind] = self._new_kinds.get(kind, 0.0) + calls

    def _turn_day(self, at: datetime) -> None:
        """Let everything fade when a day has gone.

        A clock that was set back by more than a day takes the day along: nothing fades
        twice, and nothing stays as it is until the clock is there again.
        """
        day = day_of(at)
        if self._day is None or day < self._day - 1:
            self._day = day
        elif day > self._day:
            self._fade(0.5 ** ((day - self._day) / HALF_LIFE_DAYS))
            self._day = day
            self.settle()

    def _fade(self, share: float) -> None:
        self._calls = 0.0
        self._texts.clear()
        for agent_id, own in list(self._cells.items()):
            for kind, cell in list(own.items()):
                cell.fade(share)
                if cell.calls < _FADED:
                    del own[kind]
                else:
                    self._calls += cell.calls
            if not own:
                del self._cells[agent_id]

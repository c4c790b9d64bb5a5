"""Estimates over HTTP: what is expected of agents, and the word to take it anew."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from pydantic import BaseModel, ConfigDict

from acd.routing.handling_time import Estimate
from acd.vocabulary.ids import AgentId, QueueId
from services.api.ports import Floor
from services.api.problems import told_by
from services.api.rights import OfAsker, OfNotes, needs, of_agent
from services.people.rights import Asker, Kind, Right, extent, may
from services.store.audit import Act

router = APIRouter(prefix="/estimates", tags=["estimates"])


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateView:
    """What one agent is expected to need for a kind of call."""

    agent_id: AgentId
    kind: str
    expected_s: float
    low_s: float
    """With ``high_s`` it holds the true mean in nine cases of ten."""
    high_s: float
    spread: float
    calls: float
    """Faded by days."""

    @classmethod
    def of(cls, agent_id: AgentId, kind: str, estimate: Estimate) -> "EstimateView":
        """Show an estimate."""
        return cls(agent_id=agent_id, kind=kind, **asdict(estimate))


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityView:
    """How one agent's calls end; all but ``calls`` are shares."""

    agent_id: AgentId
    calls: float
    repeat_rate: float
    cut_rate: float
    dissatisfied_rate: float
    resolved_share: float


class Estimating(Protocol):
    """What the running engine expects of its agents."""

    def kinds(self) -> Mapping[QueueId, str]:
        """Return the kind of call of each queue."""

    def average_s(self, kind: str) -> float:
        """Return what the average agent needs for a kind of call."""

    def shown(
        self, agent_id: AgentId | None, kind: str | None
    ) -> Sequence[EstimateView]:
        """Return what is expected, by kind and then the quickest first."""

    def quality(self, agent_id: AgentId | None) -> Sequence[QualityView]:
        """Return how agents' calls end, by id."""

    async def take(self) -> int:
        """Let the engine take what is on record; return of how many agents."""


class EstimateOut(BaseModel):
    """What one agent is expected to need for a kind of call."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "agent_id": "1001",
                "kind": "fault",
                "expected_s": 212.4,
                "low_s": 186.0,
                "high_s": 242.5,
                "spread": 0.081,
                "calls": 74.2,
            }
        },
    )

    agent_id: str
    kind: str
    expected_s: float
    low_s: float
    high_s: float
    spread: float
    calls: float


class QualityOut(BaseModel):
    """How one agent's calls end."""

    model_config = ConfigDict(from_attributes=True)

    agent_id: str
    calls: float
    repeat_rate: float
    cut_rate: float
    dissatisfied_rate: float
    resolved_share: float


class EstimatesOut(BaseModel):
    """What is expected of agents, and of the average agent by kind."""

    kinds: dict[str, str]
    """The kind of call of each queue."""
    average_s: dict[str, float]
    estimates: list[EstimateOut]
    quality: list[QualityOut]


class TakenOut(BaseModel):
    """Of how many agents the engine took what is on record."""

    agents: int


def estimating_of(request: Request) -> Estimating:
    """Return what the app was given."""
    estimating: Estimating = request.app.state.estimating
    return estimating


OfEstimating = Annotated[Estimating, Depends(estimating_of)]
Wanted = Annotated[str | None, Query(max_length=64)]


@router.get("", **needs(Right.SEE_ESTIMATES, of="many"))
async def estimates(
    request: Request,
    estimating: OfEstimating,
    asker: OfAsker,
    agent_id: Wanted = None,
    kind: Wanted = None,
) -> EstimatesOut:
    """Show what is expected of agents, of one agent, or of one kind of call."""
    is_theirs = _theirs(request.app.state.floor, asker)
    who = AgentId(agent_id) if agent_id is not None else None
    shown = [it for it in estimating.shown(who, kind) if is_theirs(it.agent_id)]
    kinds = estimating.kinds()
    wanted = sorted({*kinds.values(), *(it.kind for it in shown)})
    return EstimatesOut(
        kinds={str(queue_id): name for queue_id, name in kinds.items()},
        average_s={it: estimating.average_s(it) for it in wanted if kind in (None, it)},
        estimates=[EstimateOut.model_validate(it) for it in shown],
        quality=[
            QualityOut.model_validate(it)
            for it in estimating.quality(who)
            if is_theirs(it.agent_id)
        ],
    )


def _theirs(floor: Floor, asker: Asker) -> Callable[[AgentId], bool]:
    """Return what tells whether an agent, also one who has left, is in reach."""
    right = Right.SEE_ESTIMATES
    if extent(asker, right).is_whole:
        return lambda _agent_id: True
    agents = floor.agents()
    known = {
        one.agent_id for one in agents if may(asker, right, of_agent(one)).is_allowed
    }
    return known.__contains__


@router.post(
    "/take",
    status_code=202,
    responses=told_by(409, 503),
    **needs(Right.TAKE_ESTIMATES, of="centre"),
)
async def take(estimating: OfEstimating, asker: OfAsker, notes: OfNotes) -> TakenOut:
    """Let the engine take what is on record; calls go on meanwhile."""
    if asker.kind is not Kind.OPERATOR:
        notes.note(Act.ESTIMATES_TAKEN, actor=asker.name, what="estimates")
    return TakenOut(agents=await estimating.take())


def install(app: FastAPI, estimating: Estimating) -> None:
    """Let an app show estimates."""
    app.state.estimating = estimating
    app.include_router(router)

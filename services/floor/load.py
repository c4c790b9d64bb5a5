"""The floor file and the flows to one proved floor, or every problem with its line."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePath

from acd.policy import AgentProfile, FloorPolicy, QueuePolicy, Target
from acd.vocabulary.ids import AgentId, DeviceId, Place, QueueId
from ivr.known import at_character, expressions_of
from ivr.load import WrittenFlow, WrittenSet, load_set
from ivr.problems import FlowRefused, Problem, Refused, source_problems
from ivr.source import Source, SourceRefused, parse_source, read_source
from ivr.steps import QueueStep, TransferStep
from ivr.together import FLOW, without_person
from ivr.wording import Wording, unknown
from ivr.words import problem_at, read_as
from services.floor.admission import Admission, Bucket
from services.floor.floor import Floor, Number
from services.floor.routing import (
    choice_of,
    levels_of,
    order_of,
    rona_of,
    routing_problems,
    steps_of,
    unknown_skills,
)
from services.floor.staffing import named_alike, unmet
from services.floor.written import (
    PATTERNS,
    Entry,
    WrittenAdmission,
    WrittenAgent,
    WrittenFloor,
    WrittenQueue,
    options_at,
)
from services.floor.written_routing import as_in_file

_QUEUE = Wording(en="queue", zh="队列")
_SKILL = Wording(en="skill", zh="技能")
_NUMBER = Wording(en="number", zh="号码")

MOST_NODES = 100_000
"""Some thousand agents with their skills; a floor cannot be split."""


ReadFlows = Callable[[], WrittenSet]
"""Gives the flows, and what stands beside them."""


class FloorRefused(Refused):
    """The floor file, or a flow that it needs, cannot be used."""


def load_floor(path: Path, flows: Path) -> Floor:
    """Read the floor and all flows, and prove them against each other.

    Args:
        path: The floor file.
        flows: The folder of flows.

    Raises:
        FloorRefused: With every problem of the floor file and of every flow.
    """
    return load_floor_with(path, partial(load_set, flows))


def load_floor_with(path: Path, flows: ReadFlows) -> Floor:
    """Read the floor, and prove it against flows of elsewhere; see ``load_floor``."""
    try:
        source = read_source(path, most_nodes=MOST_NODES)
    except SourceRefused as refused:
        return _proved(None, source_problems(path, refused), flows)
    return _proved(source, [], flows)


def load_text(text: str, flows: ReadFlows, *, file: str) -> Floor:
    """Prove a floor that is not, or not yet, a file's; see ``load_floor``.

    Args:
        text: As it would stand in a file.
        flows: Gives the flows, or raises FlowRefused.
        file: What it is called in messages.

    Raises:
        FloorRefused: With every problem of the text and of every flow.
    """
    try:
        source = parse_source(text.encode(), file=file, most_nodes=MOST_NODES)
    except SourceRefused as refused:
        return _proved(None, source_problems(PurePath(file), refused), flows)
    return _proved(source, [], flows)


def _proved(source: Source | None, problems: list[Problem], flows: ReadFlows) -> Floor:
    written: WrittenFloor | None = None
    flow_set: WrittenSet | None = None
    try:
        flow_set = flows()
    except FlowRefused as refused:
        problems += refused.problems
    if source is not None:
        written, found = _read(source)
        problems += found
    if source is not None and written is not None:
        problems += _inner_problems(source, written)
        if flow_set is not None:
            problems += _unfit_flows(source, written, flow_set.flows)
            problems += _unknown_in_flows(written, flow_set.flows.values())
            if not problems:
                problems += unmet(source, written, flow_set.flows.values())
    if problems or written is None or flow_set is None:
        raise FloorRefused(problems)
    return _floor(written, flow_set)


def _read(source: Source) -> tuple[WrittenFloor | None, list[Problem]]:
    written = read_as(
        WrittenFloor,
        source,
        options_at=options_at,
        trail_of=as_in_file,
        patterns=PATTERNS,
    )
    if isinstance(written, list):
        return None, written
    return written, []


def _inner_problems(source: Source, floor: WrittenFloor) -> Iterator[Problem]:
    """Tell skills that are not listed, and devices that two agents have."""
    holders: dict[str, Mapping[str, WrittenQueue | WrittenAgent]] = {
        "queues": floor.queues,
        "agents": floor.agents,
    }
    for part, entries in holders.items():
        for name, entry in entries.items():
            yield from unknown_skills(source, (part, name), entry.skills, floor.skills)
    yield from routing_problems(source, floor)
    yield from named_alike(source, floor)
    reserved = sum(entry.reserved for entry in floor.numbers.values())
    if reserved >= floor.admission.calls:
        what = (
            f"must be more than the {reserved} lines that numbers reserve, "
            f"got {floor.admission.calls}"
        )
        yield problem_at(source, ("admission", "calls"), what)
    for number, dialled in floor.numbers.items():
        if dialled.open is not None and dialled.open not in floor.queues:
            what = unknown(dialled.open, _QUEUE, floor.queues)
            yield problem_at(source, ("numbers", number, "open"), what)
    owners: dict[str, str] = {}
    for agent_id, agent in floor.agents.items():
        device = _device_of(agent_id, agent)
        owner = owners.setdefault(device, agent_id)
        if owner != agent_id:
            what = f"{device!r} is the device of agent {owner!r}; name another"
            yield problem_at(source, ("agents", agent_id, "device"), what)


def _unfit_flows(
    source: Source, floor: WrittenFloor, flows: Mapping[str, WrittenFlow]
) -> Iterator[Problem]:
    """Tell numbers whose flow there is not, or has no person to reach."""
    for number, entry in floor.numbers.items():
        where = ("numbers", number, "flow")
        if entry.flow not in flows:
            yield problem_at(source, where, unknown(entry.flow, FLOW, flows))
        elif not flows[entry.flow].flow.has_person:
            yield problem_at(source, where, without_person(entry.flow))


def _unknown_in_flows(
    floor: WrittenFloor, flows: Iterable[WrittenFlow]
) -> Iterator[Problem]:
    for written in flows:
        for name, step in written.flow.steps.items():
            here = ("steps", name)
            if isinstance(step, TransferStep) and step.transfer not in floor.numbers:
                what = unknown(step.transfer, _NUMBER, floor.numbers)
                yield problem_at(written.source, (*here, "transfer"), what)
            for trail, expression in expressions_of(step):
                for one in expression.names():
                    first, _, rest = one.name.partition(".")
                    queue_id = rest.partition(".")[0]
                    if first == "queue" and queue_id not in floor.queues:
                        what = unknown(queue_id, _QUEUE, floor.queues)
                        what = at_character(one.place, what)
                        yield problem_at(written.source, (*here, *trail), what)
            if not isinstance(step, QueueStep):
                continue
            for field, queue in step.queues.items():
                if queue not in floor.queues:
                    what = unknown(queue, _QUEUE, floor.queues)
                    yield problem_at(written.source, (*here, *field.split(".")), what)
            for place, skill in enumerate(step.skills):
                if skill not in floor.skills:
                    trail = (*here, "skills", str(place))
                    what = unknown(skill, _SKILL, floor.skills)
                    yield problem_at(written.source, trail, what)


def _floor(floor: WrittenFloor, flow_set: WrittenSet) -> Floor:
    flows = flow_set.flows
    return Floor(
        numbers={
            number: Number(
                number=number,
                name=entry.name,
                flow=entry.flow,
                place=_place_of(floor, entry),
                reserved=entry.reserved,
                open_queue_id=QueueId(entry.open or _person_of(flows[entry.flow])),
                call_class=entry.call_class,
            )
            for number, entry in floor.numbers.items()
        },
        policy=policy_of(floor),
        admission=_admission(floor.admission),
        flows={name: written.flow for name, written in flows.items()},
        hours=flow_set.hours,
        look_ups=flow_set.look_ups,
        everywhere=flow_set.everywhere,
    )


def _admission(written: WrittenAdmission) -> Admission:
    return Admission(
        calls=written.calls,
        overall=Bucket(per_s=written.per_s, burst=written.burst),
        number=Bucket(per_s=written.number_per_s, burst=written.number_burst),
        caller=Bucket(per_s=written.caller_per_min / 60, burst=written.caller_burst),
        refuse_by=written.refuse_by,
        announcements=written.announcements,
    )


def _person_of(written: WrittenFlow) -> str:
    person = written.flow.steps[written.flow.person]
    if not isinstance(person, QueueStep):
        raise TypeError(f"flow {written.flow.name!r}: its person is no queue")
    return person.queue


def policy_of(floor: WrittenFloor) -> FloorPolicy:
    """Return queues, agents and rules as the engine takes them."""
    queues = [
        QueuePolicy(
            queue_id=QueueId(queue_id),
            name=entry.name,
            steps=steps_of(floor, entry),
            ring_s=entry.ring_s,
            wrap_up_s=entry.wrap_up_s,
            place=_place_of(floor, entry),
            max_waiting=entry.max_waiting,
            priority=entry.priority,
            ageing_s=entry.ageing_s,
            floor_s=entry.floor_s,
            target=Target(share=entry.target.share, within_s=entry.target.within_s),
            kind=entry.kind or "",
            choice=choice_of(entry.choice or floor.choice),
        )
        for queue_id, entry in floor.queues.items()
    ]
    agents = [
        AgentProfile(
            agent_id=AgentId(agent_id),
            name=entry.name,
            device_id=DeviceId(_device_of(agent_id, entry)),
            levels=levels_of(entry.skills),
            place=_place_of(floor, entry),
        )
        for agent_id, entry in floor.agents.items()
    ]
    return FloorPolicy(
        queues={queue.queue_id: queue for queue in queues},
        agents={agent.agent_id: agent for agent in agents},
        order=order_of(floor.order),
        rona=rona_of(floor.rona),
    )


def _device_of(agent_id: str, agent: WrittenAgent) -> str:
    return agent.device or f"dev-{agent_id}"


def _place_of(floor: WrittenFloor, entry: Entry) -> Place:
    """Return an entry's place; another province's has the floor's unit no more."""
    if entry.province is None or entry.province == floor.province:
        return Place(province=floor.province, unit=entry.unit or floor.unit)
    return Place(province=entry.province, unit=entry.unit or "-")

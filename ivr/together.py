"""What can be proved of flows only together: who walks whom, what is known where."""

from collections.abc import Iterator, Mapping

from ivr.doing import DEEPEST
from ivr.flow import Flow
from ivr.known import Elsewhere, Finding, names_of, unknown_names
from ivr.rounds import comes_back
from ivr.sayings import no_danger, sayings
from ivr.secrecy import secrets_of, told_secrets
from ivr.steps import ReturnStep, SubFlowStep, TransferStep
from ivr.wording import Wording, unknown

Flows = Mapping[str, Flow]
FLOW = Wording(en="flow", zh="流程")


def without_person(name: str) -> Wording:
    """Return the words for a flow that calls are led into, and that has no person."""
    return Wording(
        en=f"flow {name!r} leaves its person to the flow that walks it, and here none "
        "does; give it `person: …` with a step `queue: …`",
        zh=f"流程 {name!r} 的人工由调用它的流程决定，而这里没有流程调用它；"
        "请给它写 `person: …` 和一个 `queue: …` 步骤",
    )


def findings_together(
    flows: Flows, elsewhere: Elsewhere
) -> Iterator[tuple[str, Finding]]:
    """Yield what is wrong with flows beside each other, with the name of each flow.

    Args:
        flows: By name; each is right by itself.
        elsewhere: What they may name that stands in other files.
    """
    known = known_in(flows, elsewhere)
    kin = kin_of(flows)
    for name, flow in flows.items():
        yield from ((name, one) for one in _unknown_flows(flow, flows))
        yield from ((name, one) for one in _too_deep(flow, flows))
        yield from ((name, one) for one in _returns(flow, flows))
        yield from ((name, one) for one in _languages(flow, flows))
        yield from ((name, one) for one in _failing_again(flow, flows))
        yield from ((name, one) for one in unknown_names(flow, known[name], elsewhere))
        yield from ((name, one) for one in no_danger(flow, flows))
        yield from ((name, one) for one in sayings(flow, elsewhere.everywhere))
        secrets = secrets_of(flows[other] for other in kin[name])
        yield from ((name, one) for one in told_secrets(flow, secrets, elsewhere))


def known_in(flows: Flows, elsewhere: Elsewhere) -> Mapping[str, frozenset[str]]:
    """Return the values that each flow may find, its own and its kin's."""
    own = {
        name: frozenset().union(
            *(names_of(step, elsewhere) for step in flow.steps.values())
        )
        for name, flow in flows.items()
    }
    kin = kin_of(flows)
    return {
        name: frozenset().union(*(own[other] for other in kin[name])) for name in flows
    }


def kin_of(flows: Flows) -> Mapping[str, frozenset[str]]:
    """Return which flows are walked in one call with each: values go with the caller.

    A flow that another one transfers to has its values, but not the other way round.
    """
    into = {name: _inner(flow, flows) for name, flow in flows.items()}
    given = {name: _given(flow, flows) for name, flow in flows.items()}
    found: dict[str, frozenset[str]] = {}
    for name in flows:
        kin, todo = {name}, [name]
        while todo:
            one = todo.pop()
            near = into[one] | {other for other in flows if one in into[other]}
            near |= {other for other in flows if one in given[other]}
            todo += near - kin
            kin |= near
        found[name] = frozenset(kin)
    return found


def _inner(flow: Flow, flows: Flows) -> set[str]:
    steps = flow.steps.values()
    return {it.flow for it in steps if isinstance(it, SubFlowStep) and it.flow in flows}


def _given(flow: Flow, flows: Flows) -> set[str]:
    # Numbers stand on the floor: any flow may be the other number's.
    if any(isinstance(it, TransferStep) for it in flow.steps.values()):
        return {*flows}
    return set()


def _steps_into(flow: Flow, flows: Flows) -> Iterator[tuple[str, SubFlowStep]]:
    for name, step in flow.steps.items():
        if isinstance(step, SubFlowStep) and step.flow in flows:
            yield name, step


def _unknown_flows(flow: Flow, flows: Flows) -> Iterator[Finding]:
    for name, step in flow.steps.items():
        if isinstance(step, SubFlowStep) and step.flow not in flows:
            yield ("steps", name, "flow"), unknown(step.flow, FLOW, flows)


def _too_deep(flow: Flow, flows: Flows) -> Iterator[Finding]:
    for name, step in _steps_into(flow, flows):
        way = _deepest(step.flow, flows, (flow.name,))
        if way[-1] == flow.name:
            what = Wording(
                en=f"comes back to itself: {' → '.join(way)}; use `goto` instead",
                zh=f"又回到了自己：{' → '.join(way)}；请改用 `goto`",
            )
            yield ("steps", name, "flow"), what
        elif len(way) - 1 > DEEPEST and len(set(way)) == len(way):
            what = Wording(
                en=f"more than {DEEPEST} flows in each other: {' → '.join(way)}; "
                "join some of them",
                zh=f"流程嵌套超过 {DEEPEST} 层：{' → '.join(way)}；请合并其中几个",
            )
            yield ("steps", name, "flow"), what


def _deepest(name: str, flows: Flows, way: tuple[str, ...]) -> tuple[str, ...]:
    """Return the way into the deepest flow, or back to the first one."""
    here = (*way, name)
    if name in way or len(here) > DEEPEST + 1:
        return here
    deeper = [_deepest(one, flows, here) for one in sorted(_inner(flows[name], flows))]
    back = [one for one in deeper if one[-1] == way[0]]
    return max(back or deeper, key=len, default=here)


def _returns(flow: Flow, flows: Flows) -> Iterator[Finding]:
    """Tell flows that give back and are walked from nowhere."""
    steps = flow.steps.items()
    back = {n: step for n, step in steps if isinstance(step, ReturnStep)}
    walked_from = [one for one in flows.values() if flow.name in _inner(one, flows)]
    if not back or walked_from:
        return
    first = next(iter(back))
    if back[first].is_to_a_person:
        yield (
            ("steps", first),
            Wording(
                en="gives back for a person, and no flow walks this one; write "
                "`queue: …`",
                zh="要返回上级流程转人工，但没有流程调用本流程；请写 `queue: …`",
            ),
        )
    else:
        yield (
            ("steps", first),
            Wording(
                en="gives back, and no flow walks this one; use a queue or hang up",
                zh="要返回，但没有流程调用本流程；请改为转队列或挂机",
            ),
        )


def _failing_again(flow: Flow, flows: Flows) -> Iterator[Finding]:
    """Tell flows whose failures would lead into them again."""
    for name, step in _steps_into(flow, flows):
        is_left = flows[step.flow].leaves_failures and not flow.leaves_failures
        if is_left and comes_back(flow, flow.failure, name):
            yield (
                ("steps", name, "flow"),
                Wording(
                    en=f"what fails in {step.flow!r} leads back to {name!r} by itself, "
                    "and would fail again; let `on_failure` lead to a person",
                    zh=f"{step.flow!r} 里的失败会自动回到 {name!r}，然后再次失败；"
                    "请让 `on_failure` 通向人工",
                ),
            )


def _languages(flow: Flow, flows: Flows) -> Iterator[Finding]:
    for name, step in _steps_into(flow, flows):
        inner = flows[step.flow]
        for language in flow.languages:
            if not inner.speaks(language):
                yield (
                    ("steps", name, "flow"),
                    Wording(
                        en=f"{step.flow!r} does not say everything in "
                        f"{language.value!r}, which is spoken here; write its texts, "
                        "or give it `languages`",
                        zh=f"这里会说 {language.value!r}，而 {step.flow!r} 没有写全"
                        "这种语言；请补齐文字，或给它写上 `languages`",
                    ),
                )

"""Ways that go round: silence, failures and loops that no caller gets out of."""

from collections.abc import Callable, Iterable, Iterator

from ivr.flow import Flow
from ivr.known import Finding
from ivr.steps import (
    AskingStep,
    HangUpStep,
    LookUpStep,
    OrderStep,
    QueueStep,
    RecordStep,
    ReturnStep,
    TransferStep,
)
from ivr.ways import By, ways_of
from ivr.wording import Wording
from ivr.written import StepName

_SILENT = frozenset(
    {By.ON, By.CASE, By.OTHERWISE, By.SILENCE, By.GIVE_UP, By.NOT_FOUND, By.FAILED}
)
"""How a caller goes who presses nothing."""
_Next = Callable[[StepName], Iterable[StepName]]


def rounds(flow: Flow) -> Iterator[Finding]:
    """Tell steps from which a walk never comes to an end."""
    endless = _endless(flow, lambda name: _ways(flow, name, frozenset(By)))
    silent = _endless(flow, lambda name: _in_silence(flow, name))
    for circle in _circles(
        _in_order(flow, endless), endless, lambda name: _ways(flow, name, frozenset(By))
    ):
        yield (
            ("steps", circle[0]),
            Wording(
                en=f"nobody ever gets out of {' → '.join(circle)}; let one of them "
                "lead to a queue or hang up",
                zh=f"来电者永远走不出 {' → '.join(circle)}；请让其中一步通向队列或挂机",
            ),
        )
    left = silent - endless
    for circle in _circles(
        _in_order(flow, left), left, lambda name: _in_silence(flow, name)
    ):
        yield (
            ("steps", circle[0]),
            Wording(
                en="a caller who presses nothing never gets out of "
                f"{' → '.join(circle)}; let one of them lead to a queue or hang up",
                zh=f"来电者不按键就永远走不出 {' → '.join(circle)}；"
                "请让其中一步通向队列或挂机",
            ),
        )
    yield from _failing_again(flow)


def _in_order(flow: Flow, names: set[StepName]) -> list[StepName]:
    return [name for name in flow.steps if name in names]


def _ways(flow: Flow, name: StepName, by: frozenset[By]) -> list[StepName]:
    return [way.goto for way in ways_of(flow, flow.steps[name]) if way.by in by]


def _in_silence(flow: Flow, name: StepName) -> list[StepName]:
    step = flow.steps[name]
    if isinstance(step, AskingStep):
        # It is asked again up to its limit; then one way is left.
        last = {By.SILENCE} if getattr(step, "on_silence", None) else {By.GIVE_UP}
        return _ways(flow, name, frozenset(last))
    return _ways(flow, name, _SILENT)


def _endless(flow: Flow, following: _Next) -> set[StepName]:
    """Return the steps from which no end can be reached."""
    ends = (QueueStep, TransferStep, ReturnStep, HangUpStep)
    safe = {name for name, step in flow.steps.items() if isinstance(step, ends)}
    left = [name for name in flow.steps if name not in safe]
    while True:
        more = {name for name in left if safe.intersection(following(name))}
        if not more:
            return set(left)
        safe |= more
        left = [name for name in left if name not in more]


def _circles(
    order: list[StepName], endless: set[StepName], following: _Next
) -> Iterator[list[StepName]]:
    """Yield the circles that steps without an end lead into, each once."""
    seen: set[StepName] = set()
    for first in order:
        way: list[StepName] = []
        name = first
        while name not in seen and name not in way:
            way.append(name)
            name = next((one for one in following(name) if one in endless), first)
        if name in way:
            yield [*way[way.index(name) :], name]
        seen.update(way)


def _failing_again(flow: Flow) -> Iterator[Finding]:
    """Tell failures that lead back to what failed without anybody being asked."""
    for name, step in flow.steps.items():
        if not isinstance(step, LookUpStep | OrderStep | RecordStep):
            continue
        for way in ways_of(flow, step):
            if way.by is By.FAILED and comes_back(flow, way.goto, name):
                yield (
                    ("steps", name, "failed"),
                    Wording(
                        en=f"leads back to {name!r} by itself, which would fail again; "
                        "let it lead to a person",
                        zh=f"会自动回到 {name!r}，然后再次失败；请让它通向人工",
                    ),
                )


def comes_back(flow: Flow, first: StepName, name: StepName) -> bool:
    """Tell whether a way leads from a step to another one without asking anybody."""
    reached: set[StepName] = set()
    todo = [first]
    while todo:
        one = todo.pop()
        if one == name:
            return True
        if one in reached or isinstance(flow.steps[one], AskingStep):
            continue
        reached.add(one)
        todo += _ways(flow, one, _SILENT)
    return False

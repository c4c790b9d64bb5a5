"""Secrets that a flow would speak, write down or send where they are not kept."""

from collections.abc import Iterable, Iterator

from ivr.expressions import Among, Expression, Literal, Node, Two
from ivr.flow import Flow
from ivr.known import Elsewhere, Finding, expressions_of, keeps_secret, shown_of
from ivr.steps import (
    BranchStep,
    CollectStep,
    LookUpStep,
    MenuStep,
    OrderStep,
    QueueStep,
    SetStep,
    SmsStep,
)
from ivr.wording import Wording


def secrets_of(flows: Iterable[Flow]) -> frozenset[str]:
    """Return the names of all secrets of flows that are walked with each other."""
    steps = [step for flow in flows for step in flow.steps.values()]
    secrets = {
        step.into for step in steps if isinstance(step, CollectStep) and step.secret
    }
    sets = [step for step in steps if isinstance(step, SetStep)]
    # As often as one may be set from another.
    for _ in sets:
        more = {
            name
            for step in sets
            for name, expression in step.values.items()
            if _has(expression, frozenset(secrets))
        }
        if more <= secrets:
            break
        secrets |= more
    return frozenset(secrets)


def told_secrets(
    flow: Flow, secrets: frozenset[str], elsewhere: Elsewhere
) -> Iterator[Finding]:
    """Tell where a flow gives a secret away."""
    for name, step in flow.steps.items():
        here = ("steps", name)
        for trail, shown in shown_of(step):
            if shown.name in secrets:
                is_sms = isinstance(step, SmsStep)
                how, how_zh = ("written", "写进短信") if is_sms else ("spoken", "播报")
                yield (
                    (*here, *trail),
                    Wording(
                        en=f"{shown.name!r} is secret and would be {how}; leave it out",
                        zh=f"{shown.name!r} 是保密内容，会被{how_zh}；请去掉",
                    ),
                )
        for trail, expression in expressions_of(step):
            if not _has(expression, secrets):
                continue
            where = (*here, *trail)
            match step:
                case BranchStep() if _compares(expression.node, secrets):
                    yield (
                        where,
                        Wording(
                            en=f"{str(expression)!r} is written down when it holds, "
                            "and tells the secret; look it up instead",
                            zh=f"{str(expression)!r} 成立时会被记录，从而泄露保密内容；"
                            "请改用查询核对",
                        ),
                    )
                case QueueStep() | SmsStep():
                    yield (
                        where,
                        Wording(
                            en=f"{str(expression)!r} is secret and would be told to "
                            "others; leave it out",
                            zh=f"{str(expression)!r} 是保密内容，会让别人看到；请去掉",
                        ),
                    )
                case LookUpStep() | OrderStep() if not keeps_secret(
                    step, trail[-1], elsewhere
                ):
                    yield (
                        where,
                        Wording(
                            en=f"{str(expression)!r} is secret and {trail[-1]!r} is "
                            "not kept so; declare it `secret` in lookups.yaml",
                            zh=f"{str(expression)!r} 是保密内容，而 {trail[-1]!r} "
                            "不按保密处理；请在 lookups.yaml 中把它声明为 `secret`",
                        ),
                    )
                case _:
                    pass


def told_keys(flow: Flow) -> Iterator[Finding]:
    """Tell secret keys that the step they lead to would tell."""
    for name, step in flow.steps.items():
        if not isinstance(step, MenuStep) or not step.secret:
            continue
        ways = sorted(set(step.keys.values()))
        if left_out := sorted(set("0123456789") - set(step.keys)):
            yield (
                ("steps", name, "keys"),
                Wording(
                    en=f"a secret key may be any digit, and {', '.join(left_out)} "
                    "would do something else here; write all ten",
                    zh="保密按键可以是任何数字，而 "
                    f"{'、'.join(left_out)} 在这里另有用途；请把十个数字都写上",
                ),
            )
        if len(ways) > 1:
            yield (
                ("steps", name, "keys"),
                Wording(
                    en=f"a secret key leads to {', '.join(ways)}, and the step entered "
                    "tells which it was; let all keys lead to one",
                    zh=f"保密按键通向 {'、'.join(ways)}，从进入的步骤就能看出按了什么；"
                    "请让所有按键通向同一步骤",
                ),
            )


def _has(expression: Expression, secrets: frozenset[str]) -> bool:
    return any(one.name in secrets for one in expression.names())


def _compares(node: Node, secrets: frozenset[str]) -> bool:
    """Tell whether a secret is held against something that is written out."""
    match node:
        case Two():
            sides: tuple[Node, ...] = (node.left, node.right)
        case Among():
            sides = (node.left, *node.options)
        case _:
            inner = getattr(node, "inner", ())
            nodes = inner if isinstance(inner, tuple) else (inner,)
            return any(_compares(one, secrets) for one in nodes)
    names = {getattr(side, "name", "") for side in sides}
    has_literal = any(isinstance(side, Literal) and side.value for side in sides)
    return bool(names & secrets) and has_literal

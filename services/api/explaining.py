"""A routing decision in plain sentences, in Chinese and in English."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from types import MappingProxyType
from typing import Literal

from acd.vocabulary.routing_facts import Excluded, RoutingDecided, Scored

Language = Literal["zh", "en"]

_RULES: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "longest_idle": "longest idle",
            "transfer": "the one whom the caller was transferred to",
            "least_occupied": "least occupied",
            "fastest_first": "fastest first",
            "round_robin": "round robin",
            "priority_matrix": "best level",
            "blend": "handling time and idle time together",
            "longest_wait": "longest wait",
            "by_priority": "by priority",
            "fixed_ratio": "fixed ratio of queues",
            "cmu": "steepest cost of waiting against the target (c-mu)",
        },
        "zh": {
            "longest_idle": "空闲最久者优先",
            "transfer": "转接指定的座席",
            "least_occupied": "占用率最低者优先",
            "fastest_first": "处理最快者优先",
            "round_robin": "轮流",
            "priority_matrix": "技能等级最高者优先",
            "blend": "处理时长与空闲时长合并计分",
            "longest_wait": "等待最久者优先",
            "by_priority": "按优先级",
            "fixed_ratio": "按队列固定比例",
            "cmu": "相对目标的等待代价增长最快者优先(c-mu)",
        },
    }
)
_TERMS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "handling": "expected handling",
            "idle": "for idle time",
            "scarcity": "for scarce skills",
            "level": "for level",
            "occupancy": "for being busier than the others",
            "since_offer": "since the last offer",
            "over_mean": "above the mean occupancy",
        },
        "zh": {
            "handling": "预计处理",
            "idle": "空闲抵扣",
            "scarcity": "稀缺技能",
            "level": "技能等级",
            "occupancy": "占用率偏高",
            "since_offer": "距上次派话",
            "over_mean": "高于平均占用率",
        },
    }
)
_EXCLUDED: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "signed_out": "signed out",
            "not_ready": "not ready",
            "reserved": "held for another offer",
            "talking": "talking",
            "wrap_up": "in wrap-up",
            "open_queue": "kept for callers of the open queue",
            "named": "not among those whom the step names",
            "region": "of another region",
            "skill": "without a skill that is needed",
            "level": "below the level that is needed",
            "step": "would do at a later step only",
        },
        "zh": {
            "signed_out": "未签入",
            "not_ready": "示忙",
            "reserved": "正被其他派话占用",
            "talking": "通话中",
            "wrap_up": "话后处理中",
            "open_queue": "留给应急队列的来电",
            "named": "不在该步骤指定的人员之内",
            "region": "不属于该区域",
            "skill": "缺少所需技能",
            "level": "技能等级不够",
            "step": "要到后面的步骤才可接",
        },
    }
)
_ALONE: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "en": {"idle": "idle", "since_offer": "since the last offer"},
        "zh": {"idle": "空闲", "since_offer": "距上次派话"},
    }
)
"""Times that are a whole score: who has more of them is chosen, so they stand there
with the other sign."""
_SHARES = frozenset({"over_mean"})
"""Terms in shares; all others of rules that count time are seconds."""
_LEVELS = frozenset({"priority_matrix"})
"""Rules whose score is counted in levels."""


def explained(decision: RoutingDecided, language: Language) -> list[str]:
    """Return why a call was offered to whom, as sentences."""
    told = _ENGLISH if language == "en" else _CHINESE
    return [*told(decision)]


def unexplained(agent_id: str, language: Language) -> str:
    """Return what is said of an offer that nothing tells the reason of."""
    if language == "zh":
        return f"派给坐席 {agent_id},原因没有记录,也无法从日志重建"
    return (
        f"it was offered to agent {agent_id}; no record tells why, and the journal "
        "does not give it back"
    )


def _in_english(it: RoutingDecided) -> Iterable[str]:
    held = f"step {it.step + 1} of its queue's held"
    if it.by_step != it.step:
        held += f", and somebody was there by step {it.by_step + 1}"
    yield f"the call had waited {it.waited_s:.1f} s in queue {it.queue_id}; {held}"
    winner, *others = it.scored
    yield (
        f"agent {winner.agent_id} was chosen of {it.ready} ready and qualified, by "
        f"{_name('en', it.rule)}: {_sum('en', it, winner)}"
    )
    if others:
        yield f"next were {'; '.join(_runner_up('en', it, one) for one in others)}"
    else:
        yield "nobody else was ready and qualified"
    if excluded := _counted("en", it.excluded):
        yield f"not to be chosen were {', '.join(excluded)}"
    version = f"is version {it.version}" if it.version else "was never published"
    yield f"calls are chosen by {_name('en', it.order)}; the policy {version}"


def _in_chinese(it: RoutingDecided) -> Iterable[str]:
    held = f"按第 {it.step + 1} 步的要求"
    if it.by_step != it.step:
        held += f",第 {it.by_step + 1} 步已有人可接"
    yield f"来电在队列 {it.queue_id} 已等待 {it.waited_s:.1f} 秒;{held}"
    winner, *others = it.scored
    yield (
        f"坐席 {winner.agent_id} 从 {it.ready} 名就绪且合格的坐席中选出,规则:"
        f"{_name('zh', it.rule)}:{_sum('zh', it, winner)}"
    )
    if others:
        yield f"其次为 {';'.join(_runner_up('zh', it, one) for one in others)}"
    else:
        yield "没有其他就绪且合格的坐席"
    if excluded := _counted("zh", it.excluded):
        yield f"不可选的有:{'、'.join(excluded)}"
    version = f"策略版本 {it.version}" if it.version else "策略未曾发布"
    yield f"来电的次序:{_name('zh', it.order)};{version}"


_Tell = Callable[[RoutingDecided], Iterable[str]]
_ENGLISH: _Tell = _in_english
_CHINESE: _Tell = _in_chinese


def _name(language: Language, rule: str) -> str:
    """Return a rule's words; of one that a later release brings, its own name."""
    return _RULES[language].get(rule, rule)


def _sum(language: Language, it: RoutingDecided, one: Scored) -> str:
    """Return a score with its parts; those that are nothing are left out."""
    alone = _ALONE[language].get(it.terms[0]) if len(it.terms) == 1 else None
    if alone is not None:
        return f"{_amount(language, it.rule, it.terms[0], -one.score)} {alone}"
    parts = [
        f"{_amount(language, it.rule, term, value)} {_TERMS[language].get(term, term)}"
        for term, value in zip(it.terms, one.terms, strict=True)
        if value or len(it.terms) == 1
    ]
    if len(it.terms) == 1:
        return parts[0]
    total = _amount(language, it.rule, "", one.score)
    joined = (", " if language == "en" else "、").join(parts)
    return f"{total} = {joined}" if parts else total


def _runner_up(language: Language, it: RoutingDecided, one: Scored) -> str:
    behind = one.score - it.scored[0].score
    term = it.terms[0] if len(it.terms) == 1 else ""
    lag = _amount(language, it.rule, term, behind, sign="+")
    parts = _sum(language, it, one)
    if language == "zh":
        return f"{one.agent_id}({lag}:{parts})"
    return f"{one.agent_id} ({lag}: {parts})"


def _amount(
    language: Language, rule: str, term: str, value: float, *, sign: str = ""
) -> str:
    value += 0.0  # what is -0.0 is told as 0.0
    if term in _SHARES:
        points = "points" if language == "en" else "个百分点"
        return f"{100 * value:{sign}.1f} {points}"
    if rule in _LEVELS:
        # Levels above the needed count for an agent, and so against the score.
        levels = "levels" if language == "en" else "级"
        return f"{value:{sign}.0f} {levels}"
    return f"{value:{sign}.1f} {'s' if language == 'en' else '秒'}"


def _counted(language: Language, excluded: Excluded) -> Sequence[str]:
    words = _EXCLUDED[language]
    counts = [(field.name, getattr(excluded, field.name)) for field in fields(excluded)]
    if language == "zh":
        return [f"{count} 人{words[name]}" for name, count in counts if count]
    return [f"{count} {words[name]}" for name, count in counts if count]

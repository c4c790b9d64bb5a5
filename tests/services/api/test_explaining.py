"""Decisions in plain sentences."""

from dataclasses import fields, replace

import pytest

from acd.routing.choose_agent import NAMES, TERMS
from acd.routing.choose_call import ORDERS
from acd.vocabulary.ids import AgentId, OfferId, QueueId
from acd.vocabulary.routing_facts import Excluded, RoutingDecided, Scored
from services.api import explaining
from services.api.explaining import Language, explained
from tests.support.builders import YZ, at, call_id

NOBODY = Excluded(**{it.name: 0 for it in fields(Excluded)})
BLEND = RoutingDecided(
    at=at(12),
    place=YZ,
    offer_id=OfferId("o1"),
    call_id=call_id(1),
    queue_id=QueueId("fault"),
    agent_id=AgentId("1003"),
    waited_s=12.4,
    step=1,
    by_step=0,
    rule="blend",
    order="cmu",
    version="7",
    terms=TERMS[next(it for it, name in NAMES.items() if name == "blend")],
    scored=(
        Scored(
            agent_id=AgentId("1003"), score=187.2, terms=(215.0, -27.8, 0.0, 0.0, 0.0)
        ),
        Scored(
            agent_id=AgentId("1007"), score=190.3, terms=(220.3, -30.0, 0.0, 0.0, 0.0)
        ),
    ),
    ready=14,
    excluded=replace(NOBODY, talking=120, wrap_up=6, level=3),
)


def test_a_decision_is_told_in_english() -> None:
    assert explained(BLEND, "en") == [
        "the call had waited 12.4 s in queue fault; step 2 of its queue's held, and "
        "somebody was there by step 1",
        "agent 1003 was chosen of 14 ready and qualified, by handling time and idle "
        "time together: 187.2 s = 215.0 s expected handling, -27.8 s for idle time",
        "next were 1007 (+3.1 s: 190.3 s = 220.3 s expected handling, -30.0 s for idle "
        "time)",
        "not to be chosen were 120 talking, 6 in wrap-up, 3 below the level that is "
        "needed",
        "calls are chosen by steepest cost of waiting against the target (c-mu); the "
        "policy is version 7",
    ]


def test_a_decision_is_told_in_chinese() -> None:
    assert explained(BLEND, "zh") == [
        "来电在队列 fault 已等待 12.4 秒;按第 2 步的要求,第 1 步已有人可接",
        "坐席 1003 从 14 名就绪且合格的坐席中选出,规则:处理时长与空闲时长合并计分:"
        "187.2 秒 = 215.0 秒 预计处理、-27.8 秒 空闲抵扣",
        "其次为 1007(+3.1 秒:190.3 秒 = 220.3 秒 预计处理、-30.0 秒 空闲抵扣)",
        "不可选的有:120 人通话中、6 人话后处理中、3 人技能等级不够",
        "来电的次序:相对目标的等待代价增长最快者优先(c-mu);策略版本 7",
    ]


def test_the_only_one_who_was_there_is_told_as_that() -> None:
    alone = replace(
        BLEND, scored=BLEND.scored[:1], ready=1, excluded=NOBODY, version=""
    )

    said = explained(alone, "en")

    assert "nobody else was ready and qualified" in said
    assert not any("not to be chosen" in sentence for sentence in said)
    assert said[-1].endswith("the policy was never published")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("rule", NAMES.values())
def test_every_rule_and_term_has_its_words(language: Language, rule: str) -> None:
    choice = next(it for it, name in NAMES.items() if name == rule)
    one = Scored(agent_id=AgentId("1"), score=3.0, terms=(3.0,) * len(TERMS[choice]))
    told = replace(BLEND, rule=rule, terms=TERMS[choice], scored=(one, one))

    said = " ".join(explained(told, language))

    assert rule in explaining._RULES[language]
    assert set(TERMS[choice]) <= explaining._TERMS[language].keys()
    assert rule not in said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_order_and_exclusion_has_its_words(language: Language) -> None:
    assert set(ORDERS.values()) <= explaining._RULES[language].keys()
    assert {it.name for it in fields(Excluded)} == explaining._EXCLUDED[language].keys()


def test_shares_and_levels_are_not_told_as_seconds() -> None:
    one = Scored(agent_id=AgentId("1"), score=0.031, terms=(0.031,))
    occupied = replace(
        BLEND, rule="least_occupied", terms=("over_mean",), scored=(one, one)
    )
    two = Scored(agent_id=AgentId("1"), score=-2.0, terms=(-2.0,))
    level = replace(BLEND, rule="priority_matrix", terms=("level",), scored=(two,))

    assert "3.1 points above the mean occupancy" in explained(occupied, "en")[1]
    assert "(+0.0 points:" in explained(occupied, "en")[2]
    assert "-2 levels for level" in explained(level, "en")[1]


def test_idle_time_alone_is_told_as_time_and_not_as_a_score() -> None:
    one = Scored(agent_id=AgentId("1"), score=-4.6, terms=(-4.6,))
    two = Scored(agent_id=AgentId("2"), score=-3.0, terms=(-3.0,))
    idle = replace(BLEND, rule="longest_idle", terms=("idle",), scored=(one, two))

    assert explained(idle, "en")[1].endswith("by longest idle: 4.6 s idle")
    assert explained(idle, "en")[2] == "next were 2 (+1.6 s: 3.0 s idle)"
    assert explained(idle, "zh")[1].endswith("规则:空闲最久者优先:4.6 秒 空闲")


def test_a_rule_of_a_later_release_is_told_by_its_name() -> None:
    later = replace(BLEND, rule="by_the_stars")

    assert "by by_the_stars:" in explained(later, "en")[1]

"""How far it is to a person."""

import pytest

from ivr.distance import longest_way
from ivr.flow import Flow


def a_flow(steps: dict[str, object], *, name: str = "main") -> Flow:
    return Flow.model_validate(
        {
            "name": name,
            "language": "zh",
            "entry": next(iter(steps)),
            "person": "person",
            "steps": {**steps, "person": {"queue": "q_bill"}},
        }
    )


INNER = a_flow(
    {
        "ask": {
            "collect": {"zh": "请输入户号"},
            "as": "account",
            "digits": {"least": 10, "most": 10},
            "goto": "back",
        },
        "back": {"return": "true"},
    },
    name="inner",
)
MAIN = a_flow(
    {
        "hello": {"say": {"zh": "您好，通话将被录音。"}, "goto": "menu"},
        "menu": {"menu": {"zh": "请按一或者按二"}, "keys": {"1": "who", "2": "near"}},
        "who": {"flow": "inner", "goto": "far"},
        "near": {"queue": "q_near"},
        "far": {"queue": "q_far"},
    }
)


def test_the_farthest_person_is_told_in_keys_and_seconds() -> None:
    found = longest_way(MAIN, {"main": MAIN, "inner": INNER})

    assert found is not None
    assert found.way == ("hello", "menu", "who", "far")
    assert found.keys == 11
    assert found.seconds == pytest.approx(2.5 + 1.8 + 1.2, abs=0.2)


def test_a_flow_that_is_gone_leads_nowhere() -> None:
    found = longest_way(MAIN, {"main": MAIN})

    assert found is not None
    assert found.way[-1] == "near"


def test_a_flow_without_a_queue_on_its_ways_has_no_distance() -> None:
    flow = a_flow({"bye": {"hang_up": {"zh": "再见"}}})

    assert longest_way(flow, {"main": flow}) is None

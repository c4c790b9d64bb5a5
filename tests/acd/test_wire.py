import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.vocabulary.agent_facts import AgentReady, WrapUpStarted
from acd.vocabulary.fact import FactOf, Tick
from acd.vocabulary.facts import ALL_FACTS, Fact
from acd.vocabulary.flow_facts import CallArrived, CallRouted
from acd.vocabulary.ids import AgentId, CallId, LegId, Place, QueueId, SkillId
from acd.vocabulary.leg_facts import (
    LegEnded,
    LegEnding,
    LegRole,
    LegSeen,
    SwitchLost,
    SwitchSeen,
)
from acd.vocabulary.wire import (
    UnknownKind,
    UnknownVersion,
    Wire,
    WrongFields,
    WrongValue,
    from_wire,
    kind_of,
    to_wire,
)

AT = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
YUXI = Place(province="YN", unit="yuxi")

st.register_type_strategy(
    datetime,
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])),
)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


@pytest.mark.parametrize("cls", ALL_FACTS, ids=kind_of)
def test_every_fact_comes_back_from_json_as_it_was_told(cls: type[Fact]) -> None:
    @settings(max_examples=12, deadline=None)
    @given(st.from_type(cls))
    def round_trip(fact: Fact) -> None:
        line = json.dumps(to_wire(fact))

        back = from_wire(json.loads(line))

        assert back == fact
        assert type(back) is cls

    round_trip()


def test_a_fact_is_told_flat_with_its_kind_version_and_place() -> None:
    fact = CallRouted(
        at=AT,
        place=YUXI,
        call_id=CallId("c1"),
        flow="main",
        step="fault",
        nth=3,
        queue_id=QueueId("power"),
        skills=(SkillId("fault"), SkillId("mandarin")),
    )

    assert to_wire(fact) == {
        "kind": "call_routed",
        "v": 1,
        "at": "2026-11-21T08:00:00.123456Z",
        "province": "YN",
        "unit": "yuxi",
        "call_id": "c1",
        "flow": "main",
        "step": "fault",
        "nth": 3,
        "queue_id": "power",
        "skills": ["fault", "mandarin"],
    }


def test_an_instant_of_a_whole_second_keeps_its_microseconds() -> None:
    told = to_wire(Tick(at=AT.replace(microsecond=0)))

    assert told["at"] == "2026-11-21T08:00:00.000000Z"


def test_an_instant_of_another_zone_is_told_in_utc() -> None:
    china = timezone(timedelta(hours=8))
    fact = WrapUpStarted(
        at=AT,
        agent_id=AgentId("1001"),
        call_id=CallId("c1"),
        until_at=AT.astimezone(china),
    )

    assert to_wire(fact)["until_at"] == "2026-11-21T08:00:00.123456Z"


def test_legs_in_a_snapshot_are_told_nested() -> None:
    seen = LegSeen(leg_id=LegId("a.1"), role=LegRole.OTHER, call_id=CallId(""))
    fact = SwitchSeen(at=AT, boot_id="b1", taken_at=AT, legs=(seen,))

    (leg,) = to_wire(fact)["legs"]

    assert leg["role"] == "other"
    assert leg["offer_id"] is None
    assert leg["skills"] == []
    assert from_wire(to_wire(fact)) == fact


def test_a_naive_instant_is_refused_when_told() -> None:
    with pytest.raises(
        WrongValue, match=r"^fact tick: at cannot be datetime\.datetime"
    ):
        to_wire(Tick(at=AT.replace(tzinfo=None)))


ENDED = to_wire(LegEnded(at=AT, leg_id=LegId("a.1"), ending=LegEnding.BUSY, cause=17))


@pytest.mark.parametrize("kind", ["call_vanished", None, 7])
def test_an_unknown_kind_is_refused_by_its_name(kind: object) -> None:
    with pytest.raises(UnknownKind) as caught:
        from_wire(ENDED | {"kind": kind})

    assert str(caught.value) == (
        f"fact: no kind is called {kind!r}; was it written by a newer release?"
    )


@pytest.mark.parametrize("version", [0, 3, None, "1", True, 1.0])
def test_an_unknown_version_is_refused_with_what_is_known(version: object) -> None:
    with pytest.raises(UnknownVersion) as caught:
        from_wire(ENDED | {"v": version})

    assert str(caught.value) == (
        f"fact leg_ended: version {version!r} is not known, the newest is 2; "
        "was it written by a newer release?"
    )


@pytest.mark.parametrize("kind", ["leg_ended", "switch_lost"])
def test_an_end_written_before_there_were_proofs_of_life_has_none(kind: str) -> None:
    fact = LegEnded(at=AT, leg_id=LegId("a.1"), ending=LegEnding.BUSY)
    now = to_wire(fact if kind == "leg_ended" else SwitchLost(at=AT))
    before = {name: value for name, value in now.items() if name != "alive_at"}

    assert to_wire(from_wire(before | {"v": 1})) == now


def test_fields_that_are_missing_or_unknown_are_told_all_at_once() -> None:
    told = {k: v for k, v in ENDED.items() if k != "cause"} | {"colour": "red"}

    with pytest.raises(WrongFields) as caught:
        from_wire(told)

    assert str(caught.value) == (
        "fact leg_ended: 'cause' is missing, 'colour' is not a field here"
    )


def test_fields_of_a_leg_in_a_snapshot_are_checked_too() -> None:
    fact = SwitchSeen(at=AT, boot_id="b1", taken_at=AT, legs=())

    with pytest.raises(WrongFields, match=r"^fact leg_seen: 'agent_id' is missing, 'b"):
        from_wire(to_wire(fact) | {"legs": [{"leg_id": "a.1"}]})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ending", "vanished"),
        ("ending", ["busy"]),
        ("cause", "17"),
        ("cause", True),
        ("leg_id", None),
        ("at", "2026-11-21T08:00:00"),
        ("at", "noon"),
        ("at", 1763712000),
        ("province", None),
        ("unit", 7),
    ],
)
def test_a_value_that_a_field_cannot_hold_is_refused(field: str, value: object) -> None:
    with pytest.raises(WrongValue) as caught:
        from_wire(ENDED | {field: value})

    assert str(caught.value) == f"fact leg_ended: {field} cannot be {value!r}"


def test_a_list_that_is_none_is_refused() -> None:
    fact = SwitchSeen(at=AT, boot_id="b1", taken_at=AT, legs=())

    with pytest.raises(WrongValue, match=r"^fact switch_seen: legs cannot be 'many'"):
        from_wire(to_wire(fact) | {"legs": "many"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMended(FactOf):
    line: str
    crew: str


def _with_crew(told: dict[str, Any]) -> dict[str, Any]:
    return told | {"kind": "line_mended", "v": 2, "crew": "unknown"}


def test_a_form_of_an_older_release_is_still_read() -> None:
    wire = Wire([LineMended], {("line_mended", 1): _with_crew})
    now = LineMended(at=AT, line="L7", crew="unknown")
    old = {k: v for k, v in wire.to_wire(now).items() if k != "crew"} | {"v": 1}

    assert wire.to_wire(now)["v"] == 2
    assert wire.from_wire(old) == now


def test_a_kind_that_was_renamed_is_still_read() -> None:
    wire = Wire(
        [LineMended], {("line_repaired", 1): lambda t: _with_crew(t) | {"v": 1}}
    )
    now = LineMended(at=AT, line="L7", crew="unknown")
    old = {**wire.to_wire(now), "kind": "line_repaired"}
    del old["crew"]

    assert wire.from_wire(old) == now


def test_a_field_without_a_wire_form_is_refused_when_the_forms_are_made() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Odd(FactOf):
        what: object

    with pytest.raises(TypeError, match="has no wire form"):
        Wire([Odd], {})


def test_a_field_may_not_take_a_name_of_the_envelope() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Odd(FactOf):
        unit: str

    with pytest.raises(TypeError, match="may not be called one of"):
        Wire([Odd], {})


def test_kinds_are_unlike_each_other() -> None:
    kinds = {kind_of(cls) for cls in ALL_FACTS}

    assert len(kinds) == len(ALL_FACTS)
    assert kind_of(CallArrived) == "call_arrived"
    assert all(dataclasses.is_dataclass(cls) for cls in ALL_FACTS)
    assert kind_of(AgentReady) in kinds

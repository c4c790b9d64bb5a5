"""Calls on record walked again by other flows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import CENTRE, CallId, LegId
from ivr.flow_set import FlowSet
from ivr.hours import load_hours_from
from ivr.load import load_flows_from
from services.floor.floor import Floor
from services.floor.load import load_floor
from services.flows.cases import Case, load_cases, run
from services.flows.gaps import Missing, Unknown
from services.flows.once_more import FlagsThen, Others
from services.flows.replay import Change, Replayed, replay
from services.flows.replay_counts import counted
from services.flows.traces import Trace, trace_of
from services.runtime.settings import CHECKOUT

DIALPLANS = CHECKOUT / "dialplans"


@cache
def shipped() -> Floor:
    return load_floor(DIALPLANS / "floor.yaml", DIALPLANS / "flows")


@cache
def cases() -> list[Case]:
    return load_cases(DIALPLANS / "flows", shipped().flow_set)


def recorded(case: Case, flow_set: FlowSet | None = None) -> Trace:
    """Return what is on record of a case: its facts, and no value of any answer."""
    led_by = flow_set or shipped().flow_set
    walked = run(case, led_by).walking
    flow_numbers = {flow: n for n, flow in led_by.numbers.items()}
    at = case.written.at.astimezone()
    came = CallArrived(
        at=at,
        place=CENTRE,
        call_id=CallId(case.name),
        leg_id=LegId("leg"),
        number=case.written.number or flow_numbers.get(case.flow, "none"),
        caller_number=case.written.caller,
        caller_name="",
        sip_call_id="x",
        flow_version=1,
    )
    found = trace_of([came, *walked.facts])
    assert found is not None
    return found


def others(floor: Floor) -> Others:
    return Others(
        flow_set=floor.flow_set, hours=floor.hours, flags=lambda _name, _at: False
    )


def numbered() -> Iterator[Case]:
    return (it for it in cases() if it.flow in shipped().flow_set.numbers.values())


def test_every_case_goes_its_own_way_again_by_its_own_flows() -> None:
    same = others(shipped())

    found = [replay(recorded(it), same, shipped().flow_set) for it in numbered()]

    changed = [it for it in found if it.change is not Change.SAME]
    assert changed == []
    assert len(found) > 60


FLOW = """\
name: main
language: en
entry: know
person: person
steps:
  know:
    look_up: caller
    with: {number: caller}
    as: who
    goto: sort
    not_found: services
  sort:
    branch:
      - {if: who.vip, goto: vip}
      - {if: who.topic == 'bill' and not storm, goto: account}
    otherwise: services
  services:
    menu: {en: "Press 1 for the balance, 2 for a fault."}
    keys: {1: account, 2: fault}
  account:
    collect: {en: Your account number.}
    as: account
    digits: {least: 4, most: 10}
    goto: pin
  pin:
    collect: {en: Your PIN.}
    as: pin
    digits: {least: 4, most: 6}
    secret: true
    goto: prove
  prove:
    look_up: pin
    with: {account: account, pin: pin}
    as: said
    goto: proved
  proved:
    branch: [{if: said.right, goto: told}]
    otherwise: person
  told: {hang_up: {en: You owe nothing.}}
  vip: {queue: q_vip}
  fault: {queue: q_fault}
  person: {queue: q_bill}
"""
LOOK_UPS = """\
look_ups:
  caller: {asks: caller, takes: {number: text}, gives: {vip: flag, topic: text}}
  pin: {asks: pin, takes: {account: digits, pin: secret}, gives: {right: flag}}
  other: {asks: other, gives: {name: text}}
"""
HOURS = """\
calendars:
  office: {week: {thu-fri: ["09:00-17:00"]}, holidays: closed}
"""
CASES = """\
cases:
  a balance:
    number: "6000"
    keys: 1 123 1234# 1234#
    answers: {caller: {vip: false}, pin: {right: true}}
  a wrong pin:
    number: "6000"
    keys: 1 1234# 77#
    answers: {pin: {right: false}}
  a bill:
    number: "6000"
    keys: 1234# 0
    answers: {caller: {topic: bill}}
  a hospital:
    number: "6000"
    answers: {caller: {vip: true}}
  a fault:
    number: "6000"
    keys: wait 2
    answers: {caller: {topic: order}}
  who hangs up:
    number: "6000"
    keys: bye
"""


def flow_set(*edits: tuple[str, str]) -> FlowSet:
    """Return the small flow, each text in it replaced by another."""
    flow = FLOW
    for before, after in edits:
        assert before in flow
        flow = flow.replace(before, after)
    texts = {"flows/main.yaml": flow, "lookups.yaml": LOOK_UPS, "hours.yaml": HOURS}
    found = load_flows_from(texts, folder=PurePath("flows"))
    flows = {name: one.flow for name, one in found.items()}
    return FlowSet(flows=flows, numbers={"6000": "main"})


def replayed(
    *edits: tuple[str, str],
    flags: FlagsThen = lambda _name, _at: False,
    is_before_known: bool = True,
) -> dict[str, Replayed]:
    """Return what becomes of every case of the small flow when it is edited."""
    before, after = flow_set(), flow_set(*edits)
    hours = load_hours_from(HOURS, file=Path("hours.yaml"))
    again = Others(flow_set=after, hours=hours, flags=flags)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cases" / "main.yaml"
        path.parent.mkdir()
        path.write_text(CASES, encoding="utf-8")
        found = load_cases(Path(folder) / "flows", before)
    traces = {it.name: recorded(it, before) for it in found}
    known = before if is_before_known else None
    return {name: replay(it, again, known) for name, it in traces.items()}


def changed(found: dict[str, Replayed]) -> dict[str, tuple[str, str, str]]:
    """Return who would end elsewhere: from where, to where, parting at which step."""
    return {
        name: (it.before, it.after, it.parts_at)
        for name, it in found.items()
        if it.change is Change.OTHER_END
    }


def unknown(found: dict[str, Replayed]) -> dict[str, tuple[Missing, str]]:
    return {
        name: (it.unknown.missing, it.unknown.step)
        for name, it in found.items()
        if it.unknown
    }


def test_the_same_flow_changes_nobody_and_needs_no_secret() -> None:
    found = replayed()

    assert {it.change for it in found.values()} == {Change.SAME}
    assert {name: it.before for name, it in found.items()} == {
        "a balance": "hang up",
        "a wrong pin": "queue q_bill",
        "a bill": "queue q_bill",
        "a hospital": "queue q_vip",
        "a fault": "queue q_fault",
        "who hangs up": "left",
    }


def test_another_way_of_a_key_changes_those_who_pressed_it() -> None:
    found = replayed(
        ("{1: account, 2: fault}", "{1: fault, 2: account}"),
        ("Press 1 for the balance, 2 for a fault", "Press 1 for a fault, 2 for else"),
    )

    there = ("queue q_fault", "main.services")
    assert changed(found) == {
        "a balance": ("hang up", *there),
        "a wrong pin": ("queue q_bill", *there),
    }
    # Whether they have an account's number at hand, nobody knows.
    assert unknown(found) == {"a fault": (Missing.KEY, "main.account")}


def test_another_step_on_the_way_to_the_same_end_is_another_way() -> None:
    found = replayed(
        ("2: fault}", "2: sorry}"),
        ("  vip:", "  sorry: {say: {en: Sorry.}, goto: fault}\n  vip:"),
    )

    assert changed(found) == {}
    assert unknown(found) == {}
    assert found["a fault"].change is Change.OTHER_WAY
    assert found["a fault"].parts_at == "main.services"


def test_a_new_menu_is_not_answered_for_anybody() -> None:
    found = replayed(
        ("not_found: services", "not_found: new"),
        ("otherwise: services", "otherwise: new"),
        (
            "  vip:",
            "  new: {menu: {en: Press 1 for more.}, keys: {1: services}}\n  vip:",
        ),
    )

    here = (Missing.KEY, "main.new")
    asked = ("a balance", "a fault", "a wrong pin", "who hangs up")
    assert unknown(found) == dict.fromkeys(asked, here)
    assert found["a balance"].parts_at == "main.sort"
    assert found["a hospital"].change is Change.SAME


def test_who_is_asked_more_often_than_on_record_is_not_answered() -> None:
    found = replayed(("least: 4, most: 10", "least: 5, most: 10"))

    here = (Missing.KEY, "main.account")
    assert unknown(found) == {"a wrong pin": here, "a bill": here}
    assert changed(found) == {}


def test_what_the_call_never_looked_up_is_not_known() -> None:
    found = replayed(
        ("2: fault}", "2: ask}"),
        ("  vip:", "  ask: {look_up: other, goto: fault}\n  vip:"),
    )

    assert unknown(found) == {"a fault": (Missing.ANSWER, "main.ask")}


def test_a_value_of_an_answer_is_known_by_the_branches_of_then_alone() -> None:
    vip = "      - {if: who.vip, goto: vip}\n"
    found = replayed(
        (vip, f"      - {{if: who.topic == 'bill', goto: account}}\n{vip}")
    )

    # Whether the hospital called about a bill was never asked; of the others only
    # whether it was that and no storm.
    here = (Missing.VALUE, "main.sort")
    asked = ("a balance", "a fault", "a hospital")
    assert unknown(found) == dict.fromkeys(asked, here)
    # Of whom the bill was asked it is known, of whom nothing was found as well.
    assert found["a bill"].change is Change.SAME
    assert found["a wrong pin"].change is Change.SAME


def test_what_is_asked_earlier_is_known_from_where_it_was_asked() -> None:
    found = replayed(
        ("    goto: sort", "    goto: first"),
        (
            "  sort:\n",
            "  first:\n    branch: [{if: not who.vip, goto: services}]\n"
            "    otherwise: vip\n  sort:\n",
        ),
        ("not_found: services", "not_found: sort"),
    )

    assert changed(found) == {}
    # By the menu, not by the account: whether anybody pressed a key is not known.
    assert unknown(found) == {"a bill": (Missing.KEY, "main.services")}
    assert found["a hospital"].change is Change.OTHER_WAY


def test_less_is_known_without_the_flows_of_then() -> None:
    found = replayed(is_before_known=False)

    assert unknown(found) == {
        "a balance": (Missing.VALUE, "main.sort"),
        "a fault": (Missing.VALUE, "main.sort"),
        "a bill": (Missing.VALUE, "main.sort"),
    }
    assert changed(found) == {}


def test_flags_and_hours_are_as_they_were_then() -> None:
    def up(name: str, at: datetime) -> bool:
        return name == "flood" and at.tzinfo is not None

    edit = (
        ("2: fault}", "2: late}"),
        (
            "  vip:",
            "  late:\n"
            "    branch:\n"
            "      - {if: flag.flood, goto: vip}\n"
            "      - {if: not hours.office, goto: person}\n"
            "    otherwise: fault\n"
            "  vip:",
        ),
    )

    assert changed(replayed(*edit, flags=up))["a fault"][1] == "queue q_vip"
    # They called on a Monday.
    assert changed(replayed(*edit)) == {
        "a fault": ("queue q_fault", "queue q_bill", "main.services")
    }


def test_a_storm_that_a_branch_told_of_goes_before_what_flags_say() -> None:
    edit = (
        "    branch:\n      - {if: who.vip",
        "    branch:\n      - {if: storm, goto: fault}\n      - {if: who.vip",
    )

    found = replayed(edit, flags=lambda _name, _at: True)

    # Then it was told of the bill alone that no storm was; the others only by flags.
    assert found["a bill"].change is Change.SAME
    assert found["a hospital"].after == "queue q_fault"


def test_a_record_that_does_not_tell_its_end_is_no_change() -> None:
    trace = recorded(cases()[0])
    unfinished = replace(trace, end=None)

    found = replay(unfinished, others(shipped()), None)

    assert found.unknown is not None
    assert found.unknown.missing is Missing.END


def test_a_number_without_a_flow_is_told_as_such() -> None:
    trace = replace(recorded(cases()[0]), number="6999")

    found = replay(trace, others(shipped()), None)

    assert found.unknown == Unknown(missing=Missing.NUMBER, step="", what="6999")


def test_calls_are_counted_by_what_becomes_of_them() -> None:
    found = replayed(
        ("{1: account, 2: fault}", "{1: fault, 2: account}"),
        ("Press 1 for the balance, 2 for a fault", "Press 1 for a fault, 2 for else"),
    )

    counts = counted([*found.values(), *replayed().values()])

    assert (counts.calls, counts.same) == (12, 9)
    assert [(it.before, it.after, it.examples) for it in counts.changed] == [
        ("hang up", "queue q_fault", ("a balance",)),
        ("queue q_bill", "queue q_fault", ("a wrong pin",)),
    ]
    (unsure,) = counts.unsure
    assert (unsure.what, unsure.calls, unsure.parted) == ("was never asked", 1, 1)

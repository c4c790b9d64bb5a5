"""A flow drawn: its steps, its ways, and what callers did there."""

from xml.etree import ElementTree as ET

from services.flows.changes import read_flow
from services.flows.graph import At, Edge, Went, edges_of, svg

MAIN = """\
name: main
language: zh
entry: welcome
person: person
steps:
  welcome: {say: {zh: 您好 <&>。}, goto: services}
  services:
    menu: {zh: 报修请按1。}
    keys: {1: fault, 2: bill, 5: bill, 9: welcome}
    give_up: person
  fault: {queue: q_fault}
  bill: {queue: q_bill}
  person: {queue: q_bill}
"""
WENT = [
    Went(step="welcome", next_step="services", way="on", calls=90),
    Went(step="services", next_step="fault", way="key 1", calls=50),
    Went(step="services", next_step="bill", way="key 2", calls=7),
    Went(step="services", next_step="bill", way="key 5", calls=3),
    Went(step="fault", next_step="person", way="key 0", calls=1),
    Went(step="gone", next_step="fault", way="on", calls=9),
]


def edge(step: str, goto: str, by: str, calls: int, *, is_written: bool = True) -> Edge:
    return Edge(step=step, goto=goto, by=by, calls=calls, is_written=is_written)


def _parts(drawn: str) -> list[ET.Element]:
    return [*ET.fromstring(drawn).iter()]  # noqa: S314 - it is our own


def test_ways_have_their_keys_and_how_many_went_them() -> None:
    steps = read_flow(MAIN, "main")["steps"]

    assert edges_of(steps, WENT) == [
        edge("welcome", "services", "", 90),
        edge("services", "fault", "1", 50),
        edge("services", "bill", "2, 5", 10),
        edge("services", "welcome", "9", 0),
        edge("services", "person", "give_up", 0),
        edge("fault", "person", "0", 1, is_written=False),
    ]


def test_a_picture_is_svg_with_every_step_and_its_counts() -> None:
    at = {"services": At(entered=90, asked_again=12, gave_up=4)}

    drawn = svg(MAIN, name="main", at=at, went=WENT, title="main, <today>")

    words = [it.text for it in _parts(drawn) if it.text]
    assert "main, <today>" in words
    assert {"welcome", "services", "fault", "bill", "person"} <= set(words)
    assert "say 您好 <&>。".replace("say ", "") in " ".join(words)
    assert "90 in, 12 again, 4 gave up" in words
    assert "2, 5 · 10" in words


def test_steps_stand_below_those_that_lead_to_them_and_none_on_another() -> None:
    drawn = svg(MAIN, name="main", at={}, went=[])

    boxes = [it for it in _parts(drawn) if it.tag.endswith("rect")][1:]
    places = [(float(it.attrib["x"]), float(it.attrib["y"])) for it in boxes]
    assert len(set(places)) == 5
    welcome, services, *rest = (y for _, y in places)
    assert welcome < services < min(rest)


def test_the_ways_of_a_branch_have_its_conditions_and_its_own_name_leads_nowhere() -> (
    None
):
    steps = read_flow(
        """\
steps:
  sort:
    branch: [{if: who.vip, goto: vip}, {if: storm, goto: storm}]
    otherwise: storm
  vip: {flow: vip, goto: storm}
  storm: {queue: q_fault}
""",
        "main",
    )["steps"]

    assert edges_of(steps, ()) == [
        edge("sort", "vip", "if who.vip", 0),
        edge("sort", "storm", "if storm, otherwise", 0),
        edge("vip", "storm", "", 0),
    ]

"""One word per thing: facts and states stand in GLOSSARY.md and in docs/states.md."""

import re
from pathlib import Path

from acd.vocabulary.decisions import Decision
from acd.vocabulary.drawing import states_page
from acd.vocabulary.facts import ALL_FACTS
from acd.vocabulary.states import AgentState, CallState

ROOT = Path(__file__).parents[2]


def glossary() -> set[str]:
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    return set(re.findall(r"`([A-Za-z_]+)`", text))


def test_every_fact_has_a_line_in_the_glossary() -> None:
    assert {kind.__name__ for kind in ALL_FACTS} - glossary() == set()


def test_every_decision_has_a_line_in_the_glossary() -> None:
    assert {kind.__name__ for kind in Decision.__args__} - glossary() == set()


def test_every_state_has_a_line_in_the_glossary() -> None:
    assert {state.value for state in (*AgentState, *CallState)} - glossary() == set()


def test_the_page_of_states_is_drawn_from_the_tables_as_they_are() -> None:
    page = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")

    assert page == states_page(), "python -m acd.vocabulary.drawing > docs/states.md"

"""Draws the tables of states as a page for docs/."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from acd.vocabulary.facts import Fact
from acd.vocabulary.states import AgentState, CallState
from acd.vocabulary.transitions import AGENT_TRANSITIONS, CALL_TRANSITIONS

S = TypeVar("S", bound=StrEnum)

HEAD = """\
# States

Drawn from `acd/vocabulary/transitions.py` by `python -m acd.vocabulary.drawing`; a test
fails when this page is older than the tables. A fact that has no edge from a state is
refused there, and changes nothing.
"""


def states_page() -> str:
    """Return the page: one diagram and one table for agents, one for calls."""
    return "\n".join(
        [
            HEAD,
            "## Agents",
            *_drawn(AGENT_TRANSITIONS, AgentState.SIGNED_OUT),
            "## Calls",
            *_drawn(CALL_TRANSITIONS, CallState.IN_FLOW),
        ]
    )


def _drawn(table: Mapping[S, Mapping[type[Fact], S]], first: S) -> list[str]:
    edges = [
        (n, state, fact.__name__, to)
        for n, (state, fact, to) in enumerate(
            ((s, f, t) for s, row in table.items() for f, t in row.items()), start=1
        )
    ]
    return [
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {first.value}",
        *(
            f"    {state.value} --> {to.value}: {n} {fact}"
            for n, state, fact, to in edges
        ),
        "```",
        "",
        "| edge | from | fact | to |",
        "| --: | --- | --- | --- |",
        *(
            f"| {n} | {state.value} | {fact} | {to.value} |"
            for n, state, fact, to in edges
        ),
        "",
    ]


if __name__ == "__main__":
    sys.stdout.write(states_page())

"""The lines of who waits: calls for an agent, agents for a call."""

from hypothesis import given
from hypothesis import strategies as st

from acd.core.matching import Line
from tests.support.builders import at

WAITS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abcdefgh")))


@given(WAITS, st.sets(st.sampled_from("abcdefgh")))
def test_who_has_waited_longest_is_first_and_ties_break_on_the_id(
    waits: list[tuple[int, str]], gone: set[str]
) -> None:
    line: Line[str, str] = Line()
    since: dict[str, int] = {}
    for seconds, name in waits:
        line.add(name, name, since=at(seconds))
        since.setdefault(name, seconds)

    for name in gone:
        line.remove(name)

    left = [(seconds, name) for name, seconds in since.items() if name not in gone]
    assert list(line) == [name for _, name in sorted(left)]
    assert len(line) == len(left)

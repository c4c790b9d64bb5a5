"""One instance for all who try it, with a menu, a queue and two agents."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import RunningInstance, running_instance
from tests.support.small_floor import small_floor

FLOOR = small_floor(agents=2)
FLOW = """\
name: main
language: en
entry: welcome
person: agent
steps:
  welcome:
    menu: {en: Press one.}
    keys: {1: agent}
    timeout_s: 2
    tries: 1
  agent:
    queue: q_fault
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all that share the instance in one worker."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            fixtures = getattr(item, "fixturenames", ())
            if {"instance", "small"} & set(fixtures):
                item.add_marker(pytest.mark.asterisk)
                item.add_marker(pytest.mark.xdist_group("bad_input"))


@pytest.fixture(scope="session")
def instance() -> Iterator[RunningInstance]:
    """Run one real instance; its end is looked at too."""
    with running_instance(floor=FLOOR, flows={"main.yaml": FLOW}) as running:
        yield running

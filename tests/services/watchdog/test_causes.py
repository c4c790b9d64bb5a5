"""One alarm names the root of a fault, not everything that hangs on it."""

import pytest

from services.watchdog.causes import CAUSES, cause_of


@pytest.mark.parametrize(
    ("component", "failing", "root"),
    [
        ("agi", {"agi", "engine"}, "engine"),
        ("agi", {"agi"}, None),
        ("call", {"call", "sip", "ami"}, "ami"),
        ("shipping", {"shipping", "database", "engine"}, "database"),
        ("engine", {"engine", "http", "agi"}, None),
        ("host", {"host", "engine"}, None),
    ],
)
def test_the_root_of_a_fault_is_named(
    component: str, failing: set[str], root: str | None
) -> None:
    assert cause_of(component, failing) == root


def test_no_component_is_its_own_cause() -> None:
    for component in CAUSES:
        assert cause_of(component, {component}) is None
        assert cause_of(component, set(CAUSES) | {"engine"}) != component

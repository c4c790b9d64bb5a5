"""Which tests run in one worker: those that share a part, which is started once."""

import pytest


@pytest.mark.xdist_group("together")
def test_a_group_is_known_to_who_deals_the_tests_out(
    request: pytest.FixtureRequest,
) -> None:
    is_by_group = request.config.getoption("loadgroup", default=False)

    assert request.node.nodeid.endswith("@together") is is_by_group

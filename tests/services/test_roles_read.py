"""What an operator writes of a role gives no more than is written."""

import pytest

from services.runtime.commands.people import RoleUnread, read_role


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("admin", {"role": "admin"}),
        ("supervisor@YJ", {"role": "supervisor", "province": "YJ"}),
        ("agent@YJ/YZ", {"role": "agent", "province": "YJ", "unit": "YZ"}),
        ("agent@queue:q_en", {"role": "agent", "queue_id": "q_en"}),
    ],
)
def test_a_role_and_where_it_holds(text: str, told: dict[str, str]) -> None:
    assert read_role(text) == told


@pytest.mark.parametrize(
    "text", ["", "@YJ", "agent@", "agent@YJ/", "agent@/YZ", "agent@queue:"]
)
def test_an_empty_part_is_refused(text: str) -> None:
    with pytest.raises(RoleUnread):
        read_role(text)

from datetime import timedelta

from services.people.tries import (
    ADDRESS_FREE,
    FORGOTTEN_S,
    LONGEST_S,
    NAME_FREE,
    PAIR_FREE,
    Tries,
)
from tests.support.builders import at

HOME, AWAY = "192.0.2.7", "203.0.113.9"


def wrong(
    tries: Tries, count: int, *, name: str = "carol", address: str = AWAY
) -> None:
    for _ in range(count):
        tries.begin(name, address, at(0))


def test_after_some_wrong_tries_each_further_one_waits_longer() -> None:
    tries = Tries()
    wrong(tries, PAIR_FREE)

    now, waits = at(0), []
    for _ in range(12):
        wait_s = tries.begin("carol", AWAY, now)
        waits.append(wait_s)
        now += timedelta(seconds=wait_s)
        assert tries.begin("carol", AWAY, now) == 0

    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST_S


def test_a_try_that_is_not_looked_at_does_not_lengthen_the_wait() -> None:
    tries = Tries()
    wrong(tries, PAIR_FREE)

    wrong(tries, 100)

    assert tries.begin("carol", AWAY, at(0)) == 1


def test_who_is_right_begins_anew() -> None:
    tries = Tries()
    wrong(tries, PAIR_FREE - 1)

    assert tries.begin("carol", AWAY, at(0)) == 0
    tries.right("carol", AWAY)

    assert tries.begin("carol", AWAY, at(0)) == 0


def test_who_tries_from_everywhere_shuts_nobody_out_of_their_usual_place() -> None:
    tries = Tries()
    tries.note_usual("carol", HOME)
    for n in range(NAME_FREE * 3):
        tries.begin("carol", f"203.0.113.{n}", at(0))

    assert tries.begin("carol", "203.0.113.200", at(0)) > 0
    assert tries.begin("carol", HOME, at(0)) == 0


def test_one_address_may_try_many_names_only_so_often() -> None:
    tries = Tries()
    for n in range(ADDRESS_FREE):
        assert tries.begin(f"name-{n}", AWAY, at(0)) == 0

    assert tries.begin("another", AWAY, at(0)) > 0


def test_a_house_with_ipv6_is_one_address() -> None:
    tries = Tries()
    for n in range(PAIR_FREE):
        tries.begin("carol", f"2001:db8:1:2::{n}", at(0))

    assert tries.begin("carol", "2001:db8:1:2:ffff::1", at(0)) > 0
    assert tries.begin("carol", "2001:db8:1:3::1", at(0)) == 0


def test_wrong_tries_are_forgotten() -> None:
    tries = Tries()
    wrong(tries, PAIR_FREE + 3)

    assert tries.begin("carol", AWAY, at(FORGOTTEN_S)) == 0
    assert tries.begin("carol", AWAY, at(FORGOTTEN_S)) == 0

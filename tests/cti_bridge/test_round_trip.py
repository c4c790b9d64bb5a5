"""How long a ping takes, also while its answer has not come."""

from cti_bridge.ami.round_trip import RoundTrip


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_round_trip_is_from_the_ping_to_its_own_answer() -> None:
    clock = Clock()
    trip = RoundTrip(clock)
    assert trip.seconds is None

    assert trip.sent("1:7:n") == "1:7:n"
    clock.now_s += 0.25
    trip.answered("1:6:n")
    trip.answered("1:7:n")
    clock.now_s += 5

    assert trip.seconds == 0.25


def test_a_ping_without_an_answer_grows_older_and_its_followers_do_not_hide_it() -> (
    None
):
    clock = Clock()
    trip = RoundTrip(clock)
    trip.sent("1:1:n")
    trip.answered("1:1:n")

    trip.sent("1:2:n")
    clock.now_s += 1
    trip.sent("1:3:n")
    clock.now_s += 1

    assert trip.seconds == 2

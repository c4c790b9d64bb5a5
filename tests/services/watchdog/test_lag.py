"""How far the records are behind, told from two counts."""

from services.watchdog.lag import Lag


def test_what_is_on_record_has_no_lag() -> None:
    assert Lag().seen(journaled=7, shipped=7, now_s=0.0) == 0.0


def test_the_lag_is_the_age_of_the_oldest_entry_that_is_not_on_record() -> None:
    lag = Lag()
    lag.seen(journaled=7, shipped=7, now_s=0.0)
    lag.seen(journaled=9, shipped=7, now_s=10.0)
    lag.seen(journaled=12, shipped=8, now_s=20.0)

    assert lag.seen(journaled=12, shipped=8, now_s=25.0) == 15.0
    assert lag.seen(journaled=12, shipped=9, now_s=25.0) == 5.0
    assert lag.seen(journaled=12, shipped=12, now_s=25.0) == 0.0


def test_another_journal_begins_anew() -> None:
    lag = Lag()
    lag.seen(journaled=500, shipped=0, now_s=0.0)

    assert lag.seen(journaled=1, shipped=0, now_s=60.0) == 0.0

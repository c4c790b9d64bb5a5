"""What the switch noted by itself: told when nobody listened, and else left alone."""

from datetime import UTC, datetime
from pathlib import Path

from acd.vocabulary.facts import ToldFact
from acd.vocabulary.ids import LegId, Place
from acd.vocabulary.leg_facts import LegEnded
from cti_bridge.switch_log.file import SwitchLog
from services.callback.spool import Spool
from services.runtime.absence import UNHEARD_S, Absence

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CALL = "0b8f3f0e-7c1d-4c55-9a54-3f5a4a1f0001"
LINE = f"1772366400|{CALL}|calls|NONE|CCGONE|1772366400.250 boot-1.7 16 1\n"
LEG = LegId("boot-1.7")


class Switch:
    """A log of queues on disk, who reads it, and a clock to be set."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "queue_log"
        self.told: list[ToldFact] = []
        self.ended: set[LegId] = set()
        self.is_heard = True
        self.now_s = 0.0
        self.absence = Absence(
            SwitchLog(self.log, folder / "mark"),
            Spool(folder / "callbacks"),
            tell=self.told.append,
            listens=lambda: self.is_heard,
            has_ended=self.ended.__contains__,
            place_of=lambda _number: Place(province="YJ", unit="-"),
            now=lambda: NOW,
            now_s=lambda: self.now_s,
        )

    def legs_told(self) -> list[LegId]:
        return [fact.leg_id for fact in self.told if isinstance(fact, LegEnded)]


def test_an_end_that_was_heard_is_not_told_again(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    switch.log.write_text(LINE)

    switch.absence.read()
    switch.ended.add(LEG)
    switch.now_s = UNHEARD_S
    switch.absence.read()

    assert switch.told == []


def test_an_end_that_nobody_heard_is_told_after_a_while(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    switch.log.write_text(LINE)

    switch.absence.read()
    assert switch.told == []
    switch.now_s = UNHEARD_S
    switch.absence.read()

    assert switch.legs_told() == [LEG]


def test_an_end_is_told_at_once_while_nobody_listens(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    switch.log.write_text(LINE)
    switch.absence.read()
    switch.is_heard = False

    switch.absence.read()

    assert switch.legs_told() == [LEG]


def test_a_line_of_an_end_that_says_nothing_harms_nobody(tmp_path: Path) -> None:
    switch = Switch(tmp_path)
    switch.log.write_text(f"1772366400|{CALL}|calls|NONE|CCGONE|\n" + LINE)
    switch.is_heard = False

    switch.absence.read()

    assert switch.legs_told() == [LEG]

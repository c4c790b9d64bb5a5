"""What lives is looked at again and again; what was not heard of it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Container
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from acd.vocabulary.facts import LegFact
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import (
    LegChecked,
    LegEnded,
    LegEnding,
    LegSeen,
    SwitchLost,
    SwitchSeen,
)
from cti_bridge.ami.connection import Limits
from cti_bridge.ami.rounds import Pace
from cti_bridge.ami.switch import Switch
from services.runtime.clock import Clock
from tests.support.eventually import eventually
from tests.support.fake_pbx import FakePbx, Fields, block, fake_pbx

QUICK = Limits(connect_s=2, action_s=2, ping_every_s=0.05, silence_s=0.3)
PACE = Pace(every_s=0.05, settles_s=0.02)
CALLER = LegId("b1-1795301576.0")


class Believed:
    """What a test says is believed."""

    def __init__(self) -> None:
        self.legs: set[LegId] = set()
        self.odd: Callable[[LegSeen], bool] = lambda _leg: False

    def missing(self, present: Container[LegId], _asked_at: datetime) -> list[LegId]:
        return [leg for leg in sorted(self.legs) if leg not in present]

    def is_odd(self, leg: LegSeen, _asked_at: datetime) -> bool:
        return self.odd(leg)

    def has(self, leg_id: LegId) -> bool:
        return leg_id in self.legs


def channel(leg_id: str, event: str, context: str = "cc-wait") -> Fields:
    fields = {
        "Event": event,
        "Channel": f"PJSIP/trunk-{leg_id[-1:]}",
        "ChannelState": "6",
        "Context": context,
        "Uniqueid": leg_id,
        "BridgeId" if event == "CoreShowChannel" else "BridgeID": "",
    }
    others = (
        *("ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum"),
        *("ConnectedLineName", "Language", "AccountCode", "Exten", "Priority"),
        "Linkedid",
    )
    return [*fields.items(), *((name, "x") for name in others)]


@asynccontextmanager
async def a_switch(
    pace: Pace = PACE,
) -> AsyncIterator[tuple[FakePbx, Switch, Believed, list[LegFact]]]:
    told: list[LegFact] = []
    believed = Believed()
    async with fake_pbx() as pbx:
        pbx.lists = {"Status": [], "CoreShowChannels": []}
        switch = Switch(
            pbx.peer,
            tell=told.append,
            beliefs=believed,
            now=Clock().now,
            limits=QUICK,
            pace=pace,
        )
        running = asyncio.create_task(switch.run())
        try:
            await eventually(lambda: bool(told))
            yield pbx, switch, believed, told
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


def of(told: list[LegFact], kind: type[LegFact]) -> list[LegFact]:
    return [fact for fact in told if isinstance(fact, kind)]


async def test_a_leg_that_went_unheard_is_found_gone_with_its_last_proof_of_life() -> (
    None
):
    async with a_switch() as (pbx, switch, believed, told):
        believed.legs = {CALLER}
        pbx.lists["CoreShowChannels"] = [channel(CALLER, "CoreShowChannel")]
        await eventually(lambda: bool(switch.rounds.found["legs"]))
        assert of(told, LegEnded) == []

        pbx.lists = {"CoreShowChannels": []}
        pbx.refused = {"Status": "No such channel"}
        await eventually(lambda: bool(of(told, LegEnded)))

        ended = of(told, LegEnded)[0]
        assert isinstance(ended, LegEnded)
        assert (ended.leg_id, ended.ending) == (CALLER, LegEnding.LOST)
        assert ended.alive_at is not None
        assert ended.alive_at < ended.at
        assert switch.rounds.found["gone"]


async def test_one_that_is_missing_in_the_list_but_lives_is_not_ended() -> None:
    async with a_switch() as (pbx, switch, believed, told):
        believed.legs = {CALLER}
        pbx.lists = {"CoreShowChannels": [], "Status": [channel(CALLER, "Status")]}

        await eventually(lambda: switch.rounds.found["suspects"] > 2)

        assert of(told, LegEnded) == []


async def test_one_whose_news_came_meanwhile_is_not_told_twice() -> None:
    async with a_switch(replace(PACE, settles_s=0.2)) as (pbx, switch, believed, told):
        believed.legs = {CALLER}
        pbx.lists = {"CoreShowChannels": []}
        pbx.refused = {"Status": "No such channel"}
        await eventually(lambda: bool(switch.rounds.found["rounds"]))

        believed.legs = set()
        await eventually(lambda: bool(switch.rounds.found["suspects"]))

        assert of(told, LegEnded) == []


async def test_a_leg_that_is_not_as_believed_is_told_and_known_by_name() -> None:
    async with a_switch() as (pbx, switch, believed, told):
        believed.odd = lambda _leg: True
        pbx.lists = {
            "CoreShowChannels": [channel(CALLER, "CoreShowChannel")],
            "Status": [channel(CALLER, "Status")],
        }

        await eventually(lambda: bool(of(told, LegChecked)))

        checked = of(told, LegChecked)[0]
        assert isinstance(checked, LegChecked)
        assert (checked.leg.leg_id, checked.taken_at < checked.at) == (CALLER, True)
        assert switch.translator.channel(CALLER) == "PJSIP/trunk-0"


async def test_a_name_whose_leg_was_away_twice_is_forgotten() -> None:
    async with a_switch() as (_, switch, _believed, _told):
        switch.translator.names[CALLER] = "PJSIP/trunk-0"

        await eventually(lambda: switch.translator.channel(CALLER) is None)


async def test_a_round_that_fails_is_not_the_last() -> None:
    async with a_switch() as (pbx, switch, _, _told):
        del pbx.lists["CoreShowChannels"]
        pbx.refused = {"CoreShowChannels": "not now"}
        await eventually(lambda: bool(switch.rounds.found["failed"]))
        assert not switch.rounds.found["rounds"]

        pbx.refused = {}
        pbx.lists["CoreShowChannels"] = []

        await eventually(lambda: bool(switch.rounds.found["rounds"]))


async def test_what_was_heard_before_the_snapshot_was_told_comes_before_it() -> None:
    # A hang-up that was heard is no guess, though the snapshot misses the leg too.
    async with a_switch() as (pbx, _, _, told):
        pbx.unanswered = {"Status"}
        pbx.drop()
        await eventually(lambda: pbx.count("Status") == 2)
        hangup = [*channel(CALLER, "Hangup"), ("Cause", "16"), ("Cause-txt", "x")]
        pbx.event("Hangup", *hangup[1:])
        asked = pbx.actions[-1]["ActionID"]
        pbx.send(
            block(("Response", "Success"), ("ActionID", asked), ("EventList", "start"))
            + block(
                ("Event", "StatusComplete"),
                ("ActionID", asked),
                ("EventList", "Complete"),
                ("ListItems", "0"),
            )
        )

        await eventually(lambda: len(of(told, SwitchSeen)) == 2)

        assert [type(fact) for fact in told] == [
            SwitchSeen,
            SwitchLost,
            LegEnded,
            SwitchSeen,
        ]


async def test_a_lost_link_tells_when_the_switch_was_last_heard() -> None:
    async with a_switch() as (pbx, _, _, told):
        pbx.is_deaf = True

        await eventually(lambda: bool(of(told, SwitchLost)))

        lost = of(told, SwitchLost)[0]
        assert isinstance(lost, SwitchLost)
        assert lost.alive_at is not None
        assert lost.alive_at < lost.at


@pytest.mark.parametrize("count", [250])
async def test_a_long_list_is_read_in_turns(count: int) -> None:
    async with a_switch() as (pbx, switch, _, _told):
        legs = [channel(f"b1-1795301576.{n}", "CoreShowChannel") for n in range(count)]
        pbx.lists["CoreShowChannels"] = legs

        await eventually(lambda: switch.rounds.found["legs"] >= count)

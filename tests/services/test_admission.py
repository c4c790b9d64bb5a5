"""Who is refused before the answer, by the real dialplan, and with no engine at all."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cti_bridge.ami.connection import Connection
from cti_bridge.ami.protocol import Message
from services.floor.admission import Admission, Bucket, gate_of
from services.phone.sipp import CallerPlan, Load, SippOutcome, place_calls
from tests.support.postgres import free_port
from tests.support.real_pbx import RealPbx, real_pbx

pytestmark = pytest.mark.asterisk

WIDE = Bucket(per_s=1000, burst=10_000)
OPEN = Admission(calls=100, overall=WIDE, number=WIDE, caller=WIDE)
# So slow that none is given back while a test runs.
THREE = Bucket(per_s=0.001, burst=3)
LONG_MS = 2500


async def dial(
    pbx: RealPbx,
    folder: Path,
    calls: int,
    *,
    number: str = "6000",
    callers: Sequence[str] = (),
    hold_ms: int = 100,
) -> SippOutcome:
    """Have callers dial, each from another number unless they are named."""
    froms = callers or [str(13_800_000_000 + n) for n in range(calls)]
    port = free_port()
    return await place_calls(
        CallerPlan(
            number=number,
            callers=[(each, "caller") for each in froms],
            hang_up_after_ms=(hold_ms,),
        ),
        Load(calls=calls, per_s=25, timeout_s=30),
        server=pbx.sip,
        port=port,
        folder=folder / f"sipp-{port}",
    )


def answers(outcome: SippOutcome) -> dict[int | None, int]:
    return dict(Counter(call.status for call in outcome.calls))


async def test_more_than_the_bucket_of_all_is_refused_unanswered(
    tmp_path: Path,
) -> None:
    admission = replace(OPEN, overall=THREE)
    async with real_pbx(
        tmp_path, numbers=("6000", "6010"), reserved={"6010": 5}, admission=admission
    ) as pbx:
        crowd = await dial(pbx, tmp_path, 10)
        again = await dial(pbx, tmp_path, 2)
        in_danger = await dial(pbx, tmp_path, 5, number="6010")

    assert answers(crowd) == {200: 3, 486: 7}
    assert answers(again) == {486: 2}
    assert answers(in_danger) == {200: 5}


async def test_the_bucket_of_one_number_leaves_the_others_open(tmp_path: Path) -> None:
    admission = replace(OPEN, number=THREE, refuse_by="congestion")
    async with real_pbx(tmp_path, numbers=("6000", "6001"), admission=admission) as pbx:
        crowd = await dial(pbx, tmp_path, 5)
        others = await dial(pbx, tmp_path, 3, number="6001")

    assert answers(crowd) == {200: 3, 503: 2}
    assert answers(others) == {200: 3}


async def test_who_dials_again_and_again_is_refused_and_nobody_else(
    tmp_path: Path,
) -> None:
    async with real_pbx(tmp_path, admission=replace(OPEN, caller=THREE)) as pbx:
        one = await dial(pbx, tmp_path, 6, callers=["13800138000"])
        another = await dial(pbx, tmp_path, 1, callers=["13800138001"])
        withheld = await dial(pbx, tmp_path, 6, callers=["anonymous"])

    assert answers(one) == {200: 3, 486: 3}
    assert answers(another) == {200: 1}
    assert answers(withheld) == {200: 6}


async def test_reserved_lines_are_free_when_all_others_are_taken(
    tmp_path: Path,
) -> None:
    admission = replace(OPEN, calls=6)
    async with real_pbx(
        tmp_path, numbers=("6000", "6010"), reserved={"6010": 2}, admission=admission
    ) as pbx:
        crowd = asyncio.create_task(dial(pbx, tmp_path, 8, hold_ms=LONG_MS))
        await asyncio.sleep(0.8)
        in_danger = await dial(pbx, tmp_path, 3, number="6010", hold_ms=500)
        taken = answers(await crowd)
        later = await dial(pbx, tmp_path, 4)

    assert taken == {200: 4, 486: 4}
    assert answers(in_danger) == {200: 2, 486: 1}
    assert answers(later) == {200: 4}


async def test_a_number_whose_queues_are_full_takes_nobody_until_the_word_is_old(
    tmp_path: Path,
) -> None:
    told: list[Message] = []
    async with real_pbx(tmp_path, numbers=("6000", "+8695598"), admission=OPEN) as pbx:
        link = await Connection.open(pbx, epoch=1, nonce="n", sink=told.append)
        link.release()
        for number in ("6000", "+8695598"):
            gate = gate_of(number)
            await link.act(
                "Setvar", {"Variable": f"CC_FULL_{gate}", "Value": "99999999999"}
            )
        full = await dial(pbx, tmp_path, 2)
        full_too = await dial(pbx, tmp_path, 2, number="+8695598")
        counted = await link.act("Getvar", {"Variable": "CC_REFUSED_QUEUE"})
        ended = [message for message in told if message.event == "Hangup"]
        await link.act("Setvar", {"Variable": "CC_FULL_6000", "Value": "1000000000"})
        old = await dial(pbx, tmp_path, 2)
        link.close()

    assert answers(full) == answers(full_too) == {486: 2}
    assert counted.get("Value") == "4"
    assert ended == [], "nobody here needs to hear of who was refused"
    assert answers(old) == {200: 2}


async def test_some_of_the_refused_hear_why_without_being_answered(
    tmp_path: Path,
) -> None:
    admission = replace(OPEN, overall=replace(THREE, burst=1), announcements=1)
    async with real_pbx(tmp_path, admission=admission) as pbx:
        outcome = await dial(pbx, tmp_path, 3)

    assert answers(outcome) == {200: 1, 486: 2}
    spent = sorted(
        (call.at["refused"] - call.at["dialled"]).total_seconds()
        for call in outcome.calls
        if call.status == 486
    )
    assert spent[1] > 1 > spent[0]

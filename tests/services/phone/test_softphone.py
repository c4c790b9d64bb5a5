"""A phone of ours against SIPp: both ways of calling, sound, keys, and every end."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from services.phone.errors import (
    CallIsOver,
    CallNotAnswered,
    NotDiallable,
    RegistrationRefused,
)
from services.phone.phone_call import PhoneCall
from services.phone.sipp import (
    CallerPlan,
    DevicePlan,
    Load,
    SippOutcome,
    devices_ringing,
    place_calls,
)
from services.phone.softphone import Line, Softphone, open_softphone
from services.phone.sound import CALLER_HZ, loudness_at, voice_like
from tests.services.phone.peers import SlowDevice, free_sip_port


@pytest.fixture
def port() -> int:
    return free_sip_port()


def _phone(
    port: int, *, listen_port: int = 0, keeps_sound: bool = False
) -> AbstractAsyncContextManager[Softphone]:
    line = Line(user="13800138000", server=f"127.0.0.1:{port}", display_name="张伟")
    return open_softphone(line, listen_port=listen_port, keeps_sound=keeps_sound)


async def _answered(phone: Softphone) -> PhoneCall:
    call = await phone.dial("6000")
    await call.wait_answered(10)
    return call


async def test_what_is_said_is_heard_by_the_other_side_and_comes_back(
    port: int, tmp_path: Path
) -> None:
    # SIPp's devices echo what they hear.
    async with (
        devices_ringing(DevicePlan(), port=port, folder=tmp_path),
        _phone(port, keeps_sound=True) as phone,
    ):
        call = await _answered(phone)
        call.say(voice_like(CALLER_HZ), repeat=True)
        assert await call.wait_heard(0.5, timeout_s=10)
        await call.hang_up()

    assert loudness_at(call.ear.pcm, CALLER_HZ) > 500


async def test_keys_arrive_in_order(port: int, tmp_path: Path) -> None:
    async with (
        devices_ringing(DevicePlan(), port=port, folder=tmp_path),
        _phone(port) as phone,
    ):
        call = await _answered(phone)
        # A phone learns where to send from what it hears; an echo needs a first word.
        call.say(voice_like(CALLER_HZ), repeat=True)
        await call.wait_heard(0.1, timeout_s=10)
        await call.press("12*#")
        async with asyncio.timeout(10):
            # Keys come from the network; no event of this test tells of them.
            while call.digits != "12*#":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await call.hang_up()


async def test_the_dialog_has_the_call_id_that_the_other_side_sees(
    port: int, tmp_path: Path
) -> None:
    async with (
        devices_ringing(DevicePlan(), port=port, folder=tmp_path) as run,
        _phone(port) as phone,
    ):
        call = await _answered(phone)
        await call.hang_up()

    assert [seen.sip_call_id for seen in run.outcome.calls] == [call.sip_call_id]


async def test_a_call_that_we_end_is_ended_by_us(port: int, tmp_path: Path) -> None:
    async with (
        devices_ringing(DevicePlan(), port=port, folder=tmp_path) as run,
        _phone(port) as phone,
    ):
        call = await _answered(phone)
        ending = await call.hang_up()

    assert ending
    assert ending.by == "us"
    assert run.outcome.calls[0].hung_up_by == "them"


async def test_a_call_that_the_other_side_ends_is_ended_by_them(
    port: int, tmp_path: Path
) -> None:
    plan = DevicePlan(talk_ms=200)
    async with (
        devices_ringing(plan, port=port, folder=tmp_path),
        _phone(port) as phone,
    ):
        call = await _answered(phone)
        ending = await call.wait_ended(10)

    assert ending
    assert (ending.by, ending.status, ending.reason) == ("them", None, "")
    with pytest.raises(CallIsOver):
        await call.press("1")


async def test_closing_the_phone_ends_its_calls_on_the_other_side_too(
    port: int, tmp_path: Path
) -> None:
    async with (
        devices_ringing(DevicePlan(), port=port, folder=tmp_path) as run,
        _phone(port) as phone,
    ):
        await _answered(phone)

    assert run.outcome.calls[0].hung_up_by == "them"
    assert run.outcome.errors == ""


@pytest.mark.parametrize(
    ("status", "words"),
    [(486, "Busy Here"), (603, "Decline"), (480, "Temporarily Unavailable")],
)
async def test_a_refused_call_tells_the_status(
    port: int, tmp_path: Path, status: int, words: str
) -> None:
    plan = DevicePlan(status=status, ring_ms=1)
    async with (
        devices_ringing(plan, port=port, folder=tmp_path),
        _phone(port) as phone,
    ):
        call = await phone.dial("6000")
        with pytest.raises(CallNotAnswered) as refusal:
            await call.wait_answered(10)

    assert str(refusal.value) == f"6000: not answered: SIP {status} {words}"
    assert call.ending
    assert (call.ending.by, call.ending.status) == ("them", status)


async def test_a_call_that_rings_too_long_is_given_up(
    port: int, tmp_path: Path
) -> None:
    plan = DevicePlan(ring_ms=60_000)
    async with (
        devices_ringing(plan, port=port, folder=tmp_path) as run,
        _phone(port) as phone,
    ):
        call = await phone.dial("6000")
        with pytest.raises(CallNotAnswered, match=r"no answer within 0\.5 s"):
            await call.wait_answered(0.5)

    assert "cancelled" in run.outcome.calls[0].at


async def test_a_call_given_up_before_any_answer_does_not_ring_on(port: int) -> None:
    # A CANCEL may follow a provisional answer only (RFC 3261, 9.1).
    slow = SlowDevice(silent_s=0.6)
    loop = asyncio.get_running_loop()
    device, _ = await loop.create_datagram_endpoint(
        lambda: slow, local_addr=("127.0.0.1", port)
    )
    async with _phone(port) as phone:
        call = await phone.dial("6000")
        await call.hang_up()
    device.close()

    assert "CANCEL" in slow.heard


async def _rung(
    phone: Softphone, port: int, folder: Path, hang_up_after_ms: int = 20_000
) -> tuple[PhoneCall, asyncio.Task[SippOutcome]]:
    """Have SIPp ring the phone; return the call and SIPp at work."""
    plan = CallerPlan(number="13800138000", hang_up_after_ms=(hang_up_after_ms,))
    ringing = asyncio.create_task(
        place_calls(
            plan,
            Load(timeout_s=15),
            server=f"127.0.0.1:{port}",
            port=free_sip_port(),
            folder=folder,
        )
    )
    async with asyncio.timeout(10):
        return await phone.next_ring(), ringing


async def test_a_phone_that_is_rung_knows_who_calls_and_can_answer(
    port: int, tmp_path: Path
) -> None:
    async with _phone(port, listen_port=port) as phone:
        call, ringing = await _rung(phone, port, tmp_path)
        await call.answer()
        await call.hang_up()
        outcome = await ringing

    assert call.other_side == "13800138000"
    assert outcome.calls[0].sip_call_id == call.sip_call_id
    assert (outcome.calls[0].status, outcome.calls[0].hung_up_by) == (200, "them")


async def test_a_caller_who_hangs_up_ends_the_call_of_a_phone(
    port: int, tmp_path: Path
) -> None:
    async with _phone(port, listen_port=port) as phone:
        call, ringing = await _rung(phone, port, tmp_path, hang_up_after_ms=300)
        await call.answer()
        ending = await call.wait_ended(10)
        await ringing

    assert ending
    assert ending.by == "them"


async def test_a_phone_that_declines_says_busy(port: int, tmp_path: Path) -> None:
    async with _phone(port, listen_port=port) as phone:
        call, ringing = await _rung(phone, port, tmp_path)
        ending = await call.decline()
        outcome = await ringing

    assert outcome.calls[0].status == 486
    assert ending
    assert ending.by == "us"
    with pytest.raises(CallIsOver):
        await call.answer()


async def test_a_registrar_that_is_not_there_is_told_as_such(port: int) -> None:
    line = Line(user="dev-1001", server=f"127.0.0.1:{port}", password="secret")
    async with open_softphone(line) as phone:
        with pytest.raises(RegistrationRefused, match=r"device 'dev-1001' at 127\.0"):
            await phone.register()

    assert "secret" not in repr(line)


@pytest.mark.parametrize("number", ["", "60 00", "6000@elsewhere", "6000;x", "a" * 41])
async def test_what_no_telephone_has_is_not_dialled(port: int, number: str) -> None:
    async with _phone(port) as phone:
        with pytest.raises(NotDiallable, match="number: 1 to 40 of the letters"):
            await phone.dial(number)


async def test_a_name_with_a_line_break_is_refused_before_anything_starts(
    port: int,
) -> None:
    line = Line(user="1", server=f"127.0.0.1:{port}", display_name="a\r\nBye: now")
    with pytest.raises(NotDiallable, match="no control characters"):
        async with open_softphone(line):
            pass

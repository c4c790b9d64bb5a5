"""How much is asked at once: by how fast the answers come, and who goes first."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cti_bridge.ami.errors import ActionTimedOut, TurnNotCome, TurnsFull
from cti_bridge.ami.window import Urgency, Window, WindowLimits

NARROW = WindowLimits(least=1, first=1, most=1, waiting=3)


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def acting(
    window: Window, log: list[str]
) -> Callable[[str, Urgency, asyncio.Event], Awaitable[None]]:
    async def act(name: str, urgency: Urgency, answered: asyncio.Event) -> None:
        async with window.turn(urgency):
            log.append(name)
            await answered.wait()

    return act


async def test_who_is_on_the_line_goes_before_who_is_to_be_rung() -> None:
    window, answered = Window(clock_s=Clock(), limits=NARROW), asyncio.Event()
    log: list[str] = []
    act = acting(window, log)
    names = [
        ("first ring", Urgency.RING),
        ("ring", Urgency.RING),
        ("stop", Urgency.STOP),
        ("join", Urgency.JOIN),
    ]
    tasks = [asyncio.ensure_future(act(*each, answered)) for each in names]
    await settle()
    assert (log, window.in_flight, window.waiting) == (["first ring"], 1, 3)

    answered.set()
    await asyncio.gather(*tasks)

    assert log == ["first ring", "join", "stop", "ring"]
    assert (window.in_flight, window.waiting) == (0, 0)


async def test_those_alike_go_in_the_order_in_which_they_came() -> None:
    window, answered = Window(clock_s=Clock(), limits=NARROW), asyncio.Event()
    log: list[str] = []
    act = acting(window, log)
    tasks = [
        asyncio.ensure_future(act(f"{n}", Urgency.RING, answered)) for n in range(4)
    ]
    await settle()
    answered.set()
    await asyncio.gather(*tasks)

    assert log == ["0", "1", "2", "3"]


async def test_more_than_may_wait_are_refused_at_once() -> None:
    window, answered = Window(clock_s=Clock(), limits=NARROW), asyncio.Event()
    act = acting(window, [])
    tasks = [asyncio.ensure_future(act("", Urgency.RING, answered)) for _ in range(4)]
    await settle()

    with pytest.raises(TurnsFull, match="3 actions wait for their turn"):
        await act("one more", Urgency.JOIN, answered)

    answered.set()
    await asyncio.gather(*tasks)
    await act("again", Urgency.JOIN, answered)


async def test_a_turn_that_does_not_come_is_given_up_and_nobody_waits_for_it() -> None:
    window, answered = Window(clock_s=Clock(), limits=NARROW), asyncio.Event()
    log: list[str] = []
    act = acting(window, log)
    first = asyncio.ensure_future(act("first", Urgency.RING, answered))
    await settle()

    with pytest.raises(TurnNotCome, match=r"no turn within 0.01 s"):
        async with window.turn(Urgency.RING, within_s=0.01):
            log.append("too late")
    gone = asyncio.ensure_future(act("gone", Urgency.RING, answered))
    behind = asyncio.ensure_future(act("behind", Urgency.RING, answered))
    await settle()
    gone.cancel()
    answered.set()
    await asyncio.gather(first, behind)

    assert log == ["first", "behind"]
    assert (window.in_flight, window.waiting) == (0, 0)


async def one(window: Window, clock: Clock, took_s: float) -> None:
    async with window.turn(Urgency.RING):
        clock.now_s += took_s


async def test_quick_answers_widen_it_and_slow_ones_narrow_it() -> None:
    clock = Clock()
    window = Window(clock_s=clock)
    widths = [window.width]
    for took_s, times in ((0.01, 2000), (0.15, 50), (0.5, 50), (0.01, 20)):
        for _ in range(times):
            await one(window, clock, took_s)
        widths.append(window.width)

    # As it began; as wide as may be; neither quick nor slow; as narrow as may be; and
    # soon on its way back.
    assert widths == [16, 64, 64, 2, 6]


async def test_an_answer_that_does_not_come_halves_it_once_a_round_trip() -> None:
    clock = Clock()
    window = Window(clock_s=clock)
    clock.now_s += 1

    async def lost() -> None:
        async with window.turn(Urgency.RING):
            await asyncio.sleep(0)
            raise ActionTimedOut("Originate", "1:1:n", 5)

    found = await asyncio.gather(*[lost() for _ in range(5)], return_exceptions=True)

    assert all(isinstance(each, ActionTimedOut) for each in found)
    assert (window.width, window.in_flight) == (8, 0)

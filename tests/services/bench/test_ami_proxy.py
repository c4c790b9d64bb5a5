"""A link that is made bad on purpose does just what it was asked to do."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from services.runtime.bench.chaos.ami_proxy import AmiProxy
from services.runtime.bench.chaos.mangling import Mangler, Mangling
from tests.support.eventually import eventually
from tests.support.fake_pbx import GREETING, FakePbx, fake_pbx

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def a_link(pbx: FakePbx) -> AsyncIterator[tuple[AmiProxy, Streams]]:
    """Give a proxy before a fake Asterisk, and one link through it."""
    proxy = AmiProxy("127.0.0.1", pbx.port, seed=1)
    port = await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        assert await reader.readline() == GREETING
        yield proxy, (reader, writer)
    finally:
        writer.transport.abort()
        await proxy.close()


def numbers(stream: bytes) -> list[int]:
    return [int(f.rpartition(b": ")[2]) for f in stream.split(b"\r\n\r\n") if f]


def through(mangling: Mangling, *, seed: int = 7, count: int = 2000) -> list[int]:
    """Return the numbers of the events that come out."""
    chance = random.Random(seed)  # noqa: S311 - the same again, no secret
    mangler = Mangler(chance, Counter())
    mangler.mangling = mangling
    frames = [b"Event: Hangup\r\nN: %d\r\n\r\n" % n for n in range(count)]
    out = [gone for frame in frames for gone in mangler.take(frame)]
    return numbers(b"".join([*out, *mangler.flush()]))


def test_what_passes_unharmed_is_what_came() -> None:
    assert through(Mangling()) == list(range(2000))


def test_some_are_lost_some_doubled_some_swapped_and_the_seed_says_which() -> None:
    mangling = Mangling(drop=0.05, double=0.05, swap=0.05)

    came = through(mangling)

    assert came == through(mangling)
    assert came != through(mangling, seed=8)
    lost = 2000 - len(set(came))
    doubled = len(came) - len(set(came))
    inverted = sum(a > b for a, b in pairwise(came))
    assert all(60 < n < 150 for n in (lost, doubled, inverted))


def test_only_the_events_named_are_lost() -> None:
    chance = random.Random(1)  # noqa: S311 - the same again, no secret
    mangler = Mangler(chance, Counter())
    mangler.mangling = Mangling(drop=1.0, names=frozenset({"Hangup"}))

    frames = [b"Event: BridgeLeave\r\n\r\n", b"Event: Hangup\r\n\r\n"]

    assert [list(mangler.take(f)) for f in frames] == [[frames[0]], []]


def test_chances_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="0 to 1 together"):
        Mangling(drop=0.8, swap=0.3)


async def test_actions_go_up_and_replies_come_down() -> None:
    async with fake_pbx() as pbx, a_link(pbx) as (_, (reader, writer)):
        writer.write(b"Action: Ping\r\nActionID: 1\r\n\r\n")

        assert b"Response: Success" in await reader.readuntil(b"\r\n\r\n")


async def test_a_stalled_link_keeps_all_and_gives_it_when_it_flows_again() -> None:
    async with fake_pbx() as pbx, a_link(pbx) as (proxy, (reader, writer)):
        proxy.stall()
        writer.write(b"Action: Ping\r\nActionID: 1\r\n\r\n")
        pbx.event("Hangup")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        assert not pbx.count("Ping")

        proxy.resume()

        assert b"Hangup" in await reader.readuntil(b"\r\n\r\n")
        assert await pbx.received("Ping")


async def test_what_a_black_hole_swallowed_is_gone_but_a_new_link_lives() -> None:
    async with fake_pbx() as pbx, a_link(pbx) as (proxy, (reader, _)):
        proxy.blackhole()
        pbx.event("Hangup")

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        other, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await other.readline() == GREETING
        pbx.event("Hangup")
        assert await other.readuntil(b"\r\n\r\n")
        writer.transport.abort()


async def test_a_reset_is_seen_as_one_on_both_sides() -> None:
    async with fake_pbx() as pbx, a_link(pbx) as (proxy, (reader, _)):
        await eventually(lambda: pbx.connections == 1)

        assert proxy.reset() == 1

        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        await eventually(lambda: proxy.links == 0)


async def test_one_that_waits_to_be_overtaken_does_not_wait_for_ever() -> None:
    async with fake_pbx() as pbx, a_link(pbx) as (proxy, (reader, _)):
        proxy.mangle(Mangling(swap=1.0))
        pbx.event("Hangup", ("N", "1"))

        assert b"N: 1" in await reader.readuntil(b"\r\n\r\n")
        assert proxy.counts["swapped:Hangup"] == 1

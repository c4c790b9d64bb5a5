"""The parts of benches that need no calls."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer

from services.floor.load import load_floor
from services.runtime.bench.call import found
from services.runtime.bench.clocks import ClockOffset
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import DIRECT, GREETING, QUEUE, FloorPlan
from services.runtime.bench.free_ports import free_base, peer_port
from services.runtime.bench.mixed_load import engine_said
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.problems import BenchFailed
from services.runtime.bench.rtp import is_audible
from services.runtime.bench.starting import downloads
from services.runtime.commands.bench import chosen
from services.runtime.ports import Ports


def test_a_benchs_floor_is_one_that_an_instance_takes(tmp_path: Path) -> None:
    plan = FloorPlan(agents=150, ring_s=3)

    floor = load_floor(*plan.write(tmp_path))

    assert set(floor.numbers) == {DIRECT, GREETING}
    assert tuple(map(str, floor.policy.agents)) == plan.agent_ids
    (queue,) = floor.policy.queues.values()
    assert queue.queue_id == QUEUE
    assert (queue.ring_s, queue.wrap_up_s) == (3, 0)


def test_a_base_port_that_somebody_has_is_passed_over() -> None:
    first = free_base()
    with socket.create_server(("127.0.0.1", Ports.from_base(first).agi)):
        assert free_base(first) != first


def test_a_port_for_sipp_is_free_with_those_above_it_and_no_one_elses() -> None:
    base = free_base()
    port = peer_port(f"127.0.0.1:{base}")

    # The kernel gives those from 32768 on to whoever asks.
    assert Ports.from_base(base).rtp_last < port < 32_768
    for above in range(5):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", port + above))


def test_ports_for_sipp_that_are_asked_for_together_are_apart() -> None:
    server = f"127.0.0.1:{free_base()}"

    one, other = peer_port(server), peer_port(server)

    assert abs(one - other) >= 6


def test_a_port_for_sipp_that_somebody_has_is_passed_over() -> None:
    server = f"127.0.0.1:{free_base()}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
        somebody.bind(("127.0.0.1", peer_port(server) + 13))
        taken = somebody.getsockname()[1]

        port = peer_port(server)

    assert not port <= taken < port + 6


def test_callers_of_a_bench_have_a_number_each() -> None:
    assert len({number for number, _ in numbered(600)}) == 600


@pytest.mark.parametrize(
    ("sound", "expected"),
    [
        (b"", False),
        (b"\xff" * 160, False),
        (b"\x7f" * 160, False),
        (b"\xff\xfe\x7e\xf5" * 40, False),
        (b"\xff" * 159 + b"\x40", True),
        (b"\x00" * 160, True),
    ],
    ids=["nothing", "silence", "silence below", "a breath", "one sample", "loudest"],
)
def test_sound_is_told_from_silence(sound: bytes, *, expected: bool) -> None:
    assert is_audible(b"\x80\x00" + bytes(10) + sound) is expected


def test_what_a_neighbour_is_told_of_its_sound_is_no_sound() -> None:
    sender_report = b"\x81\xc8\x00\x0c" + b"\x20" * 48

    assert not is_audible(sender_report)


@pytest.mark.parametrize(
    ("least_ms", "most_ms", "expected_ms"),
    [(-2.0, 3.0, 0.0), (1.5, 4.0, 1.5), (-9.0, -4.0, -4.0), (0.0, 0.0, 0.0)],
)
def test_clocks_are_corrected_only_by_what_is_certain(
    least_ms: float, most_ms: float, expected_ms: float
) -> None:
    assert ClockOffset(least_ms=least_ms, most_ms=most_ms).surely_ms == expected_ms


def test_what_was_downloaded_is_told_apart_from_the_rest_of_a_start() -> None:
    told = downloads(
        "tieline: environment made in 43 s\n"
        "tieline: asterisk: list fetched in 3.5 s; downloading 30 packages, 21.0 MB …\n"
        "tieline: asterisk: 21.0 MB downloaded in 2.5 s; unpacking …\n"
        "tieline: asterisk: unpacked in 2.0 s into /x\n"
        "tieline: postgresql: ready in 10.7 s\n"
    )

    assert told["fetching_s"] == 49.0
    assert len(told["fetched"]) == 3  # type: ignore[arg-type]


def test_what_the_engine_warned_of_is_counted(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text(
        '{"event": "switch_lost", "level": "warning"}\n'
        '{"event": "switch_lost", "level": "warning"}\n'
        '{"event": "connected", "level": "info"}\n'
        "Traceback (most recent call last):\n",
        encoding="utf-8",
    )

    assert engine_said(log) == {"warning: switch_lost": 2}


def test_only_figures_that_there_are_can_be_chosen() -> None:
    assert chosen("cost, wire") == ("cost", "wire")
    assert "latency" in chosen(None)
    with pytest.raises(typer.BadParameter, match="no figure is called 'speed'"):
        chosen("speed")


async def test_figures_stand_though_a_later_part_could_not_be_run() -> None:
    first = Figure(name="wire_parsed", value=5.0, unit="times", n=3)
    lost = BenchFailed("a start", found="no ready line", would_do="look at its log")

    async def measured() -> AsyncIterator[Figure]:
        yield first
        raise lost

    assert await found(measured()) == ([first], [str(lost)])

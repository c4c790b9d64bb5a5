"""T-01: what is dialled from either side leads to our numbers, and nowhere else."""

import socket
from collections.abc import Iterator

import httpx
import pytest

from services.runtime.bench.chaos.intruder import Intruder
from services.runtime.bench.chaos.toll_fraud import try_all
from tests.support.instance import RunningInstance


@pytest.fixture
def elsewhere() -> Iterator[socket.socket]:
    """Somebody else's telephone, who must never be rung."""
    with socket.socket(type=socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(1.0)
        yield phone


def attempts(elsewhere: socket.socket) -> list[str]:
    host, port = elsewhere.getsockname()
    # Written so that they come through the parser: bare, it drops them unanswered.
    out = f"PJSIP/trunk/sip%3A1%40{host}%3A{port}"
    return [
        f"100&{out}",
        f"6000&{out}",
        out,
        "Local/6000%40from-trunk",
        "100,50",
        "6000,1",
        "100%40trunk",
        "*72",
        "*7213800138000",
        "0013800138000",
        "+13800138000",
        "9006000",
        "60000",
        "600",
        "s",
        "h",
        "i",
        "t",
        "cc-offer",
        "cc-in",
        "dev-1001",
        "%24%7BSHELL(id)%7D",
        "6000%0D%0AAction:%20Originate",
    ]


def heard(elsewhere: socket.socket) -> bytes:
    try:
        return elsewhere.recv(65536)
    except TimeoutError:
        return b""


def test_from_the_trunk_nothing_but_our_numbers_is_answered(
    instance: RunningInstance, elsewhere: socket.socket
) -> None:
    with Intruder(server=instance.sip) as trunk:
        answers = {dialled: trunk.invite(dialled) for dialled in attempts(elsewhere)}

        assert set(answers.values()) == {404}, answers
        assert heard(elsewhere) == b""
        assert trunk.requests == []
        assert (
            httpx.get(f"{instance.http}/calls/live", headers=instance.headers).json()
            == []
        )
        assert trunk.invite("6000") == 200


def test_an_agents_device_can_dial_nothing_at_all(
    instance: RunningInstance, elsewhere: socket.socket
) -> None:
    device = instance.devices.of("1001")
    with Intruder(
        server=instance.sip, user=device.device_id, password=device.password
    ) as phone:
        answers = {
            dialled: phone.invite(dialled)
            for dialled in ("6000", "dev-1002", *attempts(elsewhere))
        }

        assert set(answers.values()) == {404}, answers
        assert heard(elsewhere) == b""
        assert phone.requests == []


def test_a_device_without_its_password_is_not_let_in(
    instance: RunningInstance,
) -> None:
    with Intruder(server=instance.sip, user="dev-1001") as stranger:
        assert stranger.invite("6000") == 401
    with Intruder(server=instance.sip, user="dev-1001", password="guessed") as guess:
        assert guess.invite("6000") == 401


def test_who_calls_themselves_the_trunk_is_not_taken_for_it(
    instance: RunningInstance,
) -> None:
    with Intruder(server=instance.sip, host="127.0.0.2", user="trunk") as stranger:
        assert stranger.invite("6000") == 401


def test_of_200_tries_none_reaches_the_trunk(instance: RunningInstance) -> None:
    device = instance.devices.of("1001")

    seen = try_all(instance.sip, device.device_id, device.password, "6000")

    assert seen.tries == 200
    assert seen.taken == 0, (seen.answers, seen.led)
    assert seen.got_out == 0

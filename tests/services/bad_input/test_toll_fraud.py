"""T-01: what is dialled from either side leads to our numbers, and nowhere else."""

import random
import socket
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

import httpx
import pytest

from tests.services.bad_input.intruder import DROPPED, Intruder
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
        assert httpx.get(f"{instance.http}/calls/live").json() == []
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


_OUT = ("PJSIP/trunk", "PJSIP/trunk/sip:1", "Local/1", "DAHDI/g1", "IAX2/out", "SIP")
_CODES = ("*72", "*73", "*21*", "#", "##", "*8", "**", "*0", "9", "0", "00", "011", "+")
_WORDS = ("s", "i", "h", "t", "o", "a", "fax", "cc-in", "cc-offer", "cc-open", "trunk")


def generated(seed: int = 2010) -> Iterator[str]:
    """Yield what a careless dialplan would lead out by (AST-2010-002)."""
    chance = random.Random(seed)  # noqa: S311 - the same again, no secret
    while True:
        far = chance.choice(("0", "00", "011", "+")) + str(chance.randrange(10**9))
        known = chance.choice(("6000", "100", "1001", "dev-1001"))
        out = f"{chance.choice(_OUT)}/{far}"
        wish = chance.choice(
            (
                far,
                chance.choice(_CODES) + far,
                f"{known}&{out}",
                f"{known}%26{out}",
                f"{known},{chance.randrange(9)}",
                f"{known}%2C1%2CDial({far})",
                f"{far}%40from-trunk",
                f"{known}%40cc-offer",
                f"{known}{chance.randrange(10)}",
                known[:-1] + "x",
                chance.choice(_WORDS) + chance.choice(("", "%40from-trunk", "/1")),
                f"%24%7BDIAL({far})%7D",
                f"{known};phone-context={far}",
                f"{known}%0D%0A{out}",
            )
        )
        # Bare, the parser drops some of them unanswered.
        yield quote(wish, safe="%&+*,;=/()!$'")


def tries() -> tuple[list[str], list[str]]:
    """Return what is dialled from the trunk, and from an agent's device."""
    # Parameters behind a number's ";" are the URI's, and 6000 is a number of ours.
    wrong = (t for t in generated() if not t.startswith("6000;"))
    return list(islice(wrong, 140)), list(islice(generated(seed=2011), 40))


def test_of_200_tries_none_reaches_the_trunk(
    instance: RunningInstance,
    elsewhere: socket.socket,
    capsys: pytest.CaptureFixture[str],
) -> None:
    host, port = elsewhere.getsockname()
    aims = [f"sip:{far}@{host}:{port}" for far in islice(generated(seed=2012), 20)]
    from_trunk, from_device = tries()
    device = instance.devices.of("1001")
    with (
        Intruder(server=instance.sip) as trunk,
        Intruder(
            server=instance.sip, user=device.device_id, password=device.password
        ) as phone,
    ):
        answers = [trunk.invite(dialled) for dialled in from_trunk]
        answers += [phone.invite(dialled) for dialled in from_device]
        # A caller who was let in asks to be led out, a device out of nothing.
        led = trunk.refer("6000", aims[:10])
        led += [phone.ask("REFER", "6000", f"Refer-To: <{aim}>") for aim in aims[10:]]

        reached = trunk.requests_for("INVITE") + phone.requests_for("INVITE")
    rung = heard(elsewhere).startswith(b"INVITE")
    with capsys.disabled():
        told = f"toll fraud: {len(answers) + len(led)} tries, {reached + rung} got out"
        print(f"\n{told}")  # noqa: T201 - the lab reads it

    assert len(answers) + len(led) == 200
    assert set(answers) <= {404, 484, 416, 400}, answers
    assert all(status == DROPPED or status >= 400 for status in led), led
    assert reached == 0
    assert not rung

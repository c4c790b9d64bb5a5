"""Two hundred ways to be led out at our cost, and how many of them lead anywhere."""

import asyncio
import random
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import quote

from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.intruder import DROPPED, Intruder
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.floor_plan import DIRECT, FloorPlan
from services.runtime.bench.stand import open_stand

TRIES: Final = 200
_FROM_TRUNK, _FROM_DEVICE, _LED = 140, 40, 20
_REFUSED: Final = frozenset({404, 484, 416, 400})
_LISTENS_S: Final = 1.0
_OUT = ("PJSIP/trunk", "PJSIP/trunk/sip:1", "Local/1", "DAHDI/g1", "IAX2/out", "SIP")
_CODES = ("*72", "*73", "*21*", "#", "##", "*8", "**", "*0", "9", "0", "00", "011", "+")
_WORDS = ("s", "i", "h", "t", "o", "a", "fax", "cc-in", "cc-offer", "cc-open", "trunk")


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudSeen:
    """What the tries came to."""

    answers: Sequence[int]
    """By what status dialling was answered, try by try."""
    led: Sequence[int]
    """By what status being led elsewhere was; ``DROPPED`` where not at all."""
    got_out: int
    """INVITEs that came to where a trunk or the aim would have been."""

    @property
    def tries(self) -> int:
        """How many there were."""
        return len(self.answers) + len(self.led)

    @property
    def taken(self) -> int:
        """How many were not refused, wherever they led."""
        let_in = sum(status not in _REFUSED for status in self.answers)
        return let_in + sum(status != DROPPED and status < 400 for status in self.led)


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


def wishes() -> tuple[list[str], list[str]]:
    """Return what is dialled from the trunk, and from an agent's device."""
    # Parameters behind a number's ";" are the URI's, and 6000 is a number of ours.
    wrong = (wish for wish in generated() if not wish.startswith("6000;"))
    from_device = islice(generated(seed=2011), _FROM_DEVICE)
    return list(islice(wrong, _FROM_TRUNK)), list(from_device)


def try_all(server: str, device: str, password: str, number: str) -> FraudSeen:
    """Dial and ask in 200 ways, from the trunk and from a device of ours.

    Args:
        server: The switch, host and port.
        device: A device that may register.
        password: Its own.
        number: One of ours that is answered.
    """
    with (
        closing(socket.socket(type=socket.SOCK_DGRAM)) as elsewhere,
        Intruder(server=server) as trunk,
        Intruder(server=server, user=device, password=password) as phone,
    ):
        elsewhere.bind(("127.0.0.1", 0))
        elsewhere.settimeout(_LISTENS_S)
        host, port = elsewhere.getsockname()
        far = islice(generated(seed=2012), _LED)
        aims = [f"sip:{one}@{host}:{port}" for one in far]
        from_trunk, from_device = wishes()
        answers = [trunk.invite(wish) for wish in from_trunk]
        answers += [phone.invite(wish) for wish in from_device]
        # A caller who was let in asks to be led out, a device out of nothing.
        led = trunk.refer(number, aims[:10])
        led += [phone.ask("REFER", number, f"Refer-To: <{aim}>") for aim in aims[10:]]
        rung = _invites(elsewhere)
        got_out = trunk.requests_for("INVITE") + phone.requests_for("INVITE") + rung
    return FraudSeen(answers=answers, led=led, got_out=got_out)


def _invites(elsewhere: socket.socket) -> int:
    found = 0
    while True:
        try:
            found += elsewhere.recv(65536).startswith(b"INVITE")
        except TimeoutError:
            return found


async def _tried(room: Room) -> Found:
    async with open_stand(FloorPlan(agents=3), base_port=room.base_port) as stand:
        agent = stand.agents[0]
        seen = await asyncio.to_thread(
            try_all,
            stand.instance.sip,
            f"dev-{agent}",
            stand.passwords[agent],
            DIRECT,
        )
    return Found(
        figures=(
            none_lost(
                "fraudulent calls led out", seen.got_out, seen.tries, enough=TRIES
            ),
            none_lost("fraudulent calls taken", seen.taken, seen.tries, enough=TRIES),
        )
    )


TOLL_FRAUD = Measurement(fault_id="S-07", title="toll fraud", run=_tried)

"""Whom the simulated utility supplies: the personas, and a crowd made from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from services.utility.simulator.places import GRIDS, Grid

CROWD = 200
SEED = 95598
FIRST_CROWD_NUMBER = 7101
"""Telephones of the demo are extensions of a lab, never public numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One account with its meter, and who holds it."""

    account: str
    """Ten digits."""
    name: str
    grid: Grid
    numbers: tuple[str, ...] = ()
    """Telephones by which the caller is known."""
    mobile: str | None = None
    """What can be sent texts; None where there is only a landline."""
    pin: str
    meter: str
    """Eight digits."""
    door: int
    """Number in the street."""
    balance: Decimal = Decimal("86.50")
    """Below zero it is owed."""
    is_prepaid: bool = True
    bill: Decimal = Decimal("132.40")
    used_kwh: int = 242
    reading: int = 10_482
    is_relay_open: bool = False
    """The meter has cut the supply off."""
    has_voltage: bool = False
    """The meter answers that it is supplied: what is dark behind it is the
    customer's own. Most meters do not answer."""
    marks: frozenset[str] = frozenset()
    """Of elder, vip, english, tibetan, sensitive, repeat, blocked, staff, relayed,
    large."""
    topic: str = ""
    """What the last calls were about: fault, bill, biz or complaint."""

    @property
    def street(self) -> str:
        """Where it is, as it may be read out: without the door's number."""
        return self.grid.street

    @property
    def owed(self) -> Decimal:
        """What is to be paid; 0 where nothing is."""
        return max(Decimal(0), -self.balance)


def everybody(seed: int = SEED) -> tuple[Customer, ...]:
    """Return the personas, then the crowd; the same seed brings the same people."""
    return (*personas(), *_crowd(Random(seed)))  # noqa: S311 - people for a demo


def personas() -> tuple[Customer, ...]:
    """Return P01 to P15 of the demo, but P11 and P15, of whom nothing is known."""
    return tuple(_personas())


def _persona(nth: int, name: str, grid: str, **other: object) -> Customer:
    number = f"70{nth:02d}"
    given: dict[str, object] = {
        "account": f"53010000{nth:02d}",
        "meter": f"880000{nth:02d}",
        "pin": f"2468{nth:02d}",
        "name": name,
        "grid": GRIDS[grid],
        "numbers": (number,),
        "mobile": number,
        "door": nth,
    }
    # By name, which mypy cannot see.
    return Customer(**(given | other))  # type: ignore[arg-type]


def _personas() -> Iterator[Customer]:
    yield _persona(1, "王大爷", "lake", mobile=None, marks=frozenset({"elder"}))
    yield _persona(
        2,
        "云州医院",
        "park",
        marks=frozenset({"vip", "large"}),
        is_prepaid=False,
        bill=Decimal("186420.00"),
        used_kwh=241_300,
    )
    yield _persona(
        3, "李女士", "lake", marks=frozenset({"sensitive"}), topic="complaint"
    )
    yield _persona(4, "赵先生", "east", marks=frozenset({"repeat"}), topic="fault")
    yield _persona(5, "租客小陈", "bridge", marks=frozenset({"tenant"}), topic="bill")
    yield _persona(6, "周先生", "lake", has_voltage=True, topic="fault")
    yield _persona(
        7,
        "吴女士",
        "east",
        balance=Decimal("-215.30"),
        is_relay_open=True,
        topic="bill",
    )
    yield _persona(8, "Mr Smith", "park", marks=frozenset({"english"}))
    yield _persona(9, "扎西", "pass", marks=frozenset({"tibetan"}))
    yield _persona(
        10,
        "云江化工厂",
        "park",
        marks=frozenset({"large", "limited"}),
        is_prepaid=False,
        bill=Decimal("742115.60"),
        used_kwh=983_000,
    )
    yield _persona(12, "网格经理孙工", "pier", marks=frozenset({"staff"}))
    yield _persona(13, "12345热线", "lake", marks=frozenset({"relayed"}))
    for account, grid, door in (("5301000014", "lake", 14), ("5301000114", "rock", 88)):
        yield _persona(
            14,
            "郑女士",
            grid,
            account=account,
            door=door,
            meter=f"8800{account[-4:]}",
            balance=Decimal("45.20") if door == 14 else Decimal("-12.80"),
        )


_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = ("伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰")


def _crowd(chance: Random) -> Iterator[Customer]:
    keys = sorted(GRIDS)
    for nth in range(CROWD):
        number = str(FIRST_CROWD_NUMBER + nth)
        owes = chance.random() < 0.08
        cents = chance.randrange(200, 40_000)
        amount = Decimal(cents) / 100
        used_kwh = chance.randrange(60, 900)
        marks = {
            mark
            for mark, share in (("elder", 0.12), ("vip", 0.005), ("blocked", 0.01))
            if chance.random() < share
        }
        yield Customer(
            account=f"5302{nth:06d}",
            meter=f"8802{nth:04d}",
            pin=f"{chance.randrange(1_000_000):06d}",
            name=chance.choice(_SURNAMES) + chance.choice(_GIVEN),
            grid=GRIDS[chance.choice(keys)],
            numbers=(number,),
            mobile=number,
            door=chance.randrange(1, 300),
            balance=-amount if owes else amount,
            bill=(Decimal(used_kwh) * Decimal("0.547")).quantize(Decimal("0.01")),
            used_kwh=used_kwh,
            reading=chance.randrange(1_000, 60_000),
            marks=frozenset(marks),
            topic=chance.choice(("", "", "fault", "bill", "biz")),
        )

"""The simulated utility's orders: what was asked for, numbered, and how it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from services.utility.simulator.customers import Customer
from services.utility.simulator.outages import HERE

MOST_ORDERS = 20_000
"""Kept of those that were made here; the oldest go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How an order stands, in both languages."""

    zh: str
    en: str
    is_open: bool = True


SENT = State(zh="已派发", en="sent to the crew")
ACCEPTED = State(zh="已接单", en="accepted by the crew")
ARRIVED = State(zh="处理中", en="being worked on")
RETURNED = State(zh="已退单", en="returned to the dispatcher")
RESTORED = State(zh="已送电", en="restored", is_open=False)
CLOSED = State(zh="已归档", en="closed", is_open=False)

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "FAULT": ("故障报修", "fault"),
        "COMPLAINT": ("投诉", "complaint"),
        "SUGGEST": ("意见建议", "suggestion"),
        "PRAISE": ("表扬", "praise"),
        "RECONNECT": ("复电登记", "reconnection"),
        "METERCHECK": ("校表", "meter test"),
        "APPOINT": ("预约", "appointment"),
        "SUBSCRIBE": ("停电通知订阅", "outage notices"),
        "CALLBACK": ("回电", "call back"),
        "URGE": ("催办", "reminder"),
        "NOTE": ("补充情况", "further details"),
        "CONFIRM": ("通知确认", "confirmation of a notice"),
        "CREW": ("现场回单", "word of the crew"),
    }
)
"""What each code is called."""

ABOUT_ANOTHER = ("URGE", "NOTE", "CREW", "CONFIRM")
"""Kinds that add to something there is, and are never open themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order."""

    order_id: str
    code: str
    account: str = ""
    """"" where nobody knows whose it is."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    made_at: datetime
    due_at: datetime
    state: State = SENT
    urged: int = 0
    call_id: str = ""
    """Of the call that asked for it."""
    crew: str = ""
    """Number of the crew that has it."""

    @property
    def kind(self) -> tuple[str, str]:
        """What it is called in Chinese and in English."""
        return KINDS.get(self.code, ("其他服务", "service"))

    @property
    def tail(self) -> str:
        """The last four digits, which callers are told."""
        return self.order_id[-4:]


class OrderBook:
    """Orders by number; nothing is kept beyond the process."""

    def __init__(self) -> None:
        """Have no orders yet."""
        self._orders: dict[str, Order] = {}
        self._of_asking: dict[tuple[str, str, str], str] = {}
        self._made = 0

    def all(self) -> Sequence[Order]:
        """Return every order, the newest first."""
        return tuple(reversed(self._orders.values()))

    def get(self, order_id: str) -> Order | None:
        """Return one order, or None."""
        return self._orders.get(order_id)

    def open_of(self, account: str) -> Sequence[Order]:
        """Return an account's open orders, the newest first."""
        return [
            one
            for one in self.all()
            if account and one.account == account and _is_open(one)
        ]

    def of_crew(self, number: str) -> Order | None:
        """Return the open order that a crew has, or None."""
        return next((o for o in self.all() if o.crew == number and _is_open(o)), None)

    def by_tail(self, tail: str) -> Order | None:
        """Return the newest open order whose number ends so, or None."""
        return next((o for o in self.all() if o.tail == tail and _is_open(o)), None)

    def make(
        self,
        code: str,
        arguments: Mapping[str, str],
        customer: Customer | None,
        *,
        call_id: str,
        at: datetime,
    ) -> Order:
        """Make an order, or return the same one that the same call asked for before."""
        asking = (call_id, code, repr(sorted(arguments.items())))
        again = self._of_asking.get(asking) if call_id else None
        if again in self._orders:
            return self._orders[again]
        minutes = customer.grid.arrive_within_min if customer else 120
        limit = timedelta(minutes=minutes) if code == "FAULT" else timedelta(days=5)
        order = Order(
            order_id=self._next_id(at),
            code=code,
            account=customer.account if customer else "",
            arguments=dict(arguments),
            made_at=at,
            due_at=(at + limit).astimezone(HERE),
            call_id=call_id,
        )
        self._of_asking[asking] = order.order_id
        self.keep(order)
        return order

    def keep(self, order: Order) -> None:
        """Add an order, or put another state of it in its place."""
        self._orders[order.order_id] = order
        while len(self._orders) > MOST_ORDERS:
            self._orders.pop(next(iter(self._orders)))
            self._of_asking.pop(next(iter(self._of_asking)), None)

    def urge(self, order_id: str) -> Order | None:
        """Count that somebody asked where an order stays; None where there is none."""
        order = self._orders.get(order_id)
        if order is not None:
            self.keep(order := replace(order, urged=order.urged + 1))
        return order

    def move(self, order_id: str, state: State) -> Order | None:
        """Put an order into another state; None where there is none."""
        order = self._orders.get(order_id)
        if order is not None:
            self.keep(order := replace(order, state=state))
        return order

    def _next_id(self, at: datetime) -> str:
        self._made += 1
        return f"{at.astimezone(HERE):%y%m%d}{self._made:06d}"


def _is_open(order: Order) -> bool:
    return order.state.is_open and order.code not in ABOUT_ANOTHER

"""The simulated utility: its customers, orders, texts sent, and codes given out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from secrets import randbelow

from services.utility.simulator.customers import SEED, Customer, everybody
from services.utility.simulator.orders import ACCEPTED, Order, OrderBook

CODE_LIVES = timedelta(minutes=5)
LOCKED_FOR = timedelta(minutes=15)
MOST_WRONG = 5
"""Wrong PINs or codes of one account, whoever calls; then none is right for a while."""
MOST_TEXTS = 2_000
CREW = "7401"
"""The crew that has an order in hand from the start; P12 has another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One SMS that was not sent anywhere."""

    at: datetime
    to: str
    text: str = field(repr=False)
    """There may be a code in it."""


class World:
    """Everything that the simulated utility knows."""

    def __init__(self, at: datetime, *, seed: int = SEED) -> None:
        """Have the demo's people and the orders that are open from the start."""
        self.customers: Sequence[Customer] = everybody(seed)
        self.orders = OrderBook()
        self.texts: list[Text] = []
        self._by_account = {one.account: one for one in self.customers}
        self._by_meter = {one.meter: one for one in self.customers}
        self._codes: dict[str, tuple[str, datetime]] = {}
        self._wrong: dict[str, tuple[int, datetime]] = {}
        self._begin(at)

    def of_number(self, number: str) -> Sequence[Customer]:
        """Return the accounts of a caller's number; none where it is unknown."""
        return [one for one in self.customers if number in one.numbers]

    def of_account(self, digits: str) -> Customer | None:
        """Return the customer with an account's or a meter's number, or None."""
        return self._by_account.get(digits) or self._by_meter.get(digits)

    def is_pin(self, customer: Customer, pin: str, at: datetime) -> bool:
        """Return whether a PIN is the account's; after many wrong ones none is."""
        return self._proves(customer, compare_digest(pin, customer.pin), at)

    def send_code(self, customer: Customer, at: datetime) -> str | None:
        """Send a code to the customer's mobile; return its number, or None."""
        if customer.mobile is None:
            return None
        code = f"{randbelow(1_000_000):06d}"
        self._codes[customer.account] = code, at + CODE_LIVES
        self.send(customer.mobile, f"【云江电力】验证码{code}，五分钟内有效。", at)
        return customer.mobile

    def is_code(self, customer: Customer, code: str, at: datetime) -> bool:
        """Return whether a code is the one that was sent; it is good once."""
        sent, until = self._codes.get(customer.account, ("", at))
        is_right = bool(sent) and at < until and compare_digest(code, sent)
        if is_right:
            del self._codes[customer.account]
        return self._proves(customer, is_right, at)

    def send(self, to: str, text: str, at: datetime) -> None:
        """Keep a text as sent."""
        self.texts.append(Text(at=at, to=to, text=text))
        del self.texts[:-MOST_TEXTS]

    def make_order(
        self, code: str, arguments: Mapping[str, str], *, call_id: str, at: datetime
    ) -> Order:
        """Make an order of a kind; see ``OrderBook.make``."""
        customer = self.of_account(arguments.get("account", ""))
        if customer is None:
            known = self.of_number(arguments.get("caller", ""))
            customer = known[0] if known else None
        return self.orders.make(code, arguments, customer, call_id=call_id, at=at)

    def _proves(self, customer: Customer, is_right: bool, at: datetime) -> bool:
        wrong, until = self._wrong.get(customer.account, (0, at))
        if at >= until:
            wrong = 0
        if wrong >= MOST_WRONG:
            return False
        if is_right:
            self._wrong.pop(customer.account, None)
        else:
            self._wrong[customer.account] = wrong + 1, at + LOCKED_FOR
        return is_right

    def _begin(self, at: datetime) -> None:
        """Have what is open in every demo: a complaint of P03, two crews at work."""
        of_li = self._by_account["5301000003"]
        note = {"note": "频繁停电"}
        self._open("COMPLAINT", note, of_li, at - timedelta(days=1))
        in_bridge = self._by_account["5301000005"]
        for crew in (CREW, "7012"):
            minutes = 10 if crew == CREW else 25
            order = self._open(
                "FAULT", {"crew": crew}, in_bridge, at - timedelta(minutes=minutes)
            )
            # The customer's own entry is the outage, which is known.
            self.orders.keep(replace(order, account="", crew=crew, state=ACCEPTED))

    def _open(
        self, code: str, arguments: Mapping[str, str], customer: Customer, at: datetime
    ) -> Order:
        return self.orders.make(code, arguments, customer, call_id="", at=at)

"""What the simulated utility answers to each look-up, as JSON would tell it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import TypeVar

from services.utility.simulator.customers import Customer
from services.utility.simulator.orders import Order
from services.utility.simulator.outages import HERE, Outage, outages, outages_of
from services.utility.simulator.places import halls_near
from services.utility.simulator.world import World

Thing = TypeVar("Thing")
Told = Mapping[str, object]
Arguments = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One look-up: of which world, when, and with what."""

    world: World
    at: datetime
    arguments: Arguments

    @property
    def customer(self) -> Customer | None:
        """Whose account is asked about; None where there is none."""
        return self.world.of_account(self.arguments.get("account", ""))

    @property
    def nth(self) -> int:
        """Which of several, from 1."""
        given = self.arguments.get("nth", "1")
        return max(1, int(given)) if given.isdecimal() and len(given) < 4 else 1


def look_up(name: str, asked: Asked) -> Told | None:
    """Return the fields of an answer; None where there is nothing.

    Raises:
        KeyError: Nothing is called so here.
    """
    return LOOK_UPS[name](asked)


def _caller(asked: Asked) -> Told | None:
    known = asked.world.of_number(asked.arguments.get("number", ""))
    if not known:
        return None
    customer = known[0]
    marks = {
        mark: mark in customer.marks
        for mark in (
            "elder", "vip", "english", "tibetan", "sensitive", "repeat", "blocked",
            "staff", "relayed",
        )
    }  # fmt: skip
    now_off = [one for one in outages_of(customer, asked.at) if one.is_on(asked.at)]
    public = next((one for one in now_off if one.is_public), None)
    limited = next(
        (
            one
            for one in outages_of(customer, asked.at)
            if one.mark == "limited" and not _is_confirmed(asked, one)
        ),
        None,
    )
    orders = asked.world.orders.open_of(customer.account)
    return {
        "name": customer.name,
        "account": customer.account,
        "account_tail": customer.account[-4:],
        "accounts": len(known),
        "mobile": customer.mobile or "",
        "topic": customer.topic,
        "outage": public is not None,
        "order": bool(orders),
        "notice": limited is not None,
        **marks,
        **_outage_fields("outage", public),
        **_order_fields("order", orders[0] if orders else None),
        "notice_id": limited.outage_id if limited else "",
        "notice_from": _told(limited.from_at) if limited else None,
        "notice_until": _told(limited.until_at) if limited else None,
    }


def _is_confirmed(asked: Asked, notice: Outage) -> bool:
    return any(
        one.code == "CONFIRM" and one.arguments.get("notice") == notice.outage_id
        for one in asked.world.orders.all()
    )


def _outage_fields(name: str, one: Outage | None) -> Told:
    return {
        f"{name}_area": one.area if one else "",
        f"{name}_area_en": one.area_en if one else "",
        f"{name}_kind": one.kind if one else "",
        f"{name}_kind_en": one.kind_en if one else "",
        f"{name}_cause": one.cause if one else "",
        f"{name}_cause_en": one.cause_en if one else "",
        f"{name}_until": _told(one.until_at) if one else None,
    }


def _order_fields(name: str, one: Order | None) -> Told:
    return {
        f"{name}_id": one.order_id if one else "",
        f"{name}_tail": one.tail if one else "",
        f"{name}_kind": one.kind[0] if one else "",
        f"{name}_kind_en": one.kind[1] if one else "",
        f"{name}_state": one.state.zh if one else "",
        f"{name}_state_en": one.state.en if one else "",
    }


def _account(asked: Asked) -> Told | None:
    customer = asked.world.of_account(asked.arguments.get("number", ""))
    return _account_fields(customer) if customer else None


def _account_of_caller(asked: Asked) -> Told | None:
    known = asked.world.of_number(asked.arguments.get("number", ""))
    customer = _nth(known, asked)
    if customer is None:
        return None
    return {**_account_fields(customer), **_more(known, asked)}


def _account_fields(customer: Customer) -> Told:
    return {
        "account": customer.account,
        "account_tail": customer.account[-4:],
        "street": customer.street,
        "has_mobile": customer.mobile is not None,
        "mobile_tail": (customer.mobile or "")[-4:],
    }


def _pin(asked: Asked) -> Told | None:
    customer, pin = asked.customer, asked.arguments.get("pin", "")
    if customer is None:
        return None
    return {"right": asked.world.is_pin(customer, pin, asked.at)}


def _code_sent(asked: Asked) -> Told | None:
    customer = asked.customer
    sent = asked.world.send_code(customer, asked.at) if customer else None
    return {"mobile_tail": sent[-4:]} if sent else None


def _code(asked: Asked) -> Told | None:
    customer, code = asked.customer, asked.arguments.get("code", "")
    if customer is None:
        return None
    return {"right": asked.world.is_code(customer, code, asked.at)}


def _balance(asked: Asked) -> Told | None:
    customer = asked.customer
    if customer is None:
        return None
    return {
        "balance": str(max(customer.balance, Decimal(0))),
        "arrears": customer.owed > 0,
        "owed": str(customer.owed),
        "prepaid": customer.is_prepaid,
    }


def _bill(asked: Asked) -> Told | None:
    customer = asked.customer
    if customer is None:
        return None
    first = asked.at.astimezone(HERE).date().replace(day=1)
    return {
        "month": (first - timedelta(days=1)).replace(day=1).isoformat(),
        "amount": str(customer.bill),
        "used": customer.used_kwh,
        "due_on": first.replace(day=25).isoformat(),
        "paid": customer.owed == 0,
    }


def _reading(asked: Asked) -> Told | None:
    customer = asked.customer
    if customer is None:
        return None
    return {
        "reading": customer.reading,
        "read_on": asked.at.astimezone(HERE).date().replace(day=1).isoformat(),
        "meter_tail": customer.meter[-4:],
    }


def _meter(asked: Asked) -> Told | None:
    customer = asked.customer
    if customer is None:
        return None
    return {
        "relay_open": customer.is_relay_open,
        "arrears": customer.owed > 0,
        "owed": str(customer.owed),
        "has_voltage": customer.has_voltage,
    }


def _tariff(_asked: Asked) -> Told | None:
    return {"low": "0.4483", "middle": "0.4983", "high": "0.7983", "first": 200,
            "second": 400}  # fmt: skip


def _outage(asked: Asked) -> Told | None:
    customer = asked.customer
    if customer is None:
        return None
    own = outages_of(customer, asked.at)
    one = _nth(own, asked)
    if one is None:
        return None
    return {
        "id": one.outage_id,
        "area": one.area,
        "area_en": one.area_en,
        "kind": one.kind,
        "kind_en": one.kind_en,
        "cause": one.cause,
        "cause_en": one.cause_en,
        "from": _told(one.from_at),
        "until": _told(one.until_at),
        "transformers": one.transformers,
        "now": one.is_on(asked.at),
        "public": one.is_public,
        **_more(own, asked),
    }


def _order(asked: Asked) -> Told | None:
    customer = asked.customer
    if customer is None:
        return None
    orders = asked.world.orders.open_of(customer.account)
    one = _nth(orders, asked)
    return {**_of_order(one), **_more(orders, asked)} if one else None


def _of_order(one: Order) -> Told:
    return {
        "id": one.order_id,
        "tail": one.tail,
        "kind": one.kind[0],
        "kind_en": one.kind[1],
        "state": one.state.zh,
        "state_en": one.state.en,
        "due": _told(one.due_at),
        "urged": one.urged,
        "is_fault": one.code == "FAULT",
    }


def _crew_order(asked: Asked) -> Told | None:
    tail = asked.arguments.get("tail", "")
    orders = asked.world.orders
    one = orders.by_tail(tail) if tail else None
    one = one or orders.of_crew(asked.arguments.get("number", ""))
    if one is None:
        return None
    customer = asked.world.of_account(one.account)
    street = customer.street if customer else "新桥大街"
    return {**_of_order(one), "street": street, "crew": one.crew}


def _manager(asked: Asked) -> Told | None:
    customer = asked.customer
    if customer is None:
        return None
    grid = customer.grid
    return {"name": grid.manager, "number": grid.manager_number, "area": grid.area}


def _hall(asked: Asked) -> Told | None:
    customer = asked.customer
    halls = halls_near(customer.grid.station if customer else "")
    one = _nth(halls, asked)
    if one is None:
        return None
    return {
        "id": one.hall_id,
        "name": one.name,
        "name_en": one.name_en,
        "street": one.street,
        "opens": one.opens,
        "opens_en": one.opens_en,
        **_more(halls, asked),
    }


def _slot(asked: Asked) -> Told | None:
    """Return the nth free hour from tomorrow on; offices have three a day."""
    today = asked.at.astimezone(HERE).date()
    free = [
        datetime.combine(today + timedelta(days=day), time(hour), HERE)
        for day in (1, 2)
        for hour in (9, 11, 15)
    ]
    hall = asked.arguments.get("hall", "")
    taken = {
        one.arguments.get("slot")
        for one in asked.world.orders.all()
        if one.code == "APPOINT" and one.arguments.get("hall") == hall
    }
    free = [one for one in free if one.strftime("%m%d%H") not in taken]
    one = _nth(free, asked)
    if one is None:
        return None
    return {"id": one.strftime("%m%d%H"), "at": _told(one), **_more(free, asked)}


def _storm(asked: Asked) -> Told | None:
    on = [one for one in outages(asked.at) if one.is_on(asked.at) and one.is_public]
    if not on:
        return None
    until = max(one.until_at for one in on if one.until_at)
    return {
        "event": "强对流天气",
        "event_en": "severe storms",
        "areas": "、".join(one.area for one in on),
        "areas_en": ", ".join(one.area_en for one in on),
        "until": _told(until),
    }


def _nth(there: Sequence[Thing], asked: Asked) -> Thing | None:
    return there[asked.nth - 1] if asked.nth <= len(there) else None


def _more(there: Sequence[object], asked: Asked) -> Told:
    is_more = asked.nth < len(there)
    return {
        "nth": asked.nth,
        "next": asked.nth + 1,
        "more": is_more,
        "count": len(there),
    }


def _told(at: datetime | None) -> str | None:
    return at.astimezone(HERE).isoformat(timespec="seconds") if at else None


LOOK_UPS: Mapping[str, Callable[[Asked], Told | None]] = {
    "caller": _caller,
    "account": _account,
    "account-of-caller": _account_of_caller,
    "pin": _pin,
    "code-sent": _code_sent,
    "code": _code,
    "balance": _balance,
    "bill": _bill,
    "reading": _reading,
    "meter": _meter,
    "tariff": _tariff,
    "outage": _outage,
    "order": _order,
    "crew-order": _crew_order,
    "manager": _manager,
    "hall": _hall,
    "slot": _slot,
    "storm": _storm,
}

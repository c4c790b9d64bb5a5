"""What the simulated utility says to a request, and how it is made to change."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.utility.simulator.looking_up import LOOK_UPS, Asked, look_up
from services.utility.simulator.orders import (
    ACCEPTED,
    ARRIVED,
    KINDS,
    RESTORED,
    RETURNED,
    Order,
)
from services.utility.simulator.troubles import NONE, Troubles
from services.utility.simulator.world import World

LABEL = "SIMULATED: an invented utility; no real customer, order or text is meant"
CREW_WORDS = {
    "accept": ACCEPTED,
    "reject": RETURNED,
    "arrived": ARRIVED,
    "restored": RESTORED,
}

_Text = Field(default="", max_length=2000)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Part):
    """What the hotline sends."""

    call_id: str = Field(default="", max_length=64)
    arguments: Mapping[str, str | int | bool | None] = Field(max_length=30)

    def texts(self) -> dict[str, str]:
        """Return the arguments as texts; what is missing is left out."""
        return {
            name: str(value)[:2000]
            for name, value in self.arguments.items()
            if value is not None
        }


class TroublesIn(_Part):
    """What shall be wrong from now on; what is not named is mended."""

    delay_s: float = Field(default=0, ge=0, le=600, allow_inf_nan=False)
    errors: float = Field(default=0, ge=0, le=1, allow_inf_nan=False)
    is_garbage: bool = False
    is_huge: bool = False
    is_absent: bool = False
    is_dripping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer."""

    status: int
    told: Mapping[str, Any]


class Desk:
    """Serves one world."""

    def __init__(self, world: World, *, now: Callable[[], datetime]) -> None:
        """Take the world; nothing is wrong yet."""
        self.world = world
        self.troubles: Troubles = NONE
        self._now = now

    def answer(self, method: str, path: str, body: object) -> Said:
        """Answer one request of the hotline or of whoever looks on.

        Args:
            method: As in POST.
            path: Without the host.
            body: JSON as it was read; None where there was none.
        """
        match (method, [part for part in path.split("/") if part]):
            case ("POST", ["look-ups", name]) if name in LOOK_UPS:
                return self._asked(body, lambda asked: self._look_up(name, asked))
            case ("POST", ["orders", code]) if code in KINDS:
                return self._asked(body, lambda asked: self._order(code, asked))
            case ("POST", ["sms"]):
                return self._asked(body, self._sms)
            case ("GET", ["health"]):
                return _said(status="alive", troubles=asdict(self.troubles))
            case ("GET", ["sms"]):
                return _said(sms=[self._text(n) for n in range(len(self.world.texts))])
            case ("GET", ["orders"]):
                return _said(orders=[_shown(o) for o in self.world.orders.all()])
            case ("GET", ["customers"]):
                return _said(customers=self._customers())
            case ("PUT", ["troubles"]):
                return self._break(body)
            case _:
                return _refused(404, f"{method} {path}: nothing is called so here")

    def is_control(self, path: str) -> bool:
        """Return whether a path works whatever is made wrong."""
        return path.split("/")[1:2] in (["health"], ["troubles"])

    def _asked(self, body: object, answer: Callable[[Question], Said]) -> Said:
        try:
            return answer(Question.model_validate(body))
        except ValidationError as error:
            return _refused(422, f"{error.error_count()} fields are wrong")

    def _look_up(self, name: str, question: Question) -> Said:
        found = look_up(
            name,
            Asked(world=self.world, at=self._now(), arguments=question.texts()),
        )
        if found is None:
            return _said(found=False)
        return _said(found=True, values=dict(found))

    def _order(self, code: str, question: Question) -> Said:
        given, at = question.texts(), self._now()
        other = given.get("order", "")
        if other and self.world.orders.get(other) is None:
            return _said(found=False)
        order = self.world.make_order(code, given, call_id=question.call_id, at=at)
        if code == "URGE":
            self.world.orders.urge(other)
        if code == "CREW" and (state := CREW_WORDS.get(given.get("word", ""))):
            self.world.orders.move(other, state)
        values = {
            "id": order.order_id,
            "tail": order.tail,
            "due": order.due_at.isoformat(timespec="seconds"),
        }
        return _said(found=True, values=values)

    def _sms(self, question: Question) -> Said:
        given = question.texts()
        if not given.get("to", "").isdecimal() or not given.get("text"):
            return _refused(422, "to: needs a number, and text: a text")
        self.world.send(given["to"], given["text"], self._now())
        return _said(found=True, values={})

    def _break(self, body: object) -> Said:
        try:
            wanted = TroublesIn.model_validate(body)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            return _refused(422, f"{field}: {first['msg']}")
        self.troubles = Troubles(**wanted.model_dump())
        return _said(troubles=asdict(self.troubles))

    def _text(self, nth: int) -> Mapping[str, object]:
        one = self.world.texts[nth]
        return {"at": one.at.isoformat(), "to": one.to, "text": one.text}

    def _customers(self) -> list[Mapping[str, object]]:
        return [
            {
                "account": one.account,
                "name": one.name,
                "numbers": list(one.numbers),
                "meter": one.meter,
                "pin": one.pin,
                "area": one.grid.area,
                "balance": str(one.balance),
                "marks": sorted(one.marks),
            }
            for one in self.world.customers
        ]


def _shown(order: Order) -> Mapping[str, object]:
    return {
        "order_id": order.order_id,
        "code": order.code,
        "account": order.account,
        "state": order.state.zh,
        "urged": order.urged,
        "made_at": order.made_at.isoformat(),
        "due_at": order.due_at.isoformat(),
        "call_id": order.call_id,
        "crew": order.crew,
        "arguments": dict(order.arguments),
    }


def _said(**told: object) -> Said:
    return Said(status=200, told={"simulated": True, "label": LABEL, **told})


def _refused(status: int, why: str) -> Said:
    return Said(status=status, told={"simulated": True, "label": LABEL, "why": why})

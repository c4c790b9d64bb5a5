"""The outages that there always are, counted from the instant of the question."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

from services.utility.simulator.customers import Customer

HERE = timezone(timedelta(hours=8))
"""The province's own time, in which people are told when."""

_TOLD_AHEAD = timedelta(days=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One notice: whose supply is off, when, and why."""

    outage_id: str
    kind: str
    kind_en: str
    area: str
    area_en: str
    feeder: str = ""
    """Whose customers it is for; "" where it names accounts."""
    mark: str = ""
    """Of customers whom it is for, where it is for no feeder."""
    from_at: datetime
    until_at: datetime | None
    """None where nobody can say."""
    cause: str
    cause_en: str
    transformers: int = 1
    is_public: bool = True

    def is_for(self, customer: Customer) -> bool:
        """Return whether a customer's own supply is meant."""
        if self.feeder:
            return customer.grid.feeder == self.feeder
        if self.mark == "arrears":
            return customer.owed > 0 and customer.is_relay_open
        return self.mark in customer.marks

    def is_on(self, at: datetime) -> bool:
        """Return whether the supply is off at an instant."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


def outages(at: datetime) -> tuple[Outage, ...]:
    """Return TD-0001 to TD-0008 as they stand at an instant."""
    return (*_planned(at), *_broken(at), *_limited(at))


def _on(at: datetime, day: int, hour: int) -> datetime:
    """Return an hour of the day that is so many days ahead, by the clock here."""
    today = at.astimezone(HERE).date()
    return datetime.combine(today + timedelta(days=day), time(hour), HERE)


def _in(at: datetime, minutes: float) -> datetime:
    return (at + timedelta(minutes=minutes)).astimezone(HERE)


def _planned(at: datetime) -> tuple[Outage, ...]:
    planned, temporary = ("计划停电", "planned outage"), ("临时停电", "brief outage")
    return (
        _notice(
            "TD-0001",
            planned,
            ("城东片区", "East Yunzhou"),
            "城东3线",
            window=(_on(at, 8, 8), _on(at, 8, 17)),
            cause=("线路改造", "the line being rebuilt"),
            transformers=14,
        ),
        _notice(
            "TD-0002",
            planned,
            ("南屏青石镇", "Qingshi in Nanping"),
            "青石1线",
            window=(_on(at, 2, 7), _on(at, 2, 14)),
            cause=("更换变压器", "a transformer being replaced"),
            transformers=6,
        ),
        _notice(
            "TD-0003",
            temporary,
            ("江陵口码头片区", "the pier of Jianglingkou"),
            "码头2线",
            window=(_on(at, 1, 9), _on(at, 1, 11)),
            cause=("设备消缺", "equipment being mended"),
            transformers=4,
        ),
    )


def _broken(at: datetime) -> tuple[Outage, ...]:
    fault = ("故障停电", "power failure")
    return (
        _notice(
            "TD-0004",
            fault,
            ("云州新桥片区", "Xinqiao in Yunzhou"),
            "新桥5线",
            window=(_in(at, -20), _in(at, 120)),
            cause=("电缆故障", "a cable fault"),
            transformers=9,
        ),
        _notice(
            "TD-0005",
            fault,
            ("北川口山口乡", "Shankou in Beichuankou"),
            "山口1线",
            window=(_in(at, -40), _in(at, 80)),
            cause=("雷击", "lightning"),
            transformers=3,
        ),
    )


def _limited(at: datetime) -> tuple[Outage, ...]:
    return (
        _notice(
            "TD-0006",
            ("限电", "supply limit"),
            ("云州高新区", "the high-tech park of Yunzhou"),
            "高新1线",
            window=(_on(at, 0, 19), _on(at, 0, 21)),
            cause=("过负荷", "overload"),
            transformers=11,
        ),
        Outage(
            outage_id="TD-0007",
            kind="有序用电",
            kind_en="orderly use of power",
            area="十二家大客户",
            area_en="twelve large customers",
            mark="limited",
            from_at=_on(at, 1, 10),
            until_at=_on(at, 1, 12),
            cause="负荷缺口",
            cause_en="a lack of capacity",
            transformers=12,
            is_public=False,
        ),
        Outage(
            outage_id="TD-0008",
            kind="欠费停电",
            kind_en="supply cut for arrears",
            area="本户",
            area_en="this account",
            mark="arrears",
            from_at=_on(at, 0, 0),
            until_at=None,
            cause="欠费",
            cause_en="arrears",
            is_public=False,
        ),
    )


def outages_of(customer: Customer, at: datetime) -> tuple[Outage, ...]:
    """Return what a customer may be told, the one that is on first."""
    own = [
        one
        for one in outages(at)
        if one.is_for(customer) and one.from_at < at + _TOLD_AHEAD
    ]
    return tuple(sorted(own, key=lambda one: (not one.is_on(at), one.from_at)))


def _notice(
    outage_id: str,
    kind: tuple[str, str],
    area: tuple[str, str],
    feeder: str,
    *,
    window: tuple[datetime, datetime],
    cause: tuple[str, str],
    transformers: int,
) -> Outage:
    return Outage(
        outage_id=outage_id,
        kind=kind[0],
        kind_en=kind[1],
        area=area[0],
        area_en=area[1],
        feeder=feeder,
        from_at=window[0],
        until_at=window[1],
        cause=cause[0],
        cause_en=cause[1],
        transformers=transformers,
    )

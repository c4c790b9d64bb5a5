"""Changes to the tables of record, merged into one for each row."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from acd.vocabulary.ids import CENTRE, Place

Key = tuple[object, ...]
Row = dict[str, Any]

KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "calls": ("call_id",),
        "legs": ("leg_id",),
        "steps": ("call_id", "nth"),
        "offers": ("offer_id",),
        "routing_decisions": ("offer_id",),
        "conversations": ("offer_id",),
        "wrap_ups": ("call_id", "agent_id"),
        "recordings": ("offer_id",),
        "recording_pauses": ("offer_id", "paused_at"),
        "callbacks": ("call_id",),
        "agent_states": ("seq",),
    }
)
"""What a row is known by. ``wrap_ups`` are the latest conversation of that pair."""

FIRST_STANDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "calls": frozenset(
            {"number", "caller_number", "caller_name", "sip_call_id", "caller_leg_id"}
            | {"arrived_at", "answered_at", "queued_at", "connected_at", "opened_at"}
            | {"ended_at", "close_reason", "ended_by", "is_estimated"}
        ),
        "legs": frozenset(
            {"started_at", "rang_at", "answered_at", "ended_at", "ending", "cause"}
        ),
        "offers": frozenset({"started_at", "rang_at"}),
        "callbacks": frozenset({"callback_number", "queue_id", "language", "left_at"}),
        "conversations": frozenset(
            {"started_at", "ended_at", "ended_by"}
            | {"wrap_up_started_at", "wrap_up_ended_at"}
        ),
        "recording_pauses": frozenset({"resumed_at", "is_by_limit"}),
    }
)
"""Columns whose first value stands; in others the last one does.

A call has exactly one closing: whatever says again that it ended changes nothing.
"""

IN_ORDER: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "calls": (("arrived_at", "queued_at", "connected_at", "ended_at"),),
        "legs": (("started_at", "rang_at", "answered_at", "ended_at"),),
        "offers": (("started_at", "rang_at", "ended_at"),),
        "conversations": (
            ("started_at", "ended_at"),
            ("wrap_up_started_at", "wrap_up_ended_at"),
        ),
    }
)
"""Columns of which none is on record before one to its left: no length is negative."""


class RowChanges:
    """What a batch of facts changes, merged into one change a row.

    ``whole`` are rows that are made when they are not there; ``touched`` are changes
    to rows that must be there already, for facts that do not know the whole row. No
    row is in both: one statement ships them, and it may change a row but once.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.whole: dict[str, dict[Key, Row]] = {name: {} for name in KEYS}
        self.touched: dict[str, dict[Key, Row]] = {name: {} for name in KEYS}
        self._talks: dict[Key, Row] = {}

    def put(self, table: str, key: Key, place: Place, /, **values: object) -> Row:
        """Change a row, or make it; return it."""
        row = self.whole[table].get(key)
        if row is None:
            row = self.touched[table].pop(key, None) or _empty(table, key)
            row["province"], row["unit"] = place.province, place.unit
            self.whole[table][key] = row
        elif place != CENTRE:
            row["province"], row["unit"] = place.province, place.unit
        _merge(table, row, values)
        return row

    def touch(self, table: str, key: Key, /, **values: object) -> None:
        """Change a row, if there is one."""
        row = self.whole[table].get(key)
        if row is None:
            row = self.touched[table].get(key)
        if row is None:
            row = self.touched[table][key] = _empty(table, key)
        _merge(table, row, values)

    def put_talk(self, key: Key, place: Place, /, **values: object) -> None:
        """Change a conversation, or make it; wrap-ups to come are now its own.

        One that begins here has no wrap-up yet: what was told before is of another one
        of the same call and agent, which was transferred away and came back.
        """
        row = self.put("conversations", key, place, **values)
        pair = (row["call_id"], row["agent_id"])
        self._talks[pair] = row
        if "started_at" in values:
            return
        wrap_up = self.touched["wrap_ups"].pop(pair, {})
        _merge("conversations", row, dict(wrap_up))

    def touch_wrap_up(self, pair: Key, /, **values: object) -> None:
        """Change the wrap-up of the latest conversation of a call and an agent."""
        if pair in self._talks:
            _merge("conversations", self._talks[pair], values)
        else:
            self.touch("wrap_ups", pair, **values)


def _empty(table: str, key: Key) -> Row:
    return dict(zip(KEYS[table], key, strict=True))


def _merge(table: str, row: Row, values: dict[str, object]) -> None:
    if "state" in values and row.get("ended_at") is not None:
        del values["state"]
    first_stands = FIRST_STANDS.get(table, frozenset())
    for column, value in values.items():
        if value is None or (column in first_stands and column in row):
            continue
        row[column] = value

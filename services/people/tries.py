"""How often a log-in may be tried: by name and address, by name, and by address."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

PAIR_FREE = 5
"""Of one name from one address, before each further one has to wait."""
NAME_FREE = 20
"""Of one name from addresses where it never logged in: of who is at a usual place
nobody elsewhere can take the way."""
ADDRESS_FREE = 100
"""From one address: a whole floor may be behind it."""
LONGEST_S = 300.0
FORGOTTEN_S = 3600.0
"""After the last wrong one."""
MOST_KEPT = 20_000
_PLACES_KEPT = 8


@dataclass(slots=True)
class _Count:
    wrong: int
    last_at: datetime


class Tries:
    """Counts tries; it takes time as a value, and forgets."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: OrderedDict[tuple[str, ...], _Count] = OrderedDict()
        self._usual: OrderedDict[str, list[str]] = OrderedDict()
        self.refused = 0
        """How many were not looked at."""
        self.wrong = 0

    def begin(self, name: str, address: str, now: datetime) -> float:
        """Count a try as wrong until it is known to be right.

        Returns:
            For how many seconds no try is looked at; 0 when this one may be.
        """
        place = place_of(address)
        limits = [(("pair", name, place), PAIR_FREE), (("at", place), ADDRESS_FREE)]
        if place not in self._usual.get(name, ()):
            limits.append((("name", name), NAME_FREE))
        wait_s = max(self._wait_s(key, free, now) for key, free in limits)
        if wait_s > 0:
            self.refused += 1
            return wait_s
        self.wrong += 1
        for key, _ in limits:
            self._add(key, now)
        return 0.0

    def right(self, name: str, address: str) -> None:
        """Take back the try that was begun, and all of that name from there."""
        place = place_of(address)
        self.wrong -= 1
        self._counts.pop(("pair", name, place), None)
        for key in (("name", name), ("at", place)):
            if key in self._counts and self._counts[key].wrong > 0:
                self._counts[key].wrong -= 1
        self.note_usual(name, place)

    def note_usual(self, name: str, address: str) -> None:
        """Take note that somebody logs in from there."""
        place = place_of(address)
        places = self._usual.pop(name, [])
        kept = [place, *(one for one in places if one != place)]
        self._usual[name] = kept[:_PLACES_KEPT]
        if len(self._usual) > MOST_KEPT:
            self._usual.popitem(last=False)

    def _wait_s(self, key: tuple[str, ...], free: int, now: datetime) -> float:
        found = self._counts.get(key)
        if found is None:
            return 0.0
        since_s = (now - found.last_at).total_seconds()
        if since_s >= FORGOTTEN_S:
            del self._counts[key]
            return 0.0
        if found.wrong < free:
            return 0.0
        # 1, 2, 4 … s: a person hardly notices, a program gets a dozen tries an hour.
        pause_s = min(LONGEST_S, 2.0 ** min(found.wrong - free, 16))
        return max(0.0, pause_s - since_s)

    def _add(self, key: tuple[str, ...], now: datetime) -> None:
        found = self._counts.pop(key, None) or _Count(0, now)
        found.wrong += 1
        found.last_at = now
        self._counts[key] = found
        if len(self._counts) > MOST_KEPT:
            # The one that was tried longest ago.
            self._counts.popitem(last=False)


def place_of(address: str) -> str:
    """Return what is counted of an address: of IPv6 the network of one house."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 6:
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)

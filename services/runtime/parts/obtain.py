"""All parts an instance needs, fetched side by side where they are missing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from services.runtime.parts import asterisk, espeak, postgres, sipp
from services.runtime.parts.asterisk import AsteriskPart
from services.runtime.parts.postgres import PostgresPart
from services.runtime.parts.program import Program
from services.runtime.progress import Say, say
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an instance runs on."""

    asterisk: AsteriskPart
    postgres: PostgresPart | None
    """None when the settings name a database elsewhere."""
    espeak: Program
    sipp: Program | None = None
    """Only for tests and benches."""


def obtain_parts(
    settings: Settings, *, with_sipp: bool = False, tell: Say = say
) -> Parts:
    """Return all parts, fetching what is missing.

    Raises:
        PartRefused: The settings name a program that will not do.
        PartUnavailable: A part cannot be had; the first that failed is told.
    """
    own = settings.parts
    asked: dict[str, Callable[[], object]] = {
        "asterisk": lambda: asterisk.obtain(settings.asterisk, own, tell),
        "espeak": lambda: espeak.obtain(own, tell),
    }
    if settings.database.url is None:
        asked["postgres"] = lambda: postgres.obtain(own, tell)
    if with_sipp:
        asked["sipp"] = lambda: sipp.obtain(own, tell)
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        going = {name: pool.submit(get) for name, get in asked.items()}
        got = {name: going[name].result() for name in asked}
    return Parts(**({"postgres": None} | got))  # type: ignore[arg-type]  # by name

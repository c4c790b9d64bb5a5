"""The real Asterisk of this product, on ports of its own, for the length of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cti_bridge.ami.connection import Account
from services.floor.admission import DEFAULT, Admission
from services.runtime.embedded import asterisk
from services.runtime.embedded.asterisk import AsteriskPlace
from services.runtime.embedded.open_queue import OpenEntry, OpenQueue
from services.runtime.parts import asterisk as asterisk_part
from services.runtime.ports import Ports
from services.runtime.privileges import service_user
from services.runtime.settings import read_settings
from tests.support.postgres import free_port

SECRET = "a-secret-for-this-test-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealPbx(Account):
    """How the engine logs in, and where callers dial."""

    sip: str
    agi_port: int
    """Where the dialplan looks for the engine; nobody is there."""
    queue_log: Path
    """What the dialplan notes while nobody listens."""


@asynccontextmanager
async def real_pbx(
    data: Path,
    *,
    numbers: Sequence[str] = ("6000",),
    reserved: Mapping[str, int] | None = None,
    admission: Admission = DEFAULT,
    open_queue: str = "",
) -> AsyncIterator[RealPbx]:
    """Run one with its state under ``data``, and no engine."""
    settings = read_settings()
    place = AsteriskPlace(
        part=asterisk_part.obtain(settings.asterisk, settings.parts),
        data=data,
        host="127.0.0.1",
        ports=Ports(
            sip=free_port(),
            http=free_port(),
            ami=free_port(),
            agi=free_port(),
            database=free_port(),
            watchdog=free_port(),
            utility=free_port(),
            audio=free_port(),
            page_phones=free_port(),
            rtp_first=20100,
            rtp_last=20199,
        ),
        user=service_user(None),
        ami_user="tieline",
        ami_secret=SECRET,
        numbers=tuple(numbers),
        reserved=reserved or {},
        admission=admission,
        open_entries={number: OpenEntry(queue=open_queue) for number in numbers},
        open_queues=(
            (OpenQueue(name=open_queue, ring_s=15, wrap_up_s=0),) if open_queue else ()
        ),
        devices={"dev-1001": "a-password-of-twenty-four"},
    )
    child = await asterisk.start(place)
    try:
        yield RealPbx(
            host=place.host,
            port=place.ports.ami,
            username="tieline",
            secret=SECRET,
            sip=f"{place.host}:{place.ports.sip}",
            agi_port=place.ports.agi,
            queue_log=data / "asterisk" / "log" / "queue_log",
        )
    finally:
        await asterisk.stop(child)

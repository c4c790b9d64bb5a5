"""Reads what SIPp wrote of a run: its calls, its errors, its counts."""

import csv
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

# SIPp writes these one after another without an end of line.
_WAITED = re.compile(
    r"\d{4}-\d\d-\d\d\t[\d:.]+\t[\d.]+: Call-Id: \S+, receive timeout on message"
    r" \w+:\d+, jumping to label \d+?(?=\d{4}-\d\d-\d\d\t|\s|$)"
)


@dataclass(slots=True, kw_only=True)
class SippCall:
    """One call as SIPp saw it, with the instant of each event."""

    sip_call_id: str
    number: str = ""
    """The caller's, as dialled from or as shown to the device that rang."""
    device: str = ""
    """That rang; empty for a caller's."""
    at: dict[str, datetime] = field(default_factory=dict)
    """By event: dialled, rang, picked_up (a device's 200 is sent), answered (a
    caller's 200 came; a device's was acknowledged), refused, cancelled, hung_up,
    done, …"""
    status: int | None = None
    """The final answer to the INVITE; None when there was none."""
    hung_up_by: str | None = None
    """``us`` is SIPp, ``them`` the switch; None for a call that was not answered."""

    @property
    def went_well(self) -> bool:
        """Whether it was answered, and ended by its own goodbye."""
        return self.status == 200 and self.hung_up_by == "us"


def calls(log: Path) -> list[SippCall]:
    """Read what the scenarios log: ``event date time epoch call-id value``."""
    found: dict[str, SippCall] = {}
    text = log.read_text(errors="replace") if log.exists() else ""
    for line in text.splitlines():
        event, _date, _time, epoch, sip_call_id, value = line.split()
        call = found.setdefault(sip_call_id, SippCall(sip_call_id=sip_call_id))
        if event == "device":
            call.device = value.removeprefix("sip:")
            continue
        call.at.setdefault(event, datetime.fromtimestamp(float(epoch), UTC))
        if event in ("answered", "refused"):
            call.status = int(value)
        elif event == "hung_up":
            call.hung_up_by = call.hung_up_by or value
        elif event in ("dialled", "rang"):
            call.number = value.removeprefix("sip:")
    return list(found.values())


def errors(log: Path) -> str:
    """Return what went wrong, without the turns of waiting that SIPp tells of too."""
    text = log.read_text(errors="replace") if log.exists() else ""
    text = text.removeprefix("The following events occurred:")
    return _WAITED.sub("", text).strip()


def counts(stat: Path) -> tuple[int, int, int]:
    """Return calls created, successful and failed, by the last line of statistics."""
    if not stat.exists():
        return 0, 0, 0
    with stat.open(encoding="utf-8", newline="") as rows:
        last = list(csv.DictReader(rows, delimiter=";"))[-1:]
    names = ("TotalCallCreated", "SuccessfulCall(C)", "FailedCall(C)")
    created, successful, failed = (
        (int(last[0][name]) for name in names) if last else (0,) * 3
    )
    return created, successful, failed

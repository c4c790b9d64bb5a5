"""Where the parts of the watched instance are, and from when on they are not well."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From when on a component is yellow or red."""

    heartbeat_s: float = 4.0
    """Older, and the dialplan serves new callers without the engine."""
    slow_s: float = 0.5
    """An answer that takes longer is yellow."""
    kill_after_s: float = 5.0
    """An engine silent for so long is killed; 0 never."""
    lag_low_s: float = 3.0
    """Records that are later are yellow."""
    lag_out_s: float = 7.0
    """Records that are later are red."""
    disk_low_percent: float = 10.0
    """Less free is yellow."""
    disk_out_percent: float = 3.0
    """Less free is red."""
    spool_s: float = 180.0
    """A recording unchanged in the spool for so long is yellow; thrice that, red."""
    load_per_cpu: float = 4.0
    """Over a minute; more is yellow, three times that red."""
    memory_low_percent: float = 10.0
    """Less available is yellow, a third of that red."""
    files_percent: float = 80.0
    """More of its files open and a part is yellow; over 95, red."""
    certificate_days: float = 14.0
    """Less left is yellow; less than one day, red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One instance as the watchdog finds it."""

    data: Path
    host: str
    sip_port: int
    agi_port: int
    http: str
    """As in http://127.0.0.1:16001."""
    database_url: str = field(repr=False)
    prober_password: str = field(repr=False)
    http_token: str = field(default="", repr=False)
    """By which the engine tells us what it does not tell everybody."""
    simulated_utility: str = ""
    """As in http://127.0.0.1:16006; empty where none is started."""
    authority: Path | None = None
    """Who signed the certificate of an https address; None for the machine's list."""
    limits: Limits = field(default_factory=Limits)

    @property
    def journal(self) -> Path:
        """Where the facts are written."""
        return self.data / "journal"

    @property
    def recordings(self) -> Path:
        """Where recordings are kept."""
        return self.data / "recordings"

    @property
    def spool(self) -> Path:
        """Where Asterisk writes recordings."""
        return self.data / "asterisk" / "spool" / "monitor"

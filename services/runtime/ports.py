"""The ports of one instance, all counted from its base port."""

from dataclasses import dataclass

DEFAULT_BASE_PORT = 16000
RTP_OFFSET = 100
RTP_COUNT = 2000
LOWEST_BASE_PORT = 1024
HIGHEST_BASE_PORT = 65535 - RTP_OFFSET - RTP_COUNT + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where each part of an instance listens."""

    sip: int
    """UDP, trunk and devices."""
    http: int
    ami: int
    agi: int
    database: int
    """Used by the embedded PostgreSQL only."""
    watchdog: int
    """HTTP of the watchdog: how things are, also when the engine is dead."""
    utility: int
    """HTTP of the simulated utility."""
    audio: int
    """AudioSocket: callers' live sound, on this machine alone."""
    page_phones: int
    """HTTP of Asterisk, for the telephones in agents' pages, on this machine alone."""
    rtp_first: int
    rtp_last: int

    @classmethod
    def from_base(cls, base: int) -> "Ports":
        """Count the ports of an instance from its base port."""
        return cls(
            sip=base,
            http=base + 1,
            ami=base + 2,
            agi=base + 3,
            database=base + 4,
            watchdog=base + 5,
            utility=base + 6,
            audio=base + 7,
            page_phones=base + 8,
            rtp_first=base + RTP_OFFSET,
            rtp_last=base + RTP_OFFSET + RTP_COUNT - 1,
        )

    def tcp(self) -> dict[str, int]:
        """Return the TCP ports by what listens there."""
        return {
            "http": self.http,
            "ami": self.ami,
            "agi": self.agi,
            "database": self.database,
            "watchdog": self.watchdog,
            "utility": self.utility,
            "audio": self.audio,
            "page_phones": self.page_phones,
        }

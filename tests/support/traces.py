"""The recorded streams under tests/traces."""

from pathlib import Path

TRACES = Path(__file__).parent.parent / "traces"
SYSTEM_NAME = "tl7f3a9c21"
"""What the Asterisk that was recorded called itself."""

AMI = sorted(TRACES.glob("*/*.ami"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in AMI]


def ami(name: str) -> bytes:
    """Return a recorded stream by family and scenario."""
    return (TRACES / f"{name}.ami").read_bytes()

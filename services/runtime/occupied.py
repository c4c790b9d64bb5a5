"""Whether an instance's ports are free, and who has those that are not."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from services.runtime.errors import RuntimeProblem
from services.runtime.ports import HIGHEST_BASE_PORT, Ports

_STEP = 1000
_STEP_BEYOND_RTP = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPort:
    """A port that somebody else has."""

    use: str
    """What we need it for."""
    port: int
    holder: str | None
    """Program and pid; None when we may not know."""

    def __str__(self) -> str:
        """Return the port as a part of a sentence."""
        by = f" by {self.holder}" if self.holder else ""
        return f"port {self.port} ({self.use}) is taken{by}"


class PortsTaken(RuntimeProblem):
    """One or more ports of the instance are somebody else's."""

    exit_code = 2

    def __init__(self, taken: tuple[TakenPort, ...], *, free_base: int | None) -> None:
        """Keep the ports and a base port that would do; None when none was found."""
        self.taken = taken
        self.free_base = free_base
        would_do = (
            f"--base-port {free_base} would do"
            if free_base
            else "give another --base-port"
        )
        super().__init__(f"{', '.join(map(str, taken))}; {would_do}")


def check_ports(ports: Ports, host: str, *, with_database: bool = True) -> None:
    """See that nobody has the ports of an instance.

    Raises:
        PortsTaken: Somebody has; the sentence says who, and what is free.
    """
    taken = tuple(taken_ports(ports, host, with_database=with_database))
    if taken:
        raise PortsTaken(taken, free_base=_free_base(ports.sip, host))


def taken_ports(
    ports: Ports, host: str, *, with_database: bool = True
) -> Iterator[TakenPort]:
    """Find which ports of an instance somebody has."""
    uses: Mapping[str, int] = ports.tcp()
    for use, port in uses.items():
        if use == "database" and not with_database:
            continue
        if not _is_free(host, port, socket.SOCK_STREAM):
            yield TakenPort(use=use, port=port, holder=_holder(port, "tcp"))
    if not _is_free(host, ports.sip, socket.SOCK_DGRAM):
        yield TakenPort(use="sip", port=ports.sip, holder=_holder(ports.sip, "udp"))


def _free_base(base: int, host: str) -> int | None:
    # Far enough that the RTP ports of both do not meet.
    first = base + _STEP_BEYOND_RTP
    for other in range(first, HIGHEST_BASE_PORT + 1, _STEP):
        if not any(taken_ports(Ports.from_base(other), host)):
            return other
    return None


def _is_free(host: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        if kind == socket.SOCK_STREAM:
            # What merely lingers from a connection that ended is in nobody's way.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _holder(port: int, protocol: str) -> str | None:
    wanted = {f"socket:[{inode}]" for inode in _listening_inodes(port, protocol)}
    for process in Path("/proc").glob("[0-9]*"):
        if wanted.intersection(_open_files(process)):
            return f"{_name(process)} (pid {process.name})"
    return None


def _name(process: Path) -> str:
    try:
        words = os.fsdecode((process / "cmdline").read_bytes()).split("\0")
    except OSError:
        words = []
    # An unpacked Asterisk is started by its own loader: --library-path PATH PROGRAM.
    at = 3 if words[1:2] == ["--library-path"] else 0
    return Path(words[at]).name if len(words) > at else "a program"


def _open_files(process: Path) -> Iterator[str]:
    # A process may end meanwhile, close the file, or be somebody else's.
    with suppress(OSError):
        for one in (process / "fd").iterdir():
            with suppress(OSError):
                yield str(one.readlink())


def _listening_inodes(port: int, protocol: str) -> Iterator[str]:
    # Columns of /proc/net/tcp: sl, local address, remote address, state … inode.
    listening = {"tcp": "0A", "udp": "07"}[protocol]
    for family in ("", "6"):
        try:
            table = Path(f"/proc/net/{protocol}{family}").read_text(encoding="ascii")
        except OSError:
            continue
        for line in table.splitlines()[1:]:
            columns = line.split()
            if columns[1].endswith(f":{port:04X}") and columns[3] == listening:
                yield columns[9]

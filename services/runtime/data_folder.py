"""The data folder of an instance, held by one process at a time."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from recordings.disk import put
from services.runtime.errors import RuntimeProblem
from services.runtime.instance import FILE_NAME
from services.runtime.progress import Say, say
from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.secrets_kept import SecretUnusable, new_secret, refuse_shared

LOCK = "supervisor.lock"
DEVICES = "devices.json"
LEFTOVER_LIMIT_S = 30.0


class AlreadyRuns(RuntimeProblem):
    """Another instance holds the data folder."""

    exit_code = 2

    def __init__(self, data: Path, pid: str) -> None:
        """Keep the folder and the process that holds it."""
        self.data = data
        self.pid = pid
        super().__init__(
            f"{data}: an instance runs here already, process {pid};"
            f" stop it by kill -TERM {pid}, or give another --data and --base-port"
        )


class FolderUnusable(RuntimeProblem):
    """The data folder cannot be made or written."""

    exit_code = 2

    def __init__(self, data: Path, why: str) -> None:
        """Keep the folder and why it cannot be used."""
        super().__init__(
            f"{data}: cannot be the data folder, {why};"
            " give --data a folder that can be written"
        )


@contextmanager
def held(data: Path, tell: Say = say) -> Iterator[Path]:
    """Make the data folder if there is none, and hold it alone.

    Yields:
        The folder by its real path, as parts that run as others see it.

    Raises:
        AlreadyRuns: Another process holds it.
        FolderUnusable: It cannot be made or written.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        folder = data.resolve()
        lock = (folder / LOCK).open("a+", encoding="ascii")
    except OSError as error:
        raise FolderUnusable(data, error.strerror or str(error)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRuns(data, lock.read().strip() or "unknown") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        _wait_for_leftovers(folder, tell)
        yield folder


def _wait_for_leftovers(folder: Path, tell: Say) -> None:
    # After a kill -9 of the one before, its parts are still ending in order.
    try:
        told = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        pids = {name: int(pid) for name, pid in told["pids"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return  # none, or not ours; tieline up writes a new one
    (folder / FILE_NAME).unlink()
    deadline = time.monotonic() + LEFTOVER_LIMIT_S
    pids.pop("supervisor", None)
    if any(_is_ours(pid, folder) for pid in pids.values()):
        tell("waiting for the parts of the run before, which was killed, to end …")
    while any(_is_ours(pid, folder) for pid in pids.values()):
        if time.monotonic() > deadline:
            return  # the ports, if they still have them, are told with their holders
        time.sleep(0.1)


def _is_ours(pid: int, folder: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(folder) in command


def device_passwords(data: Path, devices: Mapping[str, str]) -> dict[str, str]:
    """Return the password of each agent's device, those that are new made now.

    They are kept in ``secrets/devices.json``, by agent, with the name of the device.

    Args:
        data: The data folder.
        devices: Name of the device by agent.

    Returns:
        Password by name of the device.

    Raises:
        SecretUnusable: The file is not what was written, or others may read it.
    """
    path = data / SECRETS / DEVICES
    path.parent.mkdir(mode=0o700, exist_ok=True)
    before, known = _devices_before(path)
    passwords = {
        device: known.get(device) or new_secret() for device in devices.values()
    }
    after = {
        agent: {"device": device, "password": passwords[device]}
        for agent, device in devices.items()
    }
    if after != before:
        put(path, json.dumps(after, indent=1).encode())
    return passwords


def _devices_before(path: Path) -> tuple[Mapping[str, object], dict[str, str]]:
    """Return what the file says, and the passwords in it by device."""
    try:
        refuse_shared(path)
        before = json.loads(path.read_text(encoding="utf-8"))
        return before, {one["device"]: one["password"] for one in before.values()}
    except FileNotFoundError:
        return {}, {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SecretUnusable(
            path,
            found="not what tieline up writes",
            would_do="remove it to have new passwords made; phones need those then",
        ) from None

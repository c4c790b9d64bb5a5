"""Which instance runs on a data folder, and where it answers."""

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from services.runtime.errors import NoInstance
from services.runtime.secrets_kept import FOLDER, OPERATOR, kept_secret
from services.runtime.settings import CHECKOUT

FILE_NAME = "instance.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A running Tieline: its data folder, its addresses and its processes."""

    data: Path
    sip: str
    """host:port of SIP over UDP."""
    http: str
    """Address with its scheme, as in http://127.0.0.1:16001."""
    ami: str
    agi: str
    database: str
    """postgresql:// address, with the password when the database is embedded."""
    numbers: tuple[str, ...]
    """What a caller can dial."""
    watchdog: str = ""
    """Address of the watchdog's own door; "" when there is none."""
    utility: str = ""
    """Address of the simulated utility; "" when there is none."""
    pids: dict[str, int] = field(default_factory=dict)
    """Process ids by part; ``supervisor`` is always among them."""

    @property
    def token_file(self) -> Path:
        """Where the token stands by which programs on this machine act over HTTP."""
        return self.data / FOLDER / OPERATOR

    @property
    def token(self) -> str:
        """By which whoever may read this machine's secrets acts over HTTP."""
        return kept_secret(self.data, OPERATOR)

    @property
    def headers(self) -> dict[str, str]:
        """What is sent along with each request to be known by that."""
        return {"Authorization": f"Bearer {self.token}"}

    def ready_line(self) -> str:
        """Return the one line that ``up --json`` prints."""
        names = ("sip", "http", "ami", "agi", "database", "numbers")
        told = {name: getattr(self, name) for name in names}
        where = {"token_file": str(self.token_file)}
        return json.dumps({"ready": True} | told | where)


def find(data: Path | None = None) -> Instance:
    """Find the running instance: by ``data``, else TIELINE_DATA, else this checkout.

    Raises:
        NoInstance: Nothing runs on that folder.
    """
    folder = Path(data or os.environ.get("TIELINE_DATA") or CHECKOUT / ".tieline")
    folder = folder.expanduser().absolute()
    try:
        told = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoInstance(folder, found=f"there is no {FILE_NAME}") from None
    except PermissionError:
        raise NoInstance(folder, found=f"{FILE_NAME} may not be read") from None
    except OSError as error:
        found = f"{FILE_NAME} cannot be read, {error.strerror}"
        raise NoInstance(folder, found=found) from None
    except ValueError:
        raise NoInstance(folder, found=f"{FILE_NAME} is not JSON") from None
    try:
        instance = _told(folder, told)
    except (AttributeError, KeyError, TypeError, ValueError):
        found = f"{FILE_NAME} is not what tieline up writes"
        raise NoInstance(folder, found=found) from None
    pid = instance.pids["supervisor"]
    if not Path(f"/proc/{pid}").exists():
        found = f"process {pid} of {FILE_NAME} has ended"
        raise NoInstance(folder, found=found)
    return instance


def _told(folder: Path, told: dict[str, Any]) -> Instance:
    known = {field.name: told[field.name] for field in fields(Instance)}
    pids = {str(part): int(pid) for part, pid in told["pids"].items()}
    if "supervisor" not in pids:
        raise KeyError("supervisor")
    return Instance(
        **known | {"data": folder, "numbers": tuple(told["numbers"]), "pids": pids}
    )


def write(instance: Instance) -> None:
    """Say in the data folder that this instance is ready."""
    told = {"ready": True} | asdict(instance) | {"data": str(instance.data)}
    # 0600 from its first byte: the database's address holds a password.
    target = instance.data / FILE_NAME
    draft = target.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
        "w",
        encoding="utf-8",
    ) as out:
        json.dump(told, out, indent=1)
    draft.replace(target)


def remove(data: Path) -> None:
    """Say in the data folder that no instance is ready there."""
    (data / FILE_NAME).unlink(missing_ok=True)

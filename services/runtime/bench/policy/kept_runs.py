"""What finished simulations came to, kept so that a long bench can go on."""

import hashlib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from services.runtime.bench.kept import Kept
from services.runtime.settings import CHECKOUT
from services.runtime.simulate.running import Job, Ran

STATE = CHECKOUT / ".tieline" / "policy"
_DECIDES = ("acd", "services/runtime/simulate", "services/floor", "dialplans")
_MADE_OF = (".py", ".yaml")
_RAN = TypeAdapter(Ran)
_OF_THE_JOB = "job"


class KeptRuns:
    """The finished simulations of this very code, one file each."""

    def __init__(self, folder: Path, *, is_short: bool, code: Path = CHECKOUT) -> None:
        """Find what is there, or begin.

        Args:
            folder: Where they lie; it is made when the first is kept.
            is_short: Days of another length are other days.
            code: Checkout whose code and scenarios decide what comes out.
        """
        plan = {"is_short": is_short, "code": sum_of(code)}
        self._kept = Kept(folder=folder, plan=plan)

    def find(self, job: Job) -> Ran | None:
        """Return what a job came to; None if it is to be run."""
        told = self._kept.find(_name(job))
        if told is None:
            return None
        return _RAN.validate_python(told | {_OF_THE_JOB: job})

    def keep(self, ran: Ran) -> None:
        """Write down a finished job."""
        told: dict[str, Any] = _RAN.dump_python(ran, mode="json", exclude={_OF_THE_JOB})
        self._kept.keep(_name(ran.job), told)

    def forget(self) -> None:
        """Begin anew."""
        self._kept.forget()


def sum_of(code: Path) -> str:
    """Return a sum of all files by which a simulation is decided."""
    total = hashlib.sha256()
    for folder in _DECIDES:
        for file in sorted((code / folder).rglob("*")):
            if file.suffix in _MADE_OF:
                total.update(str(file.relative_to(code)).encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _name(job: Job) -> str:
    return f"{job.scenario.name}, {job.policy}, {job.seed}"

"""A process of our own code: how it is started, and the sentence it refuses by."""

import os
import signal
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.runtime.embedded.child import Child
from services.runtime.embedded.errors import NotStarted, PartRefuses
from services.runtime.privileges import confined
from services.runtime.settings import CHECKOUT

_OPERATORS = 2
"""The exit code of what an operator must mend."""


def refused(name: str) -> str:
    """Return what begins, in a part's log, the sentence by which it refused to run."""
    return f"tieline-{name}: "


@dataclass(frozen=True, slots=True, kw_only=True)
class OurOwn:
    """One of our processes, as it is started."""

    name: str
    module: str
    """What Python runs."""
    data: Path
    """The instance's folder."""
    variables: Mapping[str, str]
    """What it is told over its inherited environment, by the names of the variables:
    settings as they were found, secrets, its role's address of the database."""
    stop_s: float
    """How long it may take to end in order."""

    @property
    def log(self) -> Path:
        """Its words."""
        return self.data / "log" / f"{self.name}.log"

    def command(self, *options: str) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """Return its command line and its whole environment."""
        argv = (sys.executable, "-P", "-m", self.module, "--data", str(self.data))
        paths = {"PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"}
        return (*argv, *options), os.environ | paths | dict(self.variables)

    async def launched(self, *options: str, is_held: bool = False) -> Child:
        """Start it, as the one who started us: its code lies in their folders.

        Args:
            options: Of its command line, beside the folder.
            is_held: As ``Child.start`` takes it.
        """
        argv, environment = self.command(*options)
        return await Child.start(
            self.name,
            confined(argv, None),
            log=self.log,
            environment=environment,
            is_held=is_held,
        )

    async def answering(
        self,
        child: Child,
        answers: Coroutine[None, None, None],
        *,
        limit_s: float,
        asked: str,
    ) -> None:
        """Return when it answers; it is stopped where it does not.

        Args:
            child: It, launched.
            answers: Returns when it does.
            limit_s: How long that may take.
            asked: What is asked of it, in words.

        Raises:
            NotStarted: It ended, or did not answer.
            PartRefuses: It ended for what an operator must mend; it says what.
        """
        try:
            await child.until(answers, limit_s=limit_s, asked=asked)
        except NotStarted as ended:
            await self.stop(child)
            if ended.ended_with == _OPERATORS:
                raise PartRefuses(self.name, self._refusal(), log=self.log) from None
            raise
        except BaseException:
            await self.stop(child)
            raise

    async def stop(self, child: Child) -> None:
        """Stop it, in order where it takes no longer than it may."""
        await child.stop((signal.SIGTERM, self.stop_s))

    def _refusal(self) -> str:
        said = self.log.read_text(encoding="utf-8", errors="replace")
        return said.rpartition(refused(self.name))[2].strip()

"""A process of our own code: how it is started, and the sentence it refuses by."""

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from services.runtime.embedded.child import Child
from services.runtime.embedded.errors import NotStarted, PartRefuses
from services.runtime.privileges import confined
from services.runtime.settings import CHECKOUT
from services.runtime.trust import NOBODY

_OPERATORS = 2
"""The exit code of what an operator must mend."""
_LOOK_S, _FIRST_LOOK_S = 2.0, 5.0
_LOOK_EVERY_S = 0.1


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
        url: str,
        *,
        limit_s: float,
        trust: ssl.SSLContext = NOBODY,
    ) -> None:
        """Return when it answers; it is stopped where it does not.

        Args:
            child: It, launched.
            url: Answers 200 when it is ready.
            limit_s: How long that may take.
            trust: By whom its certificate may be signed.

        Raises:
            NotStarted: It ended, or did not answer.
            PartRefuses: It ended for what an operator must mend; it says what.
        """
        try:
            answers, asked = _answers(url, trust), f"{url} answers 200"
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


def asker(
    trust: ssl.SSLContext = NOBODY, *, within_s: float = _LOOK_S
) -> httpx.AsyncClient:
    """Return what asks ours; to be kept by who asks often, making it costs more."""
    # Nothing of the machine's proxies stands between us and loopback.
    return httpx.AsyncClient(trust_env=False, timeout=within_s, verify=trust)


async def is_alive(asking: httpx.AsyncClient, url: str) -> bool:
    """Tell whether one of ours answers 200 at an address, in time."""
    try:
        return (await asking.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


async def _answers(url: str, trust: ssl.SSLContext) -> None:
    async with asker(trust, within_s=_FIRST_LOOK_S) as asking:
        while not await is_alive(asking, url):  # noqa: ASYNC110 - a process tells nobody
            await asyncio.sleep(_LOOK_EVERY_S)

"""One process that we started: where its words go, and how it is ended."""

import asyncio
import os
import signal
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from services.runtime.embedded.aside import put_aside
from services.runtime.embedded.errors import NotStarted


class Child:
    """A started process; it ends when we end, and is ended in steps."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, log: Path
    ) -> None:
        """Take charge of a process; use ``Child.start`` to get one."""
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    async def start(
        cls,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        folder: Path = Path("/"),
        is_held: bool = False,
    ) -> "Child":
        """Start a process whose words are added to ``log``.

        Args:
            name: What it is called.
            argv: Its command line.
            log: Where its words go.
            environment: All that it finds there.
            folder: In which it runs.
            is_held: Whether it waits for a line on its standard input before it does
                anything; ``let_go`` writes that. Its first line of output says that
                it waits, what comes then is for the log. Else it has no input.
        """
        held, none = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        with _opened(log) as out:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=held if is_held else none,
                stdout=held if is_held else out,
                stderr=out,
                env=dict(environment),
                cwd=folder,
                # Ctrl-C in a terminal goes to us alone; we end the parts in order.
                start_new_session=True,
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """The process id, which is its process group's as well."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.returncode

    async def waits(self) -> bool:
        """Return once a process that is held waits; False when it has ended."""
        said = self._process.stdout
        return bool(said and await said.readline())

    def let_go(self) -> bool:
        """Let a process that was held do its work; return False when it has ended."""
        inlet = self._process.stdin
        if inlet is None or inlet.is_closing() or self.exit_code is not None:
            return False
        inlet.write(b"go\n")
        inlet.close()
        return True

    async def wait(self) -> int:
        """Wait for its end and return the exit code."""
        return await self._process.wait()

    async def until(
        self, answer: Coroutine[None, None, None], *, limit_s: float, asked: str
    ) -> None:
        """Return when ``answer`` does, which is asked while the process lives.

        Args:
            answer: Asks the process until it answers.
            limit_s: For how long.
            asked: What is waited for, in words.

        Raises:
            NotStarted: It ended, or did not answer in time.
        """
        asking = asyncio.create_task(answer)
        ending = asyncio.create_task(self.wait())
        try:
            await asyncio.wait(
                (asking, ending),
                timeout=limit_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if ending.done():
                code = ending.result()
                why = f"it ended with {code}"
                raise NotStarted(self.name, why=why, log=self.log, ended_with=code)
            if not asking.done():
                why = f"in {limit_s:.0f} s it was not so that {asked}"
                raise NotStarted(self.name, why=why, log=self.log)
            asking.result()
        finally:
            asking.cancel()
            ending.cancel()
            await asyncio.wait((asking, ending))

    async def stop(self, *steps: tuple[signal.Signals, float]) -> int:
        """End it by signals, each with seconds to wait for; SIGKILL comes last.

        What it started and left behind in its group is killed with it.
        """
        for step, limit_s in steps:
            if self.exit_code is not None:
                break
            with suppress(ProcessLookupError):
                self._process.send_signal(step)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), limit_s)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        return await self._process.wait()


def _opened(log: Path) -> BinaryIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    put_aside(log)
    # Ours alone: a database tells whole rows in its errors, with callers' numbers.
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(out, 0o600)
    return os.fdopen(out, "ab")

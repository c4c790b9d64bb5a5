"""Sees whether a running instance can take up the code of now with calls going on."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

from services.runtime.embedded import asterisk
from services.runtime.errors import RuntimeProblem
from services.runtime.instance import Instance
from services.runtime.launch import Launch, read_floor
from services.runtime.parts import asterisk as asterisk_part
from services.runtime.parts import espeak
from services.runtime.parts import postgres as postgres_part
from services.runtime.parts.obtain import Parts
from services.runtime.settings import PREFIX, Settings, read_settings
from services.runtime.supervisor import RENEW_SIGNAL

_OF_UP = ("TIELINE_DATA", "TIELINE_BASE_PORT", "TIELINE_FLOOR")
"""What the command line of ``tieline up`` may have set; the engine was given it."""


class UpgradeRefused(RuntimeProblem):
    """The code of now needs more than a new engine; nothing was touched."""

    exit_code = 2

    def __init__(self, where: str, *, found: str, would_do: str = "") -> None:
        """Keep what it is and what was found."""
        self.where = where
        self.found = found
        full = "stop the instance when calls allow it, and start it by ./tieline up"
        super().__init__(
            f"{where}: cannot be upgraded with calls going on, {found};"
            f" {would_do or full}"
        )


def settings_of(found: Instance) -> Settings:
    """Return the settings by which an instance runs, read by the code of now.

    Raises:
        UpgradeRefused: Its processes may not be looked at, or the engine is not there.
        SettingsRefused: The code of now does not take them.
    """
    ours = _environment(found, "supervisor")
    ours |= {
        name: value
        for name, value in _environment(found, "engine").items()
        if name in _OF_UP
    }
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(ours)
    return read_settings()


def _environment(found: Instance, part: str) -> dict[str, str]:
    try:
        told = Path(f"/proc/{found.pids[part]}/environ").read_bytes()
    except (KeyError, OSError):
        raise UpgradeRefused(
            part,
            found=f"its process of {found.data} cannot be looked at",
            would_do="try again when it runs, as the user who started it",
        ) from None
    pairs = (os.fsdecode(one).partition("=") for one in told.split(b"\0"))
    return {name: value for name, _, value in pairs if name.startswith(PREFIX)}


def refuse_old_supervisor(found: Instance) -> None:
    """See that the supervisor knows how to start its engine anew.

    Raises:
        UpgradeRefused: It does not; the signal would end it.
    """
    status = Path(f"/proc/{found.pids['supervisor']}/status").read_text("utf-8")
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    if not int(caught.split()[1], 16) & 1 << (RENEW_SIGNAL - 1):
        raise UpgradeRefused(
            "supervisor",
            found="it is of a release before upgrades, or the parts are units of"
            " systemd",
            would_do="systemctl restart tieline-engine does it for units; else stop"
            " the instance when calls allow it, and start it by ./tieline up",
        )


def launch_of(found: Instance, settings: Settings) -> Launch:
    """Return what the code of now would start, once it is seen that it need not.

    Raises:
        UpgradeRefused: Asterisk, its configuration or PostgreSQL's major changed.
        FloorUnusable: The code of now does not take the floor.
    """
    part = asterisk_part.look(settings.asterisk, settings.parts)
    if part is None or not _runs(found.pids.get("asterisk"), part.program.argv):
        raise UpgradeRefused("asterisk", found="another one would run with this code")
    database = None
    if settings.database.url is None:
        database = postgres_part.look(settings.parts)
        made_by = (found.data / "postgres" / "PG_VERSION").read_text("ascii").strip()
        if database is None or str(database.major) != made_by:
            now = database.major if database else "another one"
            raise UpgradeRefused(
                "postgresql", found=f"{made_by} runs and this code would run {now}"
            )
    launch = Launch(
        settings=settings,
        data=found.data.resolve(),
        floor=read_floor(settings),
        parts=Parts(
            asterisk=part, postgres=database, espeak=espeak.obtain(settings.parts)
        ),
        user=None,
    )
    if differing := asterisk.differing(launch.asterisk()):
        raise UpgradeRefused(
            "asterisk", found=f"its configuration changed: {', '.join(differing)}"
        )
    return launch


def _runs(pid: int | None, argv: tuple[str, ...]) -> bool:
    if pid is None:
        return False
    try:
        told = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return tuple(map(os.fsdecode, told))[: len(argv)] == argv


def ask_for_new_engine(pids: Mapping[str, int]) -> None:
    """Ask the supervisor to start its engine anew; it is done later."""
    os.kill(pids["supervisor"], signal.Signals(RENEW_SIGNAL))

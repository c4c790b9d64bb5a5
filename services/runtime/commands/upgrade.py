"""``tieline upgrade``: the engine started anew from the code of now; calls go on."""

import asyncio
import importlib
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import asyncpg
import httpx
import typer
from sqlalchemy.exc import DBAPIError

from services.runtime import instance
from services.runtime.asking import ask
from services.runtime.embedded import engine
from services.runtime.errors import NoInstance, RuntimeProblem
from services.runtime.instance import Instance
from services.runtime.launch import Launch
from services.runtime.progress import say
from services.runtime.trust import trust_for
from services.runtime.upgrading import (
    ask_for_new_engine,
    launch_of,
    refuse_old_supervisor,
    settings_of,
)
from services.store.errors import StoreError, in_its_words
from services.store.migrate import upgrade as migrate
from services.store.roles import grant

_LIMIT_S = 90.0
_LOOK_EVERY_S = 0.05
_RECORD_LIMIT_S = 15.0
_MOST_CALLS = 1000
_UNSEEN, _LOST = "lost", {"switch_restarted", None}


class UpgradeFailed(RuntimeProblem):
    """The new engine is not there, or a call is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What an upgrade did to the calls that were going on."""

    live_before: int
    live_after: int
    """Of those before."""
    ended: int
    """Of those before; each as it should."""
    unseen: list[str]
    """Of those before; they hung up while there was no engine to see it."""
    lost: list[str]
    """Of those before; there is no end on record that would explain them."""
    without_engine_s: float
    """From the end of the one before to the new engine's readiness."""


def upgrade(
    *,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
) -> None:
    """Start the engine and the watchdog anew from the code of now; calls go on.

    Asterisk and PostgreSQL stay up: who talks talks on, who waits keeps their place.
    The database is brought to the newest schema before, never back. Ends with 0 when
    every call that was live is live or ended as it should, 2 when a full restart is
    needed (nothing was touched), 3 when no instance runs, 1 when it failed.
    """
    found = instance.find(data)
    refuse_old_supervisor(found)
    launch = launch_of(found, settings_of(found))
    # What cannot be loaded is known before the engine that runs is stopped.
    importlib.import_module(engine.MODULE)
    _migrate(found, launch)
    before = _live(found)
    took_s = _renew(found)
    done = _compared(found, before, took_s)
    if as_json:
        told = {name: getattr(done, name) for name in Upgraded.__slots__}
        typer.echo(json.dumps(told))
    else:
        typer.echo(
            f"engine and watchdog run the code of now, {took_s:.1f} s without an"
            f" engine; of {done.live_before} live calls {done.live_after} go on,"
            f" {done.ended} ended as they should, {len(done.unseen)} hung up"
            f" meanwhile, {len(done.lost)} were lost"
        )
    raise typer.Exit(1 if done.lost else 0)


def _migrate(found: Instance, launch: Launch) -> None:
    async def newest() -> None:
        await migrate(found.database)
        await grant(found.database, launch.role_names)

    try:
        asyncio.run(newest())
    except (StoreError, OSError, DBAPIError, asyncpg.PostgresError) as error:
        why = in_its_words(error)
        raise UpgradeFailed(
            f"database: {why}; the engine of before goes on, nothing was stopped"
        ) from None


def _live(found: Instance) -> set[str]:
    calls = ask(found, "/calls", limit=_MOST_CALLS)
    return {call["call_id"] for call in calls if call["state"] != "closed"}


def _renew(found: Instance) -> float:
    """Have the engine started anew; return for how long there was none, in seconds."""
    old = found.pids["engine"]
    say("engine: loading the code of now, then the one of before stops …")
    began_s = gone_s = time.monotonic()
    ask_for_new_engine(found.pids)
    with httpx.Client(
        trust_env=False, timeout=2, verify=trust_for(found.http, found.data)
    ) as client:
        while not _is_new(found, client, old):
            if Path(f"/proc/{old}").exists():
                gone_s = time.monotonic()
            if time.monotonic() - began_s > _LIMIT_S:
                raise UpgradeFailed(
                    f"engine: is not ready after {_LIMIT_S:.0f} s, its log is"
                    f" {found.data / 'log' / 'engine.log'}; calls go on in Asterisk:"
                    " put back the code of before and run ./tieline upgrade again"
                )
            time.sleep(_LOOK_EVERY_S)
    return time.monotonic() - gone_s


def _is_new(found: Instance, client: httpx.Client, old: int) -> bool:
    try:
        pid = instance.find(found.data).pids.get("engine")
        if pid in (None, old):
            return False
        return client.get(f"{found.http}/readiness").is_success
    except httpx.TransportError:
        return False
    except NoInstance as none:
        raise UpgradeFailed(f"supervisor: has ended: {none}") from None


def _compared(found: Instance, before: set[str], took_s: float) -> Upgraded:
    after = _live(found) & before
    reasons = {call_id: _close_reason(found, call_id) for call_id in before - after}
    unseen = sorted(one for one, why in reasons.items() if why == _UNSEEN)
    lost = sorted(one for one, why in reasons.items() if why in _LOST)
    return Upgraded(
        live_before=len(before),
        live_after=len(after),
        ended=len(reasons) - len(unseen) - len(lost),
        unseen=unseen,
        lost=lost,
        without_engine_s=round(took_s, 3),
    )


def _close_reason(found: Instance, call_id: str) -> str | None:
    """Return why a call was closed; None when no record says so in time."""
    until_s = time.monotonic() + _RECORD_LIMIT_S
    while time.monotonic() < until_s:
        with suppress(RuntimeProblem):
            if reason := ask(found, f"/calls/{call_id}")["close_reason"]:
                return str(reason)
        time.sleep(_LOOK_EVERY_S)
    return None

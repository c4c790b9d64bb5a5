"""``tieline up``: one instance, from nothing to ready, until it is told to stop."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from sqlalchemy.exc import DBAPIError

from services.runtime import instance
from services.runtime.data_folder import held
from services.runtime.desk.aside import build_aside
from services.runtime.embedded import asterisk, engine
from services.runtime.embedded.child import Child
from services.runtime.end_with import end_with
from services.runtime.http_sockets import http_sockets
from services.runtime.instance import Instance
from services.runtime.launch import DatabaseUnusable, Launch, floor_file, read_floor
from services.runtime.notify import Notifier, this_loop
from services.runtime.occupied import check_ports
from services.runtime.parts.obtain import obtain_parts
from services.runtime.privileges import check_ways, let_pass, service_user
from services.runtime.progress import say
from services.runtime.published import differing, differing_flows, kept, kept_flows
from services.runtime.secrets_kept import FIRST_LOG_IN, FOLDER, first_log_ins
from services.runtime.settings import Settings, read_settings
from services.runtime.shut import shut
from services.runtime.supervisor import Supervised, Supervisor
from services.runtime.vaults import check_keys
from services.store.errors import StoreError, in_its_words
from services.store.roles import grant, refuse_overpowered

_OPEN = (
    "OPEN: TIELINE_PEOPLE__IS_OPEN_HERE is true, so every program on this machine may"
    " do all over HTTP without a log-in"
)


def up(
    data: Annotated[Path | None, typer.Option(help="folder of all state")] = None,
    base_port: Annotated[
        int | None, typer.Option(help="first of the ports; the others are near it")
    ] = None,
    floor: Annotated[
        Path | None, typer.Option(help="queues, agents and numbers; the demo's if none")
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON line when ready")
    ] = False,
) -> None:
    """Start an instance and keep it running until SIGTERM, SIGINT or SIGHUP."""
    settings = read_settings(data=data, base_port=base_port, floor=floor)
    run(settings, engine_module=engine.MODULE, as_json=as_json)


def run(settings: Settings, *, engine_module: str, as_json: bool) -> None:
    """Start an instance and keep it running until it is told to stop.

    Args:
        settings: Its own.
        engine_module: What Python runs as the engine.
        as_json: Whether one line of JSON is printed when it is ready.
    """
    began = time.monotonic()
    if settings.end_with is not None:
        end_with(settings.end_with)
    with held(settings.data) as folder:
        launch = replace(_prepare(settings, folder), engine_module=engine_module)
        asyncio.run(_run(launch, as_json=as_json, began=began))
    say("stopped")


def _prepare(settings: Settings, folder: Path) -> Launch:
    with_database = settings.database.url is None
    check_ports(settings.ports, settings.host, with_database=with_database)
    for one in http_sockets(settings):
        one.close()
    # What can be wrong is looked at before anything is fetched or started.
    floor = read_floor(settings)
    shut(folder)
    check_keys(folder)
    if settings.https.is_on:
        from services.runtime.certificates import server_context

        server_context(folder, datetime.now(UTC))
    user = service_user(settings.user)
    parts = obtain_parts(settings)
    launch = Launch(settings=settings, data=folder, floor=floor, parts=parts, user=user)
    # A folder made by mkdir -m 700 is ours to open; what is above it is not.
    let_pass(folder, user)
    check_ways(user, launch.needed)
    asterisk.check(launch.asterisk())
    return launch


async def _run(launch: Launch, *, as_json: bool, began: float) -> None:
    is_told = False
    systemd = Notifier.taken()

    def pids_changed(pids: Mapping[str, int]) -> None:
        nonlocal is_told
        told = launch.instance({"supervisor": os.getpid(), **pids})
        instance.write(told)
        if not is_told:
            is_told = True
            if differs := differing(floor_file(launch.settings), kept(launch.data)):
                say(differs)
            flows = kept_flows(launch.data)
            if differs := differing_flows(launch.settings.flows, flows):
                say(differs)
            if launch.settings.people.is_open_here:
                say(_OPEN)
            say(f"ready after {time.monotonic() - began:.1f} s")
            _print(told.ready_line() if as_json else _welcome(launch, told))
            systemd.tell("READY=1")

    parts = launch.supervised()
    if "postgresql" in parts:
        own = parts["postgresql"]
        start = partial(_start_migrated, launch, own)
        parts["postgresql"] = replace(own, start=start)
    else:
        await _migrate(launch)
    supervisor = Supervisor(parts, pids_changed=pids_changed)
    beating = asyncio.create_task(systemd.keep_telling(this_loop))
    settings = launch.settings
    building = asyncio.create_task(build_aside(launch.data, settings.parts))
    try:
        await supervisor.run()
    finally:
        beating.cancel()
        building.cancel()
        await asyncio.wait((building,))
        instance.remove(launch.data)


async def _start_migrated(launch: Launch, postgres: Supervised) -> Child:
    # Before anything that uses the database is started.
    child = await postgres.start()
    try:
        await _migrate(launch)
    except BaseException:
        await postgres.stop(child)
        raise
    return child


async def _migrate(launch: Launch) -> None:
    from services.store.migrate import upgrade

    where = launch.database_place
    try:
        if launch.postgres is None:
            for url in {launch.database_url, *map(launch.role_url, launch.role_names)}:
                await refuse_overpowered(url)
        await upgrade(launch.database_url)
        await grant(launch.database_url, launch.role_names)
    except StoreError as error:
        raise DatabaseUnusable(where, str(error)) from error
    except OSError as error:
        why = f"no connection: {_unreached(error)}; does a PostgreSQL run there?"
        raise DatabaseUnusable(where, why) from error
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why = (
            f"{in_its_words(error)}; are name, password and database right, and is"
            " the database the name's own?"
        )
        raise DatabaseUnusable(where, why) from error


def _unreached(error: OSError) -> str:
    if error.errno is None or error.errno < 0:  # a name that nobody knows is < 0
        return error.strerror or str(error)
    # asyncio's own words name each address that was tried.
    return os.strerror(error.errno).lower()


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _utility(launch: Launch, told: Instance) -> list[str]:
    if told.utility:
        return [f"utility   SIMULATED, its customers are invented: {told.utility}"]
    return [f"utility   {launch.settings.utility.url or 'none'}"]


def _log_ins(launch: Launch) -> list[str]:
    """Tell passwords that were made here, until those whose they are have others."""
    if not (kept := first_log_ins(launch.data)):
        return []
    longest = max(map(len, kept))
    # The first people are called after their role, agents with their number.
    lines = [
        f"  {name:<{longest}}  {name.partition('-')[0]:<10}  {password}"
        for name, password in kept.items()
    ]
    where = launch.data / FOLDER / f"{FIRST_LOG_IN}*"
    head = f"Demo log-ins (name, role, password; kept in {where}), for POST /session:"
    return ["", head, *lines]


def _welcome(launch: Launch, told: Instance) -> str:
    numbers = [
        f"  {number.number}  {number.name}" for number in launch.floor.numbers.values()
    ]
    agents = [
        f"  {agent.agent_id}  {agent.name}, device {agent.device_id}"
        for agent in launch.floor.policy.agents.values()
    ]
    return "\n".join(
        (
            "Tieline is ready.",
            "",
            f"Dial, from a SIP phone at {told.sip} (UDP), as in sip:6000@{told.sip}:",
            *numbers,
            "",
            "Agents, each with the password of their device in"
            f" {launch.data / 'secrets' / 'devices.json'}:",
            *agents,
            "",
            f"desk      {told.http}/desk/",
            f"HTTP      {told.http} (its API: {told.http}/openapi.json)",
            f"database  {told.database}",
            *_utility(launch, told),
            f"token     of programs here, Authorization: Bearer, in {told.token_file}",
            *_log_ins(launch),
            "",
            "Try it in two more terminals:",
            "  ./tieline agent --calls 1",
            "  ./tieline call 6000 --press 1,0 --talk 5",
            "",
            f"Ctrl-C, or kill -TERM {told.pids['supervisor']}, stops all of it.",
        )
    )

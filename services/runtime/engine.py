"""The engine's process: ``python -m services.runtime.engine --data DIR``."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import structlog
import uvloop
from fastapi import FastAPI
from pydantic import SecretStr

from cti_bridge.ami.connection import Account
from ivr.announcements import FILE_NAME as ANNOUNCEMENTS
from recordings.store import RecordingStore
from services.api import (
    estimates,
    flags,
    floor,
    flow_replaying,
    flows,
    health,
    recordings,
)
from services.api.app import create_app
from services.api.listeners import Listeners
from services.api.recordings import Hearing
from services.api.who_asks import Doors
from services.runtime.announcing import Announcer
from services.runtime.asked_utility import back_office, told_of
from services.runtime.circumstances import CircumstancesOf, no_office
from services.runtime.clock import Clock
from services.runtime.composition import Composition, Surroundings
from services.runtime.desk.serving import serve_desk
from services.runtime.embedded.engine import NAME, SPARE
from services.runtime.embedded.our_own import refused
from services.runtime.errors import EngineRefused, RuntimeProblem
from services.runtime.estimating import Estimator
from services.runtime.flag_keeper import FlagKeeper
from services.runtime.flags import Flags
from services.runtime.flow_publisher import FlowPublisher
from services.runtime.in_force import InForce
from services.runtime.in_force_at_start import around_of, read_ahead, read_at_start
from services.runtime.logs import set_up_logs
from services.runtime.nightly import Nightly, rebuild_aside
from services.runtime.open_prompts import begin_to_name
from services.runtime.people import are_known, doors_of, keep_people
from services.runtime.prompting import prompt_store
from services.runtime.publisher import Publisher
from services.runtime.recognising import speech_of
from services.runtime.replaying import Replayer
from services.runtime.retention import Retention
from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.secrets_kept import OPERATOR
from services.runtime.serving import serve_until_stopped
from services.runtime.settings import Settings, read_settings
from services.runtime.settling import settle
from services.runtime.spare import wait_for_turn
from services.runtime.studio import studio_of
from services.runtime.vaults import anchor_of, vault_of
from services.store.audit import Audit
from services.store.flag_changes import FlagChanges
from services.store.flow_versions import FlowVersions
from services.store.journal import Journal
from services.store.shipper import Shipper
from services.store.versions import FloorVersions
from services.utility.back_office import HttpBackOffice

log = structlog.get_logger()


Rehearsed = Callable[[Settings, InForce], CircumstancesOf]
"""Says what is so for the calls of a rehearsal."""


def main(rehearsed: Rehearsed | None = None) -> None:
    """Run until a stop signal; a problem of the operator's is told as a sentence.

    Args:
        rehearsed: What a rehearsal's own process gives; no setting and no caller can.
    """
    parser = argparse.ArgumentParser(prog="tieline-engine", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(SPARE, action="store_true", help="wait for a line first")
    told = parser.parse_args()
    # Whatever it writes is its own; what Asterisk reads is opened to it by name.
    os.umask(0o077)
    data = told.data
    if told.spare:
        read_ahead(data)
        wait_for_turn()
    try:
        settings = read_settings(data=data)
        set_up_logs(settings.logs)
        # uvloop's sockets and timers cost about half of asyncio's own.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, rehearsed))
    except RuntimeProblem as problem:
        # tieline up finds the sentence behind the mark, and tells it.
        sys.stderr.write(f"{refused(NAME)}{problem}\n")
        sys.exit(problem.exit_code)


async def _serve(settings: Settings, rehearsed: Rehearsed | None) -> None:
    records = _records_url(settings)
    audit = Audit(records, anchor_of(settings.data))
    versions = FloorVersions(records, audit), FlowVersions(records, audit)
    prompts = prompt_store(settings)
    announcer = Announcer(settings.flows.parent / ANNOUNCEMENTS, prompts)
    current, make_rest = await read_at_start(versions, settings, prompts)
    office = back_office(settings)
    database = _given(settings.database.url, "TIELINE_DATABASE__URL")
    is_first = not (settings.data / SECRETS / OPERATOR).exists()
    async with Journal(settings.data / "journal") as journal:
        clock = Clock()
        doors = doors_of(settings, clock=clock, records=records, audit=audit)
        shipper = Shipper(journal, database)
        composition = Composition(
            Surroundings(
                clock=clock,
                current=current,
                account=_account(settings),
                journal=journal,
                shipper=shipper,
                recordings=_recordings(settings, clock),
                data=settings.data,
                host=settings.host,
                ports=settings.ports,
                is_recording=settings.recordings.is_on,
                keep_days=settings.journal.keep_days,
                speak=prompts.ready_now,
                opening=announcer.opening,
                office=office.declaring if office else no_office,
                circumstances=rehearsed(settings, current) if rehearsed else None,
                studio=studio_of(settings, audit, prompts.ready_now, clock.now).serve,
                speech=speech_of(settings),
            )
        )
        app = _app(composition, shipper, records, doors)
        serve_desk(app, settings, current, composition.page_keys)
        health.install(app, lambda: _utility_told(settings, office))
        estimator = _estimating(app, composition, database)
        around = around_of(composition, settings, current, prompts, versions=versions)
        floor.install(app, Publisher(around))
        flows.install(app, FlowPublisher(around), database=records)
        flow_replaying.install(app, Replayer(around, records))
        of_flags = Flags(settings.data), FlagChanges(records, audit), current
        flags.install(app, FlagKeeper(*of_flags, now=clock.now))
        aside = {
            begin_to_name(prompts),
            asyncio.create_task(make_rest(), name="prompts"),
            asyncio.create_task(_kept(app, settings, records).run(), name="retention"),
            asyncio.create_task(estimator.run(), name="estimating"),
            *_by_night(settings, clock),
            asyncio.create_task(settle(around), name="publishing"),
            asyncio.create_task(announcer.run(), name="announcing"),
            *keep_people(doors, settings, current.floor),
        }
        try:
            await are_known(doors, is_first=is_first)
            await serve_until_stopped(composition, app, settings)
        finally:
            await _end(aside, office)


async def _end(aside: set[asyncio.Task[None]], office: HttpBackOffice | None) -> None:
    for task in aside:
        task.cancel()
    await asyncio.wait(aside)
    if office is not None:
        await office.close()


def _recordings(settings: Settings, clock: Clock) -> RecordingStore:
    spool = settings.data / "asterisk" / "spool" / "monitor"
    return RecordingStore(spool, vault_of(settings.data), now=clock.now)


def _by_night(settings: Settings, clock: Clock) -> Iterator[asyncio.Task[None]]:
    if at := settings.estimates.night:
        nightly = Nightly(at, partial(rebuild_aside, settings.data), now=clock.now)
        yield asyncio.create_task(nightly.run(), name="nightly")


def _utility_told(
    settings: Settings, office: HttpBackOffice | None
) -> health.UtilityTold:
    return health.UtilityTold(
        sentence=told_of(settings, office),
        answers=None if office is None else office.problem is None,
    )


def _account(settings: Settings) -> Account:
    return Account(
        host=settings.host,
        port=settings.ami.port or settings.ports.ami,
        username=settings.ami.user,
        secret=_given(settings.ami.secret, "TIELINE_AMI__SECRET"),
    )


def _app(
    composition: Composition, shipper: Shipper, records: str, doors: Doors
) -> FastAPI:
    return create_app(
        composition.front,
        fan_out=composition.fan_out,
        figures=composition.figures,
        shipping=shipper,
        database=records,
        doors=doors,
    )


def _estimating(app: FastAPI, composition: Composition, database: str) -> Estimator:
    """Let estimates be shown by the app, and return what keeps them."""
    board, now = composition.switchboard, composition.front.now
    estimator = Estimator(board.engine.floor, database, tell=board.ask, now=now)
    estimates.install(app, estimator)
    return estimator


def _kept(app: FastAPI, settings: Settings, records: str) -> Retention:
    """Let recordings be heard by the app, and return what looks after them."""
    vault, audit = vault_of(settings.data), Audit(records, anchor_of(settings.data))
    listeners = Listeners(settings.data / SECRETS)
    recordings.install(app, Hearing(vault, audit, listeners, database=records))
    keep_days = settings.recordings.keep_days
    return Retention(vault, audit, database=records, keep_days=keep_days)


def _records_url(settings: Settings) -> str:
    url = settings.database.api_url or settings.database.url
    return _given(url, "TIELINE_DATABASE__API_URL")


def _given(secret: SecretStr | None, variable: str) -> str:
    if secret is None:
        raise EngineRefused(
            f"{variable}: field required, got nothing; tieline up gives it"
        )
    return secret.get_secret_value()


if __name__ == "__main__":
    main()

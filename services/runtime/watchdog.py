"""The watchdog's process: ``python -m services.runtime.watchdog --data DIR``."""

import asyncio
import contextlib
import json
import signal
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydantic import SecretStr

from services.runtime.embedded.watchdog import NAME
from services.runtime.errors import RuntimeProblem
from services.runtime.instance import FILE_NAME
from services.runtime.notify import Notifier, this_loop
from services.runtime.own_process import run_process
from services.runtime.secrets_kept import OPERATOR, kept_secret
from services.runtime.settings import Settings
from services.runtime.trust import TlsFiles
from services.watchdog.asking import Asking
from services.watchdog.bell import Bell
from services.watchdog.disk_looks import DiskLooks
from services.watchdog.door import Door
from services.watchdog.engine_look import EngineLook
from services.watchdog.eye import Eye, ReadingAccount
from services.watchdog.faults import FOLDER, FaultBook
from services.watchdog.light import Patience
from services.watchdog.part_looks import PartLooks, trust
from services.watchdog.place import Limits, Place
from services.watchdog.senders import Mail, Sender, Webhook
from services.watchdog.watch import Check, Look, Watch

log = structlog.get_logger()

ACCOUNT = "watchdog"
"""The AMI account, and the secret's name in the data folder."""
PROBER = "prober"


class WatchdogRefused(RuntimeProblem):
    """The watchdog cannot start with what it was given."""

    exit_code = 2


def main() -> None:
    """Look at an instance until a stop signal."""
    run_process(NAME, __doc__, _watch)


async def _watch(settings: Settings) -> None:
    place = _place(settings)
    eye = Eye(
        ReadingAccount(
            host=settings.host,
            port=settings.ports.ami,
            username=ACCOUNT,
            secret=kept_secret(settings.data, ACCOUNT),
        )
    )
    book = FaultBook(settings.data / FOLDER)
    bell = Bell(_senders(settings), instance=settings.alarm.name, now=_now)
    checks = _checks(place, eye, settings)
    watch = Watch(checks, book=book, bell=bell, now=_now)
    door = Door(watch.as_dict)
    server = await _listen(door, settings)
    async with server, asyncio.TaskGroup() as tasks:
        systemd = Notifier.taken()
        beat = systemd.keep_telling(this_loop, is_ready_then=True)
        runs = (eye.run(), bell.run(), watch.run(), beat)
        running = [tasks.create_task(run) for run in runs]
        await _until_asked()
        log.info("stopping")
        for task in running:
            task.cancel()


async def _listen(door: Door, settings: Settings) -> asyncio.Server:
    host, port = settings.host, settings.ports.watchdog
    try:
        return await door.start(host, port)
    except OSError as error:
        why = error.strerror or str(error)
        raise WatchdogRefused(f"{host}:{port}: {why}; is another there?") from error


async def _until_asked() -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, asked.set)
    await asked.wait()


def _now() -> datetime:
    return datetime.now(UTC)


def _place(settings: Settings) -> Place:
    wanted = settings.watchdog
    return Place(
        data=settings.data,
        host=settings.host,
        sip_port=settings.ports.sip,
        agi_port=settings.ports.agi,
        http=settings.http,
        simulated_utility=settings.simulated_utility,
        authority=TlsFiles(data=settings.data).ca if settings.https.is_on else None,
        database_url=_given(settings.database.url, "TIELINE_DATABASE__URL"),
        prober_password=kept_secret(settings.data, PROBER),
        http_token=kept_secret(settings.data, OPERATOR),
        limits=Limits(
            kill_after_s=wanted.kill_after_s,
            disk_low_percent=wanted.disk_low_percent,
            disk_out_percent=wanted.disk_out_percent,
            load_per_cpu=wanted.load_per_cpu,
        ),
    )


def _given(secret: SecretStr | None, variable: str) -> str:
    if secret is None:
        raise WatchdogRefused(
            f"{variable}: field required, got nothing; tieline up gives it"
        )
    return secret.get_secret_value()


def _senders(settings: Settings) -> list[Sender]:
    return list(_ways(settings))


def _ways(settings: Settings) -> Iterator[Sender]:
    alarm = settings.alarm
    if alarm.webhook:
        url = alarm.webhook.get_secret_value()
        yield Webhook(url=url, is_private_ok=alarm.is_private_ok)
    if alarm.mail_to:
        password = alarm.smtp_password
        yield Mail(
            host=alarm.smtp_host,
            port=alarm.smtp_port,
            security=alarm.smtp_security,
            sender=alarm.mail_from,
            receivers=tuple(alarm.mail_to.split(",")),
            user=alarm.smtp_user,
            password=password.get_secret_value() if password else None,
        )


def _checks(place: Place, eye: Eye, settings: Settings) -> list[Check]:
    """Return how each component is looked at; those that break are red within 10 s."""

    def pids() -> Mapping[str, int]:
        return _pids(settings.data)

    # The loop is asked over one connection, which a full table of files leaves alone,
    # and by one who has nothing else to ask.
    trusted = trust(place.http, place.authority)
    engine = EngineLook(place, eye, Asking(place.http, trusted), pids=pids)
    asking = Asking(place.http, trusted)
    parts = PartLooks(place, eye, asking, progress=lambda: engine.progress)
    disks = DiskLooks(place, pids=pids, unready=lambda: parts.unready)
    asterisk = "see log/asterisk.log and asterisk/log/messages"
    its_log = "see log/engine.log"
    database = "see log/postgresql.log; calls go on, records wait in the journal"
    machine = "see top and dmesg"

    def every(
        period_s: float, look: Look, would_do: str, limit_s: float = 2.0
    ) -> Check:
        return Check(
            name=look.__name__,
            look=look,
            period_s=period_s,
            limit_s=limit_s,
            would_do=would_do,
        )

    agreement = every(3.0, parts.agreement, asterisk, 5.0)
    call = every(settings.watchdog.call_every_s, parts.call, asterisk, 4.0)
    return [
        every(1.0, engine.engine, its_log, 4.0),
        every(2.0, parts.http, its_log),
        every(1.0, parts.ami, asterisk),
        every(2.0, parts.sip, asterisk),
        every(2.0, parts.agi, its_log),
        every(2.0, parts.database, database, 3.0),
        every(1.0, parts.shipping, its_log),
        every(2.0, disks.journal, machine, 3.0),
        every(2.0, disks.recordings, machine, 3.0),
        # A call comes and goes between the two questions: three looks, not two.
        replace(agreement, patience=Patience(worse_after=3, better_after=2)),
        replace(call, confirm_s=2.0),
        every(5.0, disks.host, machine, 3.0),
        every(5.0, parts.certificate, its_log, 3.0),
        every(5.0, parts.utility, "see log/simulated-utility.log", 4.0),
    ]


def _pids(data: Path) -> dict[str, int]:
    """Return the processes of the instance, as its supervisor has written them."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        told = json.loads((data / FILE_NAME).read_text(encoding="utf-8"))
        return {str(part): int(pid) for part, pid in told["pids"].items()}
    return {}


if __name__ == "__main__":
    main()

"""What an instance is made of: its settings, floor and parts put together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ivr.load import load_set
from ivr.problems import Refused
from services.floor.floor import Floor
from services.floor.load import load_floor_with, load_text
from services.flows.files import read_files, reading
from services.runtime.data_folder import device_passwords
from services.runtime.embedded import asterisk, engine, postgres, utility, watchdog
from services.runtime.embedded.asterisk import AsteriskPlace
from services.runtime.embedded.engine import EnginePlace
from services.runtime.embedded.open_queue import OpenEntry, OpenQueue
from services.runtime.embedded.postgres import PostgresPlace, role_name
from services.runtime.embedded.utility import UtilityPlace
from services.runtime.embedded.watchdog import WatchdogPlace
from services.runtime.errors import RuntimeProblem
from services.runtime.in_force import InForce
from services.runtime.instance import Instance
from services.runtime.parts import asterisk as asterisk_part
from services.runtime.parts import espeak
from services.runtime.parts.obtain import Parts
from services.runtime.privileges import ServiceUser, service_user
from services.runtime.progress import say
from services.runtime.published import PublishedFlows, files_of, kept, kept_flows
from services.runtime.restarts import PartName
from services.runtime.secrets_kept import PAGE_PHONES, kept_secret
from services.runtime.settings import CHECKOUT, Settings
from services.runtime.supervisor import Supervised
from services.runtime.trust import trust_for
from services.store.roles import Role

DEMO_FLOOR = CHECKOUT / "dialplans" / "floor.yaml"


class FloorUnusable(RuntimeProblem):
    """The floor or its flows cannot be used; each problem stands with its line."""

    exit_code = 2


class DatabaseUnusable(RuntimeProblem):
    """The database that the settings name does not answer or does not obey."""

    exit_code = 2

    def __init__(self, where: str, why: str) -> None:
        """Keep where, and why with what would do; a password is never told."""
        self.where = where
        self.why = why
        super().__init__(
            f"TIELINE_DATABASE__URL: the database at {where} cannot be used, {why}"
        )


def floor_file(settings: Settings) -> Path:
    """Return the file that floors are published from."""
    return settings.floor or DEMO_FLOOR


def read_floor(settings: Settings) -> Floor:
    """Read the floor and the flows that were published last, or their files.

    Raises:
        FloorUnusable: With every problem, each with file and line.
    """
    return read_in_force(settings).floor


def read_in_force(settings: Settings) -> InForce:
    """Read the same as it is run, its sounds not made yet.

    Raises:
        FloorUnusable: With every problem, each with file and line.
    """
    version, flows = kept(settings.data), kept_flows(settings.data)
    file = floor_file(settings)
    try:
        files = files_of(flows.in_force) if flows else None
        read = reading(files) if files else partial(load_set, settings.flows)
        if version is None:
            floor, text = load_floor_with(file, read), file.read_text(encoding="utf-8")
        else:
            text = version.text
            floor = load_text(text, read, file=version.label)
        files = files or read_files(settings.flows)
    except Refused as refused:
        raise FloorUnusable(str(refused)) from None
    return InForce(
        floor=floor,
        text=text,
        files=files,
        version=version,
        flows=flows,
        trial=_tried(text, flows),
    )


def _tried(text: str, flows: PublishedFlows | None) -> Floor | None:
    """Return the floor with the flows that a share of the calls tries."""
    if flows is None or flows.trial is None:
        return None
    try:
        return load_text(text, reading(files_of(flows.trial)), file="floor")
    except Refused as refused:
        # Nobody's call may depend on what is only tried.
        say(f"{refused}; flows version {flows.trial.number} is not tried")
        return None


def launch_with(settings: Settings, floor: Floor) -> "Launch":
    """Return how Asterisk of a running instance would be started with a floor."""
    return Launch(
        settings=settings,
        data=settings.data.resolve(),
        floor=floor,
        parts=Parts(
            asterisk=asterisk_part.obtain(settings.asterisk, settings.parts),
            postgres=None,
            espeak=espeak.obtain(settings.parts),
        ),
        user=service_user(settings.user),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One instance, ready to be started."""

    settings: Settings
    data: Path
    """The data folder by its real path."""
    floor: Floor
    parts: Parts
    user: ServiceUser | None
    engine_module: str = engine.MODULE
    """What Python runs as the engine; a rehearsal has its own."""

    @property
    def postgres(self) -> PostgresPlace | None:
        """The embedded database; None when it is elsewhere."""
        if self.parts.postgres is None:
            return None
        return PostgresPlace(
            part=self.parts.postgres,
            data=self.data,
            host=self.settings.host,
            port=self.settings.ports.database,
            user=self.user,
        )

    @property
    def database_url(self) -> str:
        """The address of the database, with its password."""
        if place := self.postgres:
            return place.url()
        url = self.settings.database.url
        return url.get_secret_value() if url else ""

    def role_url(self, role: Role) -> str:
        """Return the address of the database for a role; the owner's if none is set."""
        if place := self.postgres:
            return place.role_url(role)
        given = {
            Role.ENGINE: self.settings.database.engine_url,
            Role.API: self.settings.database.api_url,
        }.get(role)
        return given.get_secret_value() if given else self.database_url

    @property
    def role_names(self) -> dict[Role, str]:
        """What each role is called in the database."""
        if self.postgres:
            return {role: role_name(role) for role in Role}
        used = (Role.ENGINE, Role.API)
        urls = {role: urlsplit(self.role_url(role)) for role in used}
        return {role: unquote(url.username or "") for role, url in urls.items()}

    @property
    def database_place(self) -> str:
        """Host, port and name of the database, without its password."""
        parts = urlsplit(self.database_url)
        return f"{parts.hostname}:{parts.port or 5432}{parts.path}"

    @property
    def needed(self) -> tuple[Path, ...]:
        """Folders that the parts must reach as the service user."""
        postgres_needs = self.postgres.needed if self.postgres else ()
        return (*postgres_needs, *self.asterisk().needed)

    def asterisk(self) -> AsteriskPlace:
        """Return where Asterisk lives, with the log-ins it knows."""
        settings = self.settings
        devices = {
            str(agent.agent_id): str(agent.device_id)
            for agent in self.floor.policy.agents.values()
        }
        return AsteriskPlace(
            part=self.parts.asterisk,
            data=self.data,
            host=settings.host,
            ports=settings.ports,
            user=self.user,
            ami_user=settings.ami.user,
            ami_secret=self._ami_secret,
            numbers=tuple(self.floor.numbers),
            reserved={n.number: n.reserved for n in self.floor.numbers.values()},
            admission=self.floor.admission,
            open_entries=dict(self._open_entries()),
            open_queues=tuple(self._open_queues()),
            is_recording=settings.recordings.is_on,
            devices=device_passwords(self.data, devices),
            watchdog_secret=self._watchdog_secret("watchdog"),
            prober_password=self._watchdog_secret("prober"),
            page_secret=kept_secret(self.data, PAGE_PHONES),
        )

    def _open_entries(self) -> Iterator[tuple[str, OpenEntry]]:
        for number in self.floor.numbers.values():
            yield (
                number.number,
                OpenEntry(
                    queue=number.open_queue_id,
                    call_class=number.call_class,
                    language=self.floor.flows[number.flow].language.value,
                ),
            )

    def _open_queues(self) -> Iterator[OpenQueue]:
        for queue in self.floor.policy.queues.values():
            yield OpenQueue(
                name=queue.queue_id,
                ring_s=round(queue.ring_s),
                wrap_up_s=round(queue.wrap_up_s),
            )

    @property
    def _ami_secret(self) -> str:
        given = self.settings.ami.secret
        return given.get_secret_value() if given else kept_secret(self.data, "ami")

    def _watchdog_secret(self, name: str) -> str | None:
        is_on = self.settings.watchdog.is_on
        return kept_secret(self.data, name) if is_on else None

    def watchdog(self) -> WatchdogPlace:
        """Return how the watchdog is started."""
        return WatchdogPlace(
            data=self.data,
            door=self._watchdog_door,
            variables={
                "TIELINE_DATA": str(self.data),
                "TIELINE_BASE_PORT": str(self.settings.base_port),
                "TIELINE_DATABASE__URL": self.role_url(Role.API),
            },
        )

    def utility(self) -> UtilityPlace:
        """Return how the simulated utility is started."""
        return UtilityPlace(
            data=self.data,
            url=self.settings.simulated_utility,
            variables={
                "TIELINE_DATA": str(self.data),
                "TIELINE_BASE_PORT": str(self.settings.base_port),
            },
        )

    @property
    def _watchdog_door(self) -> str:
        return f"http://{self.settings.host}:{self.settings.ports.watchdog}"

    def engine(self) -> EnginePlace:
        """Return how the engine is started."""
        settings = self.settings
        variables = {
            "TIELINE_DATA": str(self.data),
            "TIELINE_BASE_PORT": str(settings.base_port),
            # By the environment, which only this user and root can read.
            "TIELINE_DATABASE__URL": self.role_url(Role.ENGINE),
            "TIELINE_DATABASE__API_URL": self.role_url(Role.API),
            "TIELINE_AMI__SECRET": self._ami_secret,
        }
        if settings.floor:
            variables["TIELINE_FLOOR"] = str(settings.floor)
        return EnginePlace(
            module=self.engine_module,
            data=self.data,
            http=self.settings.http,
            trust=trust_for(self.settings.http, self.data),
            variables=variables,
        )

    def supervised(self) -> dict[PartName, Supervised]:
        """Return how each part of ours is started and stopped."""
        has_spare = self.settings.engine.has_spare
        engines = engine.Engines(self.engine, has_spare=has_spare)
        # At the first start nobody can have published since we read the floor.
        launches = chain((lambda: self,), repeat(self._of_now))
        parts: dict[PartName, Supervised] = {
            "asterisk": Supervised(
                start=lambda: asterisk.start(next(launches)().asterisk()),
                stop=asterisk.stop,
            ),
            "engine": Supervised(
                start=engines.start, stop=engines.stop, renew=engines.renew
            ),
        }
        if place := self.postgres:
            parts["postgresql"] = Supervised(
                start=partial(postgres.start, place), stop=postgres.stop
            )
        if self.settings.simulated_utility:
            parts["simulated-utility"] = Supervised(
                start=lambda: utility.start(self.utility()), stop=self.utility().stop
            )
        if self.settings.watchdog.is_on:
            parts["watchdog"] = Supervised(
                start=lambda: watchdog.start(self.watchdog()),
                stop=self.watchdog().stop,
            )
        return parts

    def _of_now(self) -> "Launch":
        """Return this with the floor in force, which may be another one by now."""
        try:
            return replace(self, floor=read_floor(self.settings))
        except FloorUnusable as problem:
            say(f"{problem}; asterisk starts with the floor of before")
            return self

    def instance(self, pids: Mapping[str, int]) -> Instance:
        """Return what others are told of this instance."""
        host, ports = self.settings.host, self.settings.ports
        return Instance(
            data=self.data,
            sip=f"{host}:{ports.sip}",
            http=self.settings.http,
            ami=f"{host}:{ports.ami}",
            agi=f"{host}:{ports.agi}",
            database=self.database_url,
            numbers=tuple(self.floor.numbers),
            watchdog=self._watchdog_door if self.settings.watchdog.is_on else "",
            utility=self.settings.simulated_utility,
            pids=dict(pids),
        )

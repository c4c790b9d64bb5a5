"""What an operator sets by TIELINE_ variables, and the words when it is wrong."""

import difflib
import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from services.runtime.errors import RuntimeProblem
from services.runtime.https_settings import HttpsSettings
from services.runtime.ports import (
    DEFAULT_BASE_PORT,
    HIGHEST_BASE_PORT,
    LOWEST_BASE_PORT,
    Ports,
)
from services.runtime.speech_settings import SpeechSettings
from services.runtime.utility_settings import UtilitySettings
from services.runtime.watchdog_settings import AlarmSettings, WatchdogSettings

PREFIX = "TIELINE_"
CHECKOUT = Path(__file__).resolve().parents[2]


class SettingsRefused(RuntimeProblem):
    """Settings are wrong; every problem is told at once, by the variable's name."""

    exit_code = 2

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep the problems, one sentence each."""
        self.problems = problems
        super().__init__("\n".join(problems))


def _loopback(host: str) -> str:
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        # AMI, FastAGI and the database's door are not encrypted.
        msg = (
            "only an address of this machine itself is taken (127.0.0.1); pages for"
            " others are served at TIELINE_HTTPS__ADDRESS"
        )
        raise ValueError(msg)
    return host


def _absolute(path: Path) -> Path:
    if re.search(r"[\x00-\x1f\x7f;]", str(path)):
        # Asterisk is told of folders in its configuration, where ; begins a comment.
        msg = "should be a path without ; and control characters"
        raise ValueError(msg)
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - keeps links as named


def _postgres_address(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if not text.startswith(("postgresql://", "postgres://")):
        msg = "should begin with postgresql://"
        raise ValueError(msg)
    parts = _whole_address(text)
    if parts is None:
        msg = (
            "should be as postgresql://name:password@host:5432/database, a password"
            " with other characters than letters and digits %-encoded"
        )
        raise ValueError(msg)
    if more := sorted(parse_qs(parts.query, keep_blank_values=True)):
        msg = f"takes no options behind a ?, found {', '.join(map(repr, more))}"
        raise ValueError(msg)
    return url


def _whole_address(text: str) -> SplitResult | None:
    """Return the parts of an address that names a host and a database."""
    try:
        parts = urlsplit(text)
        is_whole = parts.port != 0 and parts.hostname and parts.path.strip("/")
    except ValueError:
        return None
    return parts if is_whole and not parts.fragment else None


def _ami_secret(secret: SecretStr) -> SecretStr:
    # It stands in manager.conf, where ; begins a comment and blanks are trimmed.
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,64}", secret.get_secret_value()):
        msg = "should be 16 to 64 letters, digits, - or _"
        raise ValueError(msg)
    return secret


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AsteriskSettings(_Section):
    """An Asterisk elsewhere than on PATH or in the parts' folder."""

    binary: AbsolutePath | None = None
    modules: AbsolutePath | None = None
    sounds: AbsolutePath | None = None


class DatabaseSettings(_Section):
    """A PostgreSQL elsewhere; none means the embedded one."""

    url: Annotated[SecretStr, AfterValidator(_postgres_address)] | None = None
    """Of the role that owns the tables. A part that ``up`` started finds here that of
    its own role, and never the owner's."""
    engine_url: Annotated[SecretStr, AfterValidator(_postgres_address)] | None = None
    """Of the role that ships the journal; none means the owner's."""
    api_url: Annotated[SecretStr, AfterValidator(_postgres_address)] | None = None
    """Of the role that reads records and adds to the audit; none means the owner's."""


_AMI_USER = r"^[A-Za-z0-9_-]{1,40}$"
_SYSTEM_USER = r"^[a-z_][a-z0-9_-]{0,31}$"
_MANDARIN_PERSON = r"^z[fm]_[a-z]{2,20}$"
_NIGHT = r"^([01]\d|2[0-3]):[0-5]\d$|^never$"
_PATTERNS = {
    _NIGHT: "a time of day as 03:30, or never",
    _MANDARIN_PERSON: "the name of one who speaks Mandarin, as zf_xiaoxiao",
    _AMI_USER: "1 to 40 letters, digits, - or _",
    _SYSTEM_USER: "a user's name of this machine",
}
"""What each pattern asks for, in words."""


class AmiSettings(_Section):
    """The account by which the engine speaks AMI."""

    user: Annotated[str, Field(pattern=_AMI_USER)] = "tieline"
    secret: Annotated[SecretStr, AfterValidator(_ami_secret)] | None = None
    """None means one made at the first start and kept in the data folder."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Where the engine looks for it; None means where our Asterisk listens. For what
    is put between the two: a chaos proxy, TLS."""


class RecordingSettings(_Section):
    """Whether conversations are recorded, and how long that is kept."""

    is_on: bool = True
    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """Shredded after so many days, but for cases that are held; none means never."""


class VoiceSettings(_Section):
    """Who speaks the texts of flows; docs/prompts.md says how each is installed."""

    zh: Literal["espeak-ng", "kokoro"] = "espeak-ng"
    en: Literal["espeak-ng", "hibari"] = "espeak-ng"
    python: AbsolutePath | None = None
    """The Python in whose environment the voices are; None means our own."""
    kokoro: AbsolutePath | None = None
    """Folder of the people who speak Mandarin, one file each."""
    person: Annotated[str, Field(pattern=_MANDARIN_PERSON)] = "zf_xiaoxiao"
    """Which of them."""


class PeopleSettings(_Section):
    """Who may log in at first, and for how long."""

    is_demo: bool = True
    """Whether an instance without people gets one of each role and two agents, besides
    its administrator; their passwords are made, and kept in the folder of secrets."""
    is_open_here: bool = False
    """Whether who comes over loopback without a log-in or token may all, as the
    operator does: for a laptop of one person, never where others have accounts or a
    proxy stands before it."""
    idle_min: Annotated[float, Field(ge=1, le=1440)] = 60.0
    """How long a log-in lasts that is not used; an open live stream uses it."""
    session_h: Annotated[float, Field(ge=0.1, le=168)] = 12.0
    """How long a log-in lasts however much it is used."""


class EngineSettings(_Section):
    """How the engine is kept running."""

    has_spare: bool = True
    """Whether another has loaded its code and waits: callers have an engine again in
    a second instead of some; it takes some 150 MB."""


class JournalSettings(_Section):
    """How long facts stay on this machine's disk."""

    keep_days: Annotated[float, Field(ge=0, le=3650)] = 7.0
    """After they are on record in the database. A database restored from a backup
    that is no older than this loses nothing: what it lacks is shipped again."""


class EstimateSettings(_Section):
    """How what is expected of agents is kept true."""

    rebuild_at: Annotated[str, Field(pattern=_NIGHT)] = "03:30"
    """When, by the clock on the wall, it is worked out anew from the records."""

    @property
    def night(self) -> time | None:
        """When; None means by command alone."""
        return (
            None if self.rebuild_at == "never" else time.fromisoformat(self.rebuild_at)
        )


class LogSettings(_Section):
    """What the engine writes about itself."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    form: Literal["console", "json"] = "json"
    show_numbers: bool = False
    """Callers' numbers are personal; they are masked unless this is set."""


class Settings(BaseSettings):
    """Everything an operator can set; built once at the start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        # As in a shell: what is set to nothing is not set.
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        validate_default=True,
    )

    data: AbsolutePath = CHECKOUT / ".tieline"
    base_port: Annotated[int, Field(ge=LOWEST_BASE_PORT, le=HIGHEST_BASE_PORT)] = (
        DEFAULT_BASE_PORT
    )
    host: Annotated[str, AfterValidator(_loopback)] = "127.0.0.1"
    parts: AbsolutePath | None = None
    """Where fetched parts are kept; None means the machine's or the user's cache."""
    user: Annotated[str, Field(pattern=_SYSTEM_USER)] | None = None
    """Who Asterisk and PostgreSQL run as when root starts them."""
    end_with: Annotated[int, Field(gt=1)] | None = None
    """A process, the instance's parent: at its end the instance stops too."""
    floor: AbsolutePath | None = None
    """Queues, skills and agents; None means the demo floor."""
    flows: AbsolutePath = CHECKOUT / "dialplans" / "flows"
    asterisk: AsteriskSettings = AsteriskSettings()
    database: DatabaseSettings = DatabaseSettings()
    ami: AmiSettings = AmiSettings()
    recordings: RecordingSettings = RecordingSettings()
    people: PeopleSettings = PeopleSettings()
    voices: VoiceSettings = VoiceSettings()
    speech: SpeechSettings = SpeechSettings()
    engine: EngineSettings = EngineSettings()
    journal: JournalSettings = JournalSettings()
    estimates: EstimateSettings = EstimateSettings()
    https: HttpsSettings = HttpsSettings()
    logs: LogSettings = LogSettings()
    watchdog: WatchdogSettings = WatchdogSettings()
    alarm: AlarmSettings = AlarmSettings()
    utility: UtilitySettings = UtilitySettings()

    @property
    def http(self) -> str:
        """Where the engine answers, as in http://127.0.0.1:16001."""
        scheme = "https" if self.https.is_on else "http"
        return f"{scheme}://{self.host}:{self.ports.http}"

    @property
    def simulated_utility(self) -> str:
        """Where the simulated utility answers; "" where there is none."""
        if not self.utility.starts_simulator:
            return ""
        return f"http://{self.host}:{self.ports.utility}"

    @property
    def ports(self) -> Ports:
        """The ports counted from ``base_port``."""
        return Ports.from_base(self.base_port)


def read_settings(**given: object) -> Settings:
    """Read the settings from the environment; what is given by hand goes first.

    Args:
        given: Fields from the command line; None means not given.

    Raises:
        SettingsRefused: One or more variables are unknown or have no usable value.
    """
    by_hand = {name: value for name, value in given.items() if value is not None}
    problems = list(_unknown_variables(os.environ))
    try:
        # The fields come from the environment and by name, which mypy cannot see.
        settings = Settings(**by_hand)  # type: ignore[arg-type]
    except ValidationError as error:
        problems += _sentences(error, by_hand)
        raise SettingsRefused(tuple(problems)) from None
    except SettingsError:
        # A whole section as JSON, which is no JSON; _unknown_variables told its name.
        raise SettingsRefused(tuple(problems)) from None
    if problems:
        raise SettingsRefused(tuple(problems))
    return settings


def variable_names() -> tuple[str, ...]:
    """Return the name of every variable that is understood."""
    return tuple(_names(Settings, PREFIX))


def _names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        variable = prefix + name.upper()
        if isinstance(field.annotation, type) and issubclass(
            field.annotation, BaseModel
        ):
            yield from _names(field.annotation, variable + "__")
        else:
            yield variable


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    # pydantic-settings passes over names that no field has, so a misspelt one would
    # be as good as not set.
    known = variable_names()
    for name in sorted(environment):
        if not name.upper().startswith(PREFIX) or name in known:
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.0)
        yield f"{name}: no setting is called so; did you mean {near[0]}?"


def _sentences(error: ValidationError, by_hand: Mapping[str, object]) -> Iterator[str]:
    known = variable_names()
    for problem in error.errors():
        place = [str(part) for part in problem["loc"]]
        name = PREFIX + "__".join(place).upper()
        if problem["type"] == "extra_forbidden" and name not in known:
            continue  # told by _unknown_variables, with the nearest name
        shown = f"--{place[0].replace('_', '-')}" if place[0] in by_hand else name
        yield f"{shown}: {_message(problem)}, got {_shown_value(name, problem)}"


def _message(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "string_pattern_mismatch":
        return f"should be {_PATTERNS[problem['ctx']['pattern']]}"
    message: str = problem["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


_SECRETS = frozenset(
    {
        "TIELINE_DATABASE__URL",
        "TIELINE_AMI__SECRET",
        "TIELINE_ALARM__WEBHOOK",
        "TIELINE_ALARM__SMTP_PASSWORD",
        "TIELINE_DATABASE__ENGINE_URL",
        "TIELINE_DATABASE__API_URL",
    }
)


def _shown_value(name: str, problem: Mapping[str, object]) -> str:
    if problem["type"] == "missing":
        return "nothing"
    value = problem["input"]
    if name in _SECRETS:
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        return f"a secret of {len(text)} characters"
    return repr(str(value) if isinstance(value, Path) else value)

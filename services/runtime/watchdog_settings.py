"""What an operator sets of the watchdog: when it acts, and whom it tells."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

_MAILBOX = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,200}"


def _web_address(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_whole = is_whole and parts.port != 0 and parts.username is None
    except ValueError:
        is_whole = False
    if not is_whole or not url.get_secret_value().isprintable():
        msg = "should be as https://host/path"
        raise ValueError(msg)
    return url


def _mail_addresses(text: str) -> str:
    if text and not re.fullmatch(rf"{_MAILBOX}(,{_MAILBOX}){{0,19}}", text):
        msg = "should be one address as ann@example.org, or more with commas between"
        raise ValueError(msg)
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", text):
        msg = "should be 1 to 60 letters, digits, ., - or _"
        raise ValueError(msg)
    return text


class WatchdogSettings(BaseModel):
    """What looks at the instance from outside, and when it acts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_on: bool = True
    kill_after_s: Annotated[float, Field(ge=0, le=600)] = 5.0
    """An engine that gives no answer for so long is killed; 0 never."""
    call_every_s: Annotated[float, Field(ge=5, le=3600)] = 30.0
    """How often the synthetic call is placed."""
    disk_low_percent: Annotated[float, Field(ge=0, le=100)] = 10.0
    """Less free on a disk that calls need is yellow."""
    disk_out_percent: Annotated[float, Field(ge=0, le=100)] = 3.0
    """Less free is red."""
    load_per_cpu: Annotated[float, Field(gt=0)] = 4.0
    """More over a minute is yellow, three times that red."""


class AlarmSettings(BaseModel):
    """Who is told when a component changes its light; nobody if nothing is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_name)] = "tieline"
    """How alarms call this instance."""
    webhook: Annotated[SecretStr, AfterValidator(_web_address)] | None = None
    """Where alarms are posted to as JSON."""
    is_private_ok: bool = False
    """Whether the webhook may be an address of this machine or network."""
    mail_to: Annotated[str, AfterValidator(_mail_addresses)] = ""
    """Who gets mail, with commas between; "" nobody."""
    mail_from: Annotated[str, AfterValidator(_mail_addresses)] = "tieline@localhost"
    smtp_host: Annotated[str, AfterValidator(_name)] = "localhost"
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 25
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None

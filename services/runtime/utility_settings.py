"""What an operator sets of the utility: where it is asked, or that it is simulated."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,200}")


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_whole = is_whole and parts.port != 0 and parts.username is None
        is_whole = is_whole and not parts.query and not parts.fragment
    except ValueError:
        is_whole = False
    if not is_whole or not url.isprintable() or " " in url:
        msg = "should be as https://host/path"
        raise ValueError(msg)
    return url


def _hosts(text: str) -> str:
    if text and not all(_HOST.fullmatch(host) for host in text.split(",")):
        msg = "should be one host as office.example.org, or more with commas between"
        raise ValueError(msg)
    return text


class UtilitySettings(BaseModel):
    """Who is asked for balances, outages and orders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_address)] | None = None
    """Where the utility is asked; None means the simulated one."""
    hosts: Annotated[str, AfterValidator(_hosts)] = ""
    """Hosts that may be asked at all; "" means that of the url alone."""
    is_private_ok: bool = False
    """Whether the url may be an address of this machine or network."""
    is_simulated: bool = True
    """Whether a simulated utility is started and asked where no url is set."""

    @property
    def starts_simulator(self) -> bool:
        """Whether an instance has the simulated utility as a part."""
        return self.url is None and self.is_simulated

"""What an operator sets of pages and API: by TLS, and for whom."""

import ipaddress
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        msg = "should be an address of this machine, as in 10.0.0.5, or 0.0.0.0 for all"
        raise ValueError(msg) from None


class HttpsSettings(BaseModel):
    """Whether pages and API are served over TLS."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_on: bool = False
    """With the certificate that ./tieline certificate made."""
    address: Annotated[str, AfterValidator(_address)] | None = None
    """Where other machines reach them, besides loopback; None keeps others out."""

    @model_validator(mode="after")
    def _is_never_plain(self) -> Self:
        if self.address is not None and not self.is_on:
            msg = "with an address for other machines is_on should be true"
            raise ValueError(msg)
        return self

"""Where certificates of an instance lie, and what trusts them; light, for clients."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from services.runtime.errors import RuntimeProblem
from services.runtime.secrets_kept import FOLDER as SECRETS

FOLDER = "tls"
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Who is believed where nobody is asked: over plain HTTP on loopback. A context of
httpx's own reads all authorities of the machine, some 100 ms each time."""


class CertificateUnusable(RuntimeProblem):
    """There is no certificate that could be served, or it cannot be made."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where an instance keeps its certificates and their keys."""

    data: Path

    @property
    def ca(self) -> Path:
        """The authority's certificate: what clients trust, nothing secret."""
        return self.data / FOLDER / "ca.pem"

    @property
    def server(self) -> Path:
        """The server's certificate."""
        return self.data / FOLDER / "server.pem"

    @property
    def ca_key(self) -> Path:
        """The authority's key."""
        return self.data / SECRETS / "tls-ca.key"

    @property
    def server_key(self) -> Path:
        """The server's key."""
        return self.data / SECRETS / "tls-server.key"


def client_context(data: Path) -> ssl.SSLContext:
    """Return what trusts this instance's authority, and no other.

    Raises:
        CertificateUnusable: Its certificate cannot be read.
    """
    ca = TlsFiles(data=data).ca
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise CertificateUnusable(
            f"{ca}: cannot be read, {error.strerror or error}; ./tieline certificate"
            " makes one"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def trust_for(http: str, data: Path) -> ssl.SSLContext:
    """Return what httpx verifies an instance's address by.

    Raises:
        CertificateUnusable: It speaks TLS, and its authority cannot be read.
    """
    return client_context(data) if http.startswith("https:") else NOBODY

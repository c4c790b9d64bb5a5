"""``tieline certificate``: an own CA and the server's certificate, made or renewed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from services.runtime.certificates import SERVER_DAYS, Made, make
from services.runtime.settings import read_settings
from services.runtime.trust import TlsFiles


def certificate(
    name: Annotated[
        list[str] | None,
        typer.Option(help="host name or address by which it is reached; several do"),
    ] = None,
    *,
    days: Annotated[int, typer.Option(min=1, max=SERVER_DAYS)] = SERVER_DAYS,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
) -> None:
    """Make the server's certificate, or renew it, by an authority of our own.

    Without --name it has the names of the one before. A running instance serves it
    within a minute; the authority, once trusted, stays.
    """
    folder = read_settings(data=data).data
    made = make(folder, name or (), now=datetime.now(UTC), days=days)
    typer.echo(_in_words(TlsFiles(data=folder), made))


def _in_words(files: TlsFiles, made: Made) -> str:
    lines = [
        f"certificate for {', '.join(made.names)}",
        f"good until {made.ends_at:%Y-%m-%d %H:%M} UTC: {files.server}",
        f"authority, {'new' if made.is_new_ca else 'as before'}: {files.ca}",
        f"  SHA-256 {made.ca_fingerprint}",
        "",
        "TIELINE_HTTPS__IS_ON=true ./tieline up   serves by it.",
    ]
    if made.is_new_ca:
        lines += [
            "",
            "Who shall trust it gets ca.pem, and compares the SHA-256 by another way:",
            f"  Debian   cp {files.ca} /usr/local/share/ca-certificates/tieline.crt"
            " && update-ca-certificates",
            "  Windows  certutil -addstore Root ca.pem",
            "  macOS    security add-trusted-cert -d -r trustRoot -k"
            " /Library/Keychains/System.keychain ca.pem",
            "  Firefox  Settings, Certificates, Authorities, Import",
            f"  curl     curl --cacert {files.ca} https://…",
        ]
    return "\n".join(lines)

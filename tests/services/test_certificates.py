import asyncio
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from services.runtime.certificates import (
    certificate_ends_at,
    certificate_names,
    make,
    server_context,
)
from services.runtime.https import Https
from services.runtime.secrets_kept import SecretUnusable
from services.runtime.trust import CertificateUnusable, TlsFiles, client_context

NOW = datetime.now(UTC)
NAMES = ("hotline.example", "10.0.0.5")


async def shaken(
    context: ssl.SSLContext, client: ssl.SSLContext, name: str
) -> bytes | None:
    """Return the certificate that a client gets, or raise what it refuses it for."""

    async def served(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname=name
        )
        got: bytes | None = writer.get_extra_info("ssl_object").getpeercert(True)
        writer.close()
        return got
    finally:
        server.close()


@pytest.mark.parametrize("name", [*NAMES, "localhost", "127.0.0.1"])
async def test_who_trusts_the_authority_reaches_the_server_by_each_name(
    tmp_path: Path, name: str
) -> None:
    make(tmp_path, NAMES, now=NOW)

    context = server_context(tmp_path, NOW)

    assert await shaken(context, client_context(tmp_path), name)


async def test_another_name_or_an_authority_of_elsewhere_is_refused(
    tmp_path: Path,
) -> None:
    make(tmp_path / "one", NAMES, now=NOW)
    make(tmp_path / "two", NAMES, now=NOW)
    context = server_context(tmp_path / "one", NOW)

    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        await shaken(context, client_context(tmp_path / "one"), "evil.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        await shaken(context, client_context(tmp_path / "two"), "hotline.example")


def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)

    for context in (server_context(tmp_path, NOW), client_context(tmp_path)):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_openssl_finds_the_chain_right(tmp_path: Path) -> None:
    made = make(tmp_path, NAMES, now=NOW)
    files = TlsFiles(data=tmp_path)

    told = subprocess.run(
        ("openssl", "verify", "-x509_strict", "-CAfile", files.ca, files.server),
        capture_output=True,
        text=True,
        check=False,
    )
    shown = subprocess.run(
        ("openssl", "x509", "-in", files.ca, "-noout", "-fingerprint", "-sha256"),
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.returncode == 0, told.stderr
    assert shown.stdout.strip().endswith(f"={made.ca_fingerprint}")


def test_keys_are_ours_alone(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)

    files = TlsFiles(data=tmp_path)
    for path in (files.ca_key, files.server_key, files.ca_key.parent):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)
    files = TlsFiles(data=tmp_path)

    files.server_key.chmod(0o640)
    with pytest.raises(SecretUnusable, match="open to others, mode 0640"):
        server_context(tmp_path, NOW)
    files.ca_key.chmod(0o640)
    with pytest.raises(SecretUnusable, match="open to others, mode 0640"):
        make(tmp_path, (), now=NOW)


def test_renewed_it_has_the_same_authority_and_names(tmp_path: Path) -> None:
    first = make(tmp_path, NAMES, now=NOW)
    ca = TlsFiles(data=tmp_path).ca.read_bytes()

    second = make(tmp_path, (), now=NOW + timedelta(days=300))

    assert TlsFiles(data=tmp_path).ca.read_bytes() == ca
    assert (first.is_new_ca, second.is_new_ca) == (True, False)
    assert set(second.names) == set(first.names) == certificate_names(tmp_path)
    assert second.ends_at > first.ends_at
    assert certificate_ends_at(tmp_path) == second.ends_at


def test_a_certificate_never_outlives_its_authority(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)

    late = make(tmp_path, (), now=NOW + timedelta(days=3600))

    assert late.ends_at <= NOW + timedelta(days=3650)


def test_none_yet_has_no_end_and_is_not_served(tmp_path: Path) -> None:
    assert certificate_ends_at(tmp_path) is None
    with pytest.raises(CertificateUnusable) as caught:
        server_context(tmp_path, NOW)

    assert str(caught.value) == (
        f"{tmp_path}/tls/server.pem: there is no certificate, and TIELINE_HTTPS__IS_ON"
        " asks for one; ./tieline certificate makes it"
    )


def test_one_that_has_ended_is_not_served(tmp_path: Path) -> None:
    made = make(tmp_path, NAMES, now=NOW, days=1)

    with pytest.raises(CertificateUnusable, match="certificate renews it"):
        server_context(tmp_path, made.ends_at)


def test_the_key_of_another_is_told(tmp_path: Path) -> None:
    make(tmp_path / "one", NAMES, now=NOW)
    make(tmp_path / "two", NAMES, now=NOW)
    other = TlsFiles(data=tmp_path / "two").server_key.read_bytes()
    TlsFiles(data=tmp_path / "one").server_key.write_bytes(other)

    with pytest.raises(CertificateUnusable, match="cannot be served"):
        server_context(tmp_path / "one", NOW)


@pytest.mark.parametrize("name", ["", "a b", "x;y", "-a.example", "a" * 300, "é.com"])
def test_what_is_no_name_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(CertificateUnusable, match="is no host name and no address"):
        make(tmp_path, (name,), now=NOW)


async def test_a_running_server_takes_the_renewed_one(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)
    https = Https(tmp_path, FastAPI())
    trust = client_context(tmp_path)
    before = await shaken(https.context, trust, "localhost")

    make(tmp_path, (), now=NOW)
    https.look()

    assert await shaken(https.context, trust, "localhost") != before


def test_the_app_answers_by_the_names_of_the_renewed_one(tmp_path: Path) -> None:
    make(tmp_path, NAMES, now=NOW)
    app = FastAPI()
    https = Https(tmp_path, app)
    before = app.state.names

    make(tmp_path, ("other.example",), now=NOW)
    https.look()

    assert before >= {"hotline.example", "10.0.0.5"}
    assert app.state.names == {"other.example", "localhost", "127.0.0.1", "::1"}


async def test_a_renewed_one_that_cannot_be_served_changes_nothing(
    tmp_path: Path,
) -> None:
    make(tmp_path, NAMES, now=NOW)
    https = Https(tmp_path, FastAPI())
    trust = client_context(tmp_path)
    before = await shaken(https.context, trust, "localhost")
    TlsFiles(data=tmp_path).server.write_text("rubbish", encoding="ascii")

    https.look()

    assert await shaken(https.context, trust, "localhost") == before

"""An own certificate authority, and the server's certificate that it signs.

Both are P-256. The authority's key never leaves the folder of secrets and signs
nothing but servers (no further authorities); who trusts it, trusts this instance.
"""

import ipaddress
import os
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from recordings.disk import put
from services.runtime.secrets_kept import refuse_shared
from services.runtime.trust import CertificateUnusable, TlsFiles

CA_DAYS = 3650
SERVER_DAYS = 397
"""Browsers take no certificate that lasts longer."""
_OWN = ("localhost", "127.0.0.1", "::1")
"""Always in it: our own commands come by these."""
_SKEW = timedelta(hours=1)
"""A clock elsewhere may be late."""
_DNS = re.compile(r"(?=.{1,253}$)(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?)+")

_Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made, and what a client is told to trust."""

    names: tuple[str, ...]
    ends_at: datetime
    ca_fingerprint: str
    """SHA-256, as ``openssl x509 -fingerprint -sha256`` shows it."""
    is_new_ca: bool


def make(
    data: Path, names: Sequence[str], *, now: datetime, days: int = SERVER_DAYS
) -> Made:
    """Make the server's certificate, and the authority when there is none yet.

    Args:
        data: The data folder.
        names: Host names and addresses by which it is reached; none means those of
            the certificate before.
        now: When it begins.
        days: How long it lasts; never longer than the authority.

    Raises:
        CertificateUnusable: A name is none, or the authority is over or unreadable.
        SecretUnusable: The authority's key may be read by others.
    """
    files = TlsFiles(data=data)
    for folder in (files.ca.parent, files.ca_key.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = tuple(dict.fromkeys((*(names or _names_before(files)), *_OWN)))
    alternatives = [_alternative(name) for name in names]
    is_new_ca = not files.ca_key.exists()
    if is_new_ca:
        _make_ca(files, now)
    ca, ca_key = _read_ca(files, now)
    ends_at = min(now + timedelta(days=days), ca.not_valid_after_utc)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _server(ca, key, alternatives, (now - _SKEW, ends_at)).sign(
        ca_key, hashes.SHA256()
    )
    # The key first: a server that loads in between finds a pair that does not match,
    # keeps what it has, and looks again.
    put(files.server_key, _private(key))
    put(files.server, _public(certificate) + _public(ca))
    return Made(
        names=names,
        ends_at=certificate.not_valid_after_utc,
        ca_fingerprint=ca.fingerprint(hashes.SHA256()).hex(":").upper(),
        is_new_ca=is_new_ca,
    )


def certificate_ends_at(data: Path) -> datetime | None:
    """Return until when the server's certificate is good; None when there is none.

    Raises:
        CertificateUnusable: It cannot be read.
    """
    certificate = _served(TlsFiles(data=data))
    return certificate.not_valid_after_utc if certificate else None


def certificate_names(data: Path) -> frozenset[str]:
    """Return the names and addresses of the server's certificate.

    Raises:
        CertificateUnusable: It cannot be read.
    """
    return frozenset(_names_before(TlsFiles(data=data)))


def server_context(data: Path, now: datetime) -> ssl.SSLContext:
    """Return what serves by the certificate: TLS 1.2 and newer.

    Raises:
        CertificateUnusable: There is none, it is over, or its key is another's.
        SecretUnusable: Its key may be read by others.
    """
    files = TlsFiles(data=data)
    ends_at = certificate_ends_at(data)
    if ends_at is None:
        raise CertificateUnusable(
            f"{files.server}: there is no certificate, and TIELINE_HTTPS__IS_ON asks"
            " for one; ./tieline certificate makes it"
        )
    if ends_at <= now:
        raise CertificateUnusable(
            f"{files.server}: ended at {ends_at:%Y-%m-%d %H:%M} UTC; ./tieline"
            " certificate renews it"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load(context, data)
    return context


def load(context: ssl.SSLContext, data: Path) -> None:
    """Let a context serve by the certificate as it is now.

    Raises:
        CertificateUnusable: It cannot be read, or its key is another's.
        SecretUnusable: Its key may be read by others.
    """
    files = TlsFiles(data=data)
    try:
        refuse_shared(files.server_key)
        context.load_cert_chain(files.server, files.server_key)
    except (OSError, ssl.SSLError) as error:
        raise CertificateUnusable(
            f"{files.server}: cannot be served, {error.strerror or error}; ./tieline"
            " certificate makes another"
        ) from error


def _make_ca(files: TlsFiles, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tieline"),
            # So that two instances are told apart in a browser's list.
            x509.NameAttribute(
                NameOID.COMMON_NAME, f"Tieline CA of {os.uname().nodename}"[:64]
            ),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(_identifier(key), critical=False)
        .sign(key, hashes.SHA256())
    )
    put(files.ca, _public(certificate))
    put(files.ca_key, _private(key))


def _read_ca(files: TlsFiles, now: datetime) -> tuple[x509.Certificate, _Key]:
    refuse_shared(files.ca_key)
    try:
        key = serialization.load_pem_private_key(files.ca_key.read_bytes(), None)
        ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificateUnusable(
            f"{files.ca}, {files.ca_key}: cannot be read, {error}; put both back from"
            " a backup, or remove both to have a new authority, which all must trust"
            " anew"
        ) from error
    if not isinstance(key, _Key) or ca.public_key() != key.public_key():
        raise CertificateUnusable(
            f"{files.ca_key}: is not the key of {files.ca}; put back the right one"
        )
    if ca.not_valid_after_utc <= now:
        raise CertificateUnusable(
            f"{files.ca}: ended at {ca.not_valid_after_utc:%Y-%m-%d}; remove it and"
            f" {files.ca_key} to have a new authority, which all must trust anew"
        )
    return ca, key


def _server(
    ca: x509.Certificate,
    key: _Key,
    names: Sequence[x509.GeneralName],
    valid: tuple[datetime, datetime],
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tieline")])
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_identifier(key), critical=False)
        .add_extension(issuer_id, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _identifier(key: _Key) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    if not _DNS.fullmatch(name):
        raise CertificateUnusable(
            f"{name!r}: is no host name and no address; one as hotline.example or"
            " 10.0.0.5 would do"
        )
    return x509.DNSName(name)


def _served(files: TlsFiles) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(files.server.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CertificateUnusable(
            f"{files.server}: cannot be read, {error}; ./tieline certificate makes"
            " another"
        ) from error


def _names_before(files: TlsFiles) -> tuple[str, ...]:
    certificate = _served(files)
    if certificate is None:
        return ()
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return tuple(str(name.value) for name in found.value)


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

"""Which Debian packages make each part, and what of them is left out."""

import hashlib
import json
from dataclasses import asdict, dataclass

LAYOUT = 1
"""Raised when what is left out changes, so that kept folders are not taken for new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What makes one part."""

    name: str
    packages: tuple[str, ...]
    suite: str | None
    """A suite of Debian; None means the suite that the machine itself has."""
    taken_as_installed: tuple[str, ...]
    """Packages that are asked for but not needed to run the part from a folder."""

    def key(self, architecture: str, release: str) -> str:
        """Return the name of the part's folder: other content, other name."""
        told = json.dumps(asdict(self) | {"layout": LAYOUT}, sort_keys=True)
        digest = hashlib.sha256(told.encode()).hexdigest()[:8]
        return f"{self.name}-{self.suite or release}-{architecture}-{digest}"


# Scripts of packages are never run in a folder, so what only they need stays away:
# accounts, questions, perl. None of them is linked by a program that we start.
_FOR_SCRIPTS = (
    "adduser",
    "base-passwd",
    "debconf",
    "init-system-helpers",
    "libpam-modules",
    "libpam-modules-bin",
    "libpam-runtime",
    "lsb-base",
    "openssl",
    "passwd",
    "perl",
    "perl-base",
    "sensible-utils",
    "ssl-cert",
    "sysvinit-utils",
    "tzdata",
    "ucf",
)
# The machine's own suite has the machine's own C library; another copy of it beside
# the machine's loader would be one too many.
_OF_THE_MACHINE = (
    *_FOR_SCRIPTS,
    "gcc-12-base",
    "gcc-14-base",
    "libc6",
    "libcrypt1",
    "libgcc-s1",
    "libstdc++6",
)
_JIT = tuple(f"libllvm{version}" for version in range(11, 30))

ASTERISK = Recipe(
    name="asterisk",
    packages=(
        "asterisk",
        "asterisk-core-sounds-en-wav",
        "asterisk-moh-opsound-wav",
    ),
    # Debian 12 and 13 have no Asterisk; the next release has the LTS branch 22.
    suite="forky",
    taken_as_installed=(
        *_FOR_SCRIPTS,
        "dirmngr",
        "gnupg",
        "libcodec2-1.2",
        "libgpgme45",
        "libsnmp45",
        "pci.ids",
    ),
)
POSTGRES = Recipe(
    name="postgresql",
    packages=("postgresql",),
    suite=None,
    # LLVM is the largest part of the download and serves only the JIT compiler.
    taken_as_installed=(
        *_OF_THE_MACHINE,
        *_JIT,
        "libjson-perl",
        "locales",
        "locales-all",
        "postgresql-common",
        "postgresql-client-common",
    ),
)
ESPEAK = Recipe(
    name="espeak-ng",
    packages=("espeak-ng",),
    suite=None,
    taken_as_installed=_OF_THE_MACHINE,
)
SIPP = Recipe(
    name="sip-tester",
    packages=("sip-tester",),
    suite=None,
    taken_as_installed=_OF_THE_MACHINE,
)

"""Where an instance keeps its recordings and their keys."""

from pathlib import Path

from recordings.errors import MasterKeyMissing
from recordings.vault import Vault
from services.runtime.errors import RuntimeProblem
from services.runtime.secrets_kept import FOLDER as SECRETS

RECORDINGS = "recordings"


class KeysLost(RuntimeProblem):
    """There are recordings, and the master key that would open them is gone."""

    exit_code = 2


def vault_of(data: Path) -> Vault:
    """Return the vault of a data folder; nothing is read or made yet."""
    return Vault(data / RECORDINGS, data / SECRETS)


def anchor_of(data: Path) -> Path:
    """Return where sums of audit rows are kept, beside the database."""
    return data / "audit" / "anchor"


def check_keys(data: Path) -> None:
    """See that recordings can be sealed and heard; make the first key at the first use.

    Raises:
        KeysLost: There are keys of cases, and no master key.
    """
    try:
        vault_of(data).prepare()
    except MasterKeyMissing as missing:
        raise KeysLost(str(missing)) from None

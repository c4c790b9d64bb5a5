"""T-17, T-19, T-26, first form: modes, addresses, command lines and logs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import RunningInstance

CANARY_NUMBER = "13912345678"
CANARY_NAME = "金丝雀"


@pytest.fixture(scope="module")
def a_call(instance: RunningInstance) -> dict[str, object]:
    """One call by a canary, who keys 7, 3, 9 in vain and gives up in the queue."""
    done = instance.done(
        *("call", "6000", "--json", "--wait", "6"),
        *("--from", CANARY_NUMBER, "--name", CANARY_NAME, "--press", "739"),
    )
    report: dict[str, object] = json.loads(done.stdout)
    assert report["answered"], done.stderr
    return report


def logs(instance: RunningInstance) -> Iterator[Path]:
    for folder in ("log", "asterisk/log"):
        yield from (log for log in (instance.data / folder).iterdir() if log.is_file())


def secrets(instance: RunningInstance) -> list[str]:
    folder = instance.data / "secrets"
    devices = json.loads((folder / "devices.json").read_text())
    kept = [path.read_text().strip() for path in folder.iterdir() if not path.suffix]
    return kept + [one["password"] for one in devices.values()]


def test_secrets_the_journal_and_logs_are_their_owners_alone(
    instance: RunningInstance, a_call: dict[str, object]
) -> None:
    data = instance.data
    shut = [data / name for name in ("secrets", "journal", "postgres")]
    files = [
        data / "instance.json",
        data / "asterisk" / "etc" / "manager.conf",
        data / "asterisk" / "etc" / "pjsip.conf",
        *(data / "secrets").iterdir(),
        *(data / "journal").glob("*.journal"),
        *(data / "log").iterdir(),
    ]

    assert a_call["answered"]
    assert len(files) > 8
    open_to_others = {
        str(path.relative_to(data)): oct(path.stat().st_mode & 0o777)
        for path in (*shut, *files)
        if path.stat().st_mode & 0o077
    }
    assert open_to_others == {}


def test_what_asterisk_writes_is_shut_to_all_but_its_user(
    instance: RunningInstance,
) -> None:
    below = instance.data / "asterisk"
    shut = ("etc", "log", "run", "spool", "lib")

    assert [name for name in shut if (below / name).stat().st_mode & 0o007] == []


def test_no_secret_stands_in_a_command_line_a_log_or_the_journal(
    instance: RunningInstance, a_call: dict[str, object]
) -> None:
    commands = b"\n".join(map(_command, Path("/proc").glob("[0-9]*")))
    written = {
        str(log): log.read_bytes()
        for log in (*logs(instance), *(instance.data / "journal").glob("*.journal"))
    }

    assert a_call["answered"]
    assert str(instance.data).encode() in commands
    assert len(secrets(instance)) >= 5
    for secret in map(str.encode, secrets(instance)):
        assert secret not in commands
        assert [name for name, text in written.items() if secret in text] == []


def test_a_callers_number_and_name_are_in_no_log(
    instance: RunningInstance, a_call: dict[str, object]
) -> None:
    assert a_call["answered"]
    for log in logs(instance):
        text = log.read_text(errors="replace")
        assert CANARY_NUMBER not in text, log
        assert CANARY_NAME not in text, log


def test_no_log_tells_keys(
    instance: RunningInstance, a_call: dict[str, object]
) -> None:
    assert a_call["keys"] == "739"
    for log in logs(instance):
        text = log.read_text(errors="replace")
        assert not re.search(
            r"dtmf|user entered|digit|key_pressed", text, re.IGNORECASE
        ), log


def test_every_port_is_this_machines_alone(instance: RunningInstance) -> None:
    base = instance.base_port
    found = {
        (port, address)
        for table in ("tcp", "tcp6", "udp", "udp6")
        for port, address in _bound(table)
        if base <= port < base + 2100
    }

    assert {port for port, _ in found} >= set(range(base, base + 5))
    assert {address for _, address in found} == {"0100007F"}


def _bound(table: str) -> Iterator[tuple[int, str]]:
    for line in Path("/proc/net", table).read_text().splitlines()[1:]:
        address, _, port = line.split()[1].partition(":")
        yield int(port, 16), address


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""

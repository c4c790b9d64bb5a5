"""T-03: what Asterisk lets the engine's own account do, and what it has loaded."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.parts import asterisk as asterisk_part
from services.runtime.settings import read_settings
from tests.support.instance import RunningInstance


class Ami:
    """A bare link that sends what our own code would refuse to write."""

    def __init__(self, instance: RunningInstance) -> None:
        host, _, port = str(instance.told["ami"]).partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=10)
        self._file = self._socket.makefile("rb")
        assert self._file.readline().startswith(b"Asterisk Call Manager/")
        secret = (instance.data / "secrets" / "ami").read_text().strip()
        answer = self.ask("Login", Username="tieline", Secret=secret, Events="off")
        assert "Response: Success" in answer

    def ask(self, action: str, **fields: str) -> str:
        """Return the response to an action, without the events around it."""
        lines = [f"Action: {action}", "ActionID: 7"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while True:
            message = b"".join(iter(self._file.readline, b"\r\n")).decode()
            if message.startswith("Response:"):
                return message

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def ami(instance: RunningInstance) -> Iterator[Ami]:
    link = Ami(instance)
    yield link
    link.close()


def test_the_engines_account_may_call_originate_and_report_and_no_more(
    ami: Ami,
) -> None:
    listed = ami.ask("ListCommands")

    for action in ("Originate", "Bridge", "Hangup", "Status", "CoreSettings"):
        assert f"\r\n{action}: " in listed
    for action in (
        *("Command", "GetConfig", "UpdateConfig", "CreateConfig", "ListCategories"),
        *("ModuleLoad", "ModuleCheck", "Filter", "DBPut", "DBDel"),
        *("MixMonitor", "Reload", "PJSIPShowContacts", "AGI", "UserEvent"),
    ):
        assert f"\r\n{action}: " not in listed, action


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("Command", {"Command": "core show version"}),
        ("GetConfig", {"Filename": "manager.conf"}),
        ("GetConfig", {"Filename": "../../secrets/ami"}),
        ("UpdateConfig", {"SrcFilename": "manager.conf", "DstFilename": "x.conf"}),
        ("ModuleLoad", {"Module": "app_system.so", "LoadType": "load"}),
        ("ListCategories", {"Filename": "manager.conf"}),
        ("CreateConfig", {"Filename": "x.conf"}),
        ("Reload", {}),
        ("GetVar", {"Variable": "SHELL(id)"}),
        ("Setvar", {"Variable": "FILE(/tmp/x)", "Value": "x"}),
        (
            "Originate",
            {
                "Channel": "Local/6000@from-trunk",
                "Application": "System",
                "Data": "id",
            },
        ),
        (
            "Originate",
            {"Channel": "Local/6000@from-trunk", "Application": "AGI", "Data": "x"},
        ),
        (
            # CVE-2024-42365.
            "Originate",
            {
                "Channel": "Local/6000@from-trunk",
                "Application": "SET",
                "Data": "FILE(/tmp/x,,,al,u)=x",
            },
        ),
        (
            "Originate",
            {
                "Channel": "Local/6000@from-trunk",
                "Application": "MixMonitor",
                "Data": "/tmp/x.wav",  # noqa: S108 - must not come to be
            },
        ),
    ],
)
def test_what_could_run_a_program_or_read_a_file_is_refused(
    ami: Ami, action: str, fields: dict[str, str]
) -> None:
    answer = ami.ask(action, **fields)

    assert "Response: Error" in answer


def test_no_function_reads_a_file_for_the_account(ami: Ami) -> None:
    assert ami.ask("GetVar", Variable="FILE(/etc/passwd)").endswith("\r\nValue: \r\n")


def test_only_what_is_needed_is_loaded_and_no_pattern_takes_any_number(
    instance: RunningInstance,
) -> None:
    modules = console(instance, "module show")
    dialplan = console(instance, "dialplan show")

    assert "chan_pjsip.so" in modules
    # The socket of telephones in pages, and nothing else of the web.
    modules = modules.replace("\nres_http_websocket.so", "\n")
    for name in (
        *("func_shell", "app_system", "app_externalivr", "func_curl", "app_exec"),
        *("app_dial", "app_minivm", "func_env", "func_db", "res_config", "app_sms"),
        *("chan_local", "app_originate", "res_http", "res_ari", "cdr_", "cel_"),
    ):
        assert f"\n{name}" not in modules, name
    assert "'6000' =>" in dialplan
    assert "'_" not in dialplan
    assert "live_dangerously = no" in (
        instance.data / "asterisk" / "etc" / "asterisk.conf"
    ).read_text().replace("  ", " ")


def console(instance: RunningInstance, command: str) -> str:
    part = asterisk_part.obtain(read_settings().asterisk, read_settings().parts)
    conf = instance.data / "asterisk" / "etc" / "asterisk.conf"
    done = subprocess.run(
        (*part.program.argv, "-C", str(conf), "-rx", command),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path("/"),
        timeout=30,
    )
    return done.stdout

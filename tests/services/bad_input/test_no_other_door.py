"""T-24, T-25: what Asterisk has loaded and where it listens; of the web one socket."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.runtime.settings import CHECKOUT
from tests.services.bad_input.test_the_engines_account import console
from tests.support.instance import RunningInstance

_LISTENS = "0A"
LOWEST_OWN = 32768
"""From here on the kernel gives ports away by itself."""


def named(conf: Path) -> set[str]:
    return set(re.findall(r"^load = (\S+)", conf.read_text(), re.MULTILINE))


def test_asterisk_has_loaded_what_the_house_names_and_nothing_else(
    instance: RunningInstance,
) -> None:
    loaded = set(
        re.findall(r"^(\S+\.so)", console(instance, "module show"), re.MULTILINE)
    )

    assert loaded
    assert loaded - named(CHECKOUT / "asterisk-conf" / "modules.conf") == set()
    # The socket of telephones in pages, and nothing else of the web.
    others = loaded - {"res_http_websocket.so", "res_pjsip_transport_websocket.so"}
    for word in ("http", "ari", "websocket", "stasis", "phoneprov", "chan_iax2"):
        assert not [m for m in others if word in m.split("_")], word


def test_asterisk_serves_one_socket_and_no_page(instance: RunningInstance) -> None:
    own = f"http://127.0.0.1:{instance.base_port + 8}"
    served = re.findall(
        r"^(/\S*) =>", console(instance, "http show status"), re.MULTILINE
    )

    assert served == ["/ws"]
    for path in ("/httpstatus", "/static/x", "/ari/channels", "/manager", "/"):
        answer = httpx.get(f"{own}{path}", trust_env=False)
        assert answer.status_code == 404, path
    assert (
        "webenabled = no"
        in (instance.data / "asterisk" / "etc" / "manager.conf").read_text()
    )


def test_asterisk_listens_for_its_manager_and_for_sip_and_sound_only(
    instance: RunningInstance,
) -> None:
    base = instance.base_port
    pid = instance.pid("asterisk")
    assert pid is not None
    found = set(sockets_of(pid))

    sound = range(base + 100, base + 2100)
    ours = {("tcp", base + 2), ("udp", base), ("tcp", base + 8)}
    assert found >= ours
    others = {one for one in found - ours if one[0] == "tcp" or one[1] not in sound}
    # pjproject opens one of each IP version to ask for names by, whatever is set.
    assert len(others) <= 2
    assert [one for one in others if one[0] == "tcp" or one[1] < LOWEST_OWN] == []


@pytest.mark.parametrize("path", ["/httpstatus", "/ari/channels", "/manager", "/ws"])
def test_the_pages_of_asterisk_are_nowhere(
    instance: RunningInstance, path: str
) -> None:
    assert httpx.get(f"{instance.http}{path}", trust_env=False).status_code == 404


def sockets_of(pid: int) -> Iterator[tuple[str, int]]:
    """Yield kind and port of each socket by which a process can be reached."""
    links = (link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir())
    inodes = {str(link)[8:-1] for link in links if str(link).startswith("socket:")}
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            words = line.split()
            is_open = words[3] == _LISTENS or table.startswith("udp")
            if words[9] in inodes and is_open:
                yield table[:3], int(words[1].partition(":")[2], 16)

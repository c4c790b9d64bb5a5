import os
import socket

import pytest

from services.runtime.occupied import PortsTaken, check_ports
from services.runtime.ports import Ports

HOST = "127.0.0.1"
# Away from the ports of instances and telephones of other tests.
BASE = 6300


def test_free_ports_are_let_pass() -> None:
    check_ports(Ports.from_base(BASE), HOST)


def test_a_taken_port_is_told_with_its_use_its_holder_and_a_base_that_is_free() -> None:
    with (
        socket.create_server((HOST, BASE + 2)),
        pytest.raises(PortsTaken) as refused,
    ):
        check_ports(Ports.from_base(BASE), HOST)

    told = str(refused.value)
    assert told.startswith(f"port {BASE + 2} (ami) is taken by ")
    assert f"(pid {os.getpid()}); --base-port {refused.value.free_base} would" in told


def test_a_sip_port_is_taken_over_udp() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind((HOST, BASE))

        with pytest.raises(PortsTaken) as refused:
            check_ports(Ports.from_base(BASE), HOST)

    assert [(one.use, one.port) for one in refused.value.taken] == [("sip", BASE)]


def test_the_databases_port_does_not_matter_when_it_is_elsewhere() -> None:
    with socket.create_server((HOST, BASE + 4)):
        check_ports(Ports.from_base(BASE), HOST, with_database=False)

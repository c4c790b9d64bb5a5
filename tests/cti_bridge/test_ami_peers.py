"""Two clients of independent make read the recorded streams as we do.

But for their known faults, which are listed here with a test each: when one is mended
upstream its test fails, and the line can go (libraries.md, section 1).
"""

import io
import queue
import threading
from typing import Any

import pytest
from asterisk.manager import Manager as PystManager
from asterisk.manager import ManagerMsg
from panoramisk.ami_protocol import AMIProtocol

from cti_bridge.ami.protocol import Frames, Message
from tests.support import traces

# pyst2 still calls Event.isSet; it is a peer here, not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:isSet:DeprecationWarning")

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
CLEAN = [name for name in traces.NAMES if "forged" not in name]

Headers = dict[str, list[str]]


def ours(stream: bytes) -> list[Headers]:
    return [_grouped(m) for m in Frames().feed(stream) if m.event or m.response]


def panoramisk(stream: bytes, *, step: int = 1 << 20) -> list[Headers]:
    """Return the events; replies to nobody's action are dropped by it."""
    events: list[Headers] = []

    class Factory:
        def dispatch(self, message: Any) -> None:
            events.append(
                {
                    key.lower(): [value] if isinstance(value, str) else list(value)
                    for key, value in message.items()
                    if key != "content"  # the body, which no event has
                }
            )

    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory = Factory()
    protocol.encoding = "utf8"
    for start in range(0, len(stream), step):
        protocol.data_received(stream[start : start + step])
    return events


def pyst(stream: bytes) -> list[Headers]:
    """Return what its reader makes of the stream, without its threads."""
    manager = PystManager.__new__(PystManager)
    manager.title = None
    manager._sock = io.BytesIO(stream)
    manager._connected, manager._running = threading.Event(), threading.Event()
    manager._connected.set()
    manager._running.set()
    manager._message_queue = queue.Queue()
    manager._response_queue, manager._event_queue = queue.Queue(), queue.Queue()
    manager._receive_data()
    manager._running.clear()
    manager.close = lambda: None
    blocks = iter(manager._message_queue.get_nowait, None)
    messages = [ManagerMsg(lines) for lines in blocks]
    return [
        {key.lower(): [value] for key, value in message.headers.items()}
        for message in messages[1:]
    ]


def _grouped(message: Message) -> Headers:
    grouped: Headers = {}
    for key, value in message.pairs():
        grouped.setdefault(key.lower(), []).append(value)
    return grouped


def _events(messages: list[Headers]) -> list[Headers]:
    return [message for message in messages if "event" in message]


def _stripped(messages: list[Headers]) -> list[Headers]:
    return [
        {key: [value.strip() for value in values] for key, values in message.items()}
        for message in messages
    ]


@pytest.mark.parametrize("name", CLEAN)
def test_panoramisk_reads_the_same_events(name: str) -> None:
    stream = traces.ami(name)

    # Its fault: see test_panoramisk_drops_an_empty_last_header.
    expected = [_without_empty_end(message) for message in _events(ours(stream))]
    assert panoramisk(stream) == expected


def _without_empty_end(message: Headers) -> Headers:
    *rest, (key, values) = message.items()
    return dict(rest) if values == [""] else dict([*rest, (key, values)])


@pytest.mark.parametrize("name", CLEAN)
def test_pyst2_reads_the_same_messages(name: str) -> None:
    stream = traces.ami(name)
    if b"status will follow" in stream:
        # Its fault: see test_pyst2_glues_the_items_of_a_status_together.
        stream = stream.replace(b"status will follow", b"status follows here")

    read, expected = pyst(stream), _stripped(ours(stream))

    assert [_last(message) for message in expected] == read


def _last(message: Headers) -> Headers:
    # Its fault: of a repeated header only the last value is kept.
    return {key: values[-1:] for key, values in message.items()}


def test_panoramisk_loses_a_character_cut_by_a_read() -> None:
    stream = traces.ami("waiting/abandoned-han-name")

    names = {n for m in panoramisk(stream, step=1) for n in m.get("calleridname", [])}

    assert "张伟" not in names
    assert "张伟" in {m.get("CallerIDName") for m in Frames().feed(stream)}


def test_panoramisk_drops_a_byte_that_is_no_utf_8() -> None:
    stream = (
        GREETING + b"Response: Success\r\n\r\nEvent: X\r\nA: Jos\xe9\r\nB: 1\r\n\r\n"
    )

    assert panoramisk(stream)[0]["a"] == ["Jos"]
    assert Frames().feed(stream)[-1]["A"] == "Jos\udce9"


def test_panoramisk_drops_an_empty_last_header() -> None:
    stream = GREETING + b"Response: Success\r\n\r\nEvent: X\r\nA: 1\r\nB: \r\n\r\n"

    assert "b" not in panoramisk(stream)[0]
    assert ours(stream)[-1]["b"] == [""]


def test_pyst2_keeps_only_the_last_of_repeated_headers() -> None:
    stream = traces.ami("offer/answered-and-listed").replace(b"status will", b"they")
    [first, *_] = [m for m in pyst(stream) if m.get("event") == ["Status"]]

    assert len(first["variable"]) == 1


def test_pyst2_glues_the_items_of_a_status_together() -> None:
    stream = traces.ami("offer/answered-and-listed")

    assert sum(m.get("event") == ["Status"] for m in pyst(stream)) == 0
    assert sum(m.get("event") == ["Status"] for m in ours(stream)) == 2


def test_pyst2_dies_of_a_channel_variable() -> None:
    stream = GREETING + b"Event: X\r\nChanVariable: CC_A=1\r\n\r\n"

    with pytest.raises(AttributeError, match="has_key"):
        pyst(stream)
    assert ours(stream)[-1]["chanvariable"] == ["CC_A=1"]

"""Voices of a crowd: answered with speech, and keys as RTP events."""

import asyncio
import socket
import struct
from array import array
from contextlib import suppress

from services.phone.mu_law import encoded
from services.phone.voices import Voice, voices


def _pcm(*samples: int) -> bytes:
    return array("h", samples).tobytes()


def test_sound_becomes_mu_law_as_the_standard_says() -> None:
    # ITU-T G.711, table 2a: silence, and the ends of the range.
    assert encoded(_pcm(0)) == b"\xff"
    assert encoded(_pcm(32767)) == b"\x80"
    assert encoded(_pcm(-32768)) == b"\x00"


async def test_who_speaks_to_a_voice_is_answered_and_hears_its_key() -> None:
    voice = Voice(pitch_hz=440, key="5", press_after_s=0.1)
    async with voices([voice]):
        heard = await asyncio.to_thread(_talk, voice.port)

    kinds = [packet[1] & 0x7F for packet in heard]
    assert kinds.count(0) > 5
    events = [packet for packet in heard if packet[1] & 0x7F == 101]
    assert len(events) == 7
    assert {packet[12] for packet in events} == {5}
    assert events[0][1] & 0x80, "the first is marked"
    assert [packet[13] >> 7 for packet in events] == [0, 0, 0, 0, 1, 1, 1]
    assert len({packet[4:8] for packet in events}) == 1, "one event has one timestamp"
    numbers = [struct.unpack("!H", packet[2:4])[0] for packet in heard]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert voice.pressed_at is not None


async def test_a_voice_without_a_key_presses_none() -> None:
    voice = Voice(pitch_hz=440, press_after_s=0)
    async with voices([voice]):
        heard = await asyncio.to_thread(_talk, voice.port)

    assert {packet[1] for packet in heard} == {0}
    assert voice.pressed_at is None


def _talk(port: int) -> list[bytes]:
    """Say something until 20 packets came back, or nothing more does."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as at, suppress(TimeoutError):
        at.settimeout(5)
        while len(heard) < 20:
            at.sendto(b"\x80\x00" + bytes(170), ("127.0.0.1", port))
            heard.append(at.recv(2048))
    return heard

"""What comes to the port of a bench's caller: sound, or something else.

A call's RTCP goes to the port above its sound (RFC 3550, 11), and where ports are taken
as they come, that is another caller's.
"""

from typing import Final

_HEADER_BYTES: Final = 12
_VERSION: Final = 2
_PCMU: Final = 0
_TYPE: Final = 0x7F
# µ-law: inverted, the low 7 bits grow with the amplitude; 0x10 is 132 of 32768.
_MAGNITUDE: Final = 0x7F
_AUDIBLE: Final = 0x10
_SILENCE: Final = bytes(byte for byte in range(256) if (~byte & _MAGNITUDE) < _AUDIBLE)


def is_sound(packet: bytes) -> bool:
    """Tell whether it is an RTP packet of µ-law."""
    return (
        len(packet) > _HEADER_BYTES
        and packet[0] >> 6 == _VERSION
        and packet[1] & _TYPE == _PCMU
    )


def is_audible(packet: bytes) -> bool:
    """Tell whether it is one that holds sound and not only silence."""
    return is_sound(packet) and bool(packet[_HEADER_BYTES:].translate(None, _SILENCE))

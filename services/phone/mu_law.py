"""G.711 µ-law, the sound of every telephone here (ITU-T G.711, table 2)."""

from array import array
from functools import cache

_BIAS = 132
_CLIP = 32_635
_SEGMENTS = 8


def encoded(pcm: bytes) -> bytes:
    """Return 16-bit mono PCM in native byte order as µ-law, one byte a sample."""
    table = _table()
    return bytes(table[sample] for sample in array("h", pcm))


@cache
def _table() -> dict[int, int]:
    return {sample: _byte(sample) for sample in range(-32_768, 32_768)}


def _byte(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    size = min(abs(sample), _CLIP) + _BIAS
    # The bias puts the lowest segment's first bit at place 7.
    segment = min(size.bit_length() - 8, _SEGMENTS - 1)
    step = (size >> (segment + 3)) & 0x0F
    return ~(sign | segment << 4 | step) & 0xFF

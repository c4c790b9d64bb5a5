"""Sound for recognisers: tones, noise, silence, and pieces as a line brings them."""

import asyncio
import math
import random
from array import array
from collections.abc import AsyncIterator

from ivr.sounds import Language
from ivr.understanding.grammar import Grammar, Phrases

PIECE = 320


def silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * 8000))


def tone(seconds: float, *, hz: float = 220, level: float = 0.3) -> bytes:
    """A voice, as far as loudness can tell."""
    return array(
        "h",
        (
            int(32767 * level * math.sin(2 * math.pi * hz * n / 8000))
            for n in range(int(seconds * 8000))
        ),
    ).tobytes()


def noise(seconds: float, *, level: float, seed: int = 1) -> bytes:
    chance = random.Random(seed)  # noqa: S311 - noise, the same each time
    return array(
        "h",
        (
            max(-32768, min(32767, int(32767 * level * chance.gauss(0, 1))))
            for _ in range(int(seconds * 8000))
        ),
    ).tobytes()


PHRASE = silence(0.3) + tone(1.0) + silence(1.0)


async def line(sound: bytes, *, then_open: bool = False) -> AsyncIterator[bytes]:
    """Bring sound in pieces; a line that stays open brings no end."""
    for at in range(0, len(sound), PIECE):
        yield sound[at : at + PIECE]
        await asyncio.sleep(0)
    if then_open:
        await asyncio.Event().wait()


def grammar(
    *phrases: str, language: Language = Language.EN, digits: int = 0
) -> Grammar:
    texts = ((language, phrases),)
    return Grammar(language=language, choices=(Phrases("1", texts),), digits=digits)

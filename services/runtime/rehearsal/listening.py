"""Whether all that a case says was really heard on a caller's line, in its order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.sounds import Either, Heard, Sound
from services.flows.walking import words_of
from services.phone.heard import heard_in_order
from services.phone.sound import read_wav
from services.prompts.store import PromptStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """What of a case's prompts was found on a line."""

    prompts: int
    """How many were looked for."""
    least: float
    """How like itself the least like was, from -1 to 1."""
    unheard: tuple[str, ...]
    """What should have been heard and was not, a sentence each."""


NOTHING_HEARD = Listened(prompts=0, least=1.0, unheard=())


def listen(
    line: bytes,
    said: Sequence[Sequence[Heard]],
    prompts: PromptStore,
    sounds: Mapping[Sound, str],
) -> Listened:
    """Look on a caller's line for what was said.

    Args:
        line: What came over it, 16-bit mono PCM at 8000 Hz.
        said: What was said, in order.
        prompts: Where the sounds lie.
        sounds: What was made ahead, as the engine plays it.
    """
    chosen = [sound for one in said for sound in _chosen(one, sounds)]
    files = [sounds.get(sound) or prompts.found(sound) for sound in chosen]
    there = [file for file in files if file is not None]
    found = iter(heard_in_order(line, [read_wav(Path(f"{it}.wav")) for it in there]))
    unheard: list[str] = []
    least = 1.0
    for sound, file in zip(chosen, files, strict=True):
        if file is None:
            unheard.append(f"{_words(sound)!r} was never made")
            continue
        likeness = next(found)
        least = min(least, likeness.likeness)
        if not likeness.is_heard:
            near = f"the likest on the line is so to {likeness.likeness:.2f}"
            unheard.append(f"{_words(sound)!r} was not heard: {near}")
    return Listened(prompts=len(chosen), least=least, unheard=tuple(unheard))


def _chosen(said: Sequence[Heard], sounds: Mapping[Sound, str]) -> Iterator[Sound]:
    """Yield what is played of what is said, as the engine chooses it."""
    for one in said:
        if not isinstance(one, Either):
            yield one
        elif one.recorded in sounds:
            yield one.recorded
        else:
            yield from one.otherwise


def _words(sound: Sound) -> str:
    return "".join(words_of((sound,)))

"""Which prompts are synthetic, which recorded and which missing, in each language."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ivr.flow import Flow
from ivr.prompt import Prompt
from ivr.sounds import Either, Language, Recorded, Sound, Spoken
from ivr.steps import prompts_of
from services.prompts.recorded import SUFFIXES
from services.prompts.store import PromptStore


class Kind(StrEnum):
    """What a caller hears of a prompt."""

    SYNTHETIC = "synthetic"
    RECORDED = "recorded"
    MISSING = "missing"
    STOOD_IN = "stood in"
    """A file that is not there, while a text stands in for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One sound that flows ask for, or that is missing in them."""

    kind: Kind
    languages: tuple[Language, ...]
    """In which it is heard; of a file the languages of the flows that play it."""
    text: str | None = None
    file: str | None = None
    is_slow: bool = False
    voice: str | None = None
    """Who speaks it; None where it is recorded, or was not made yet."""
    used: tuple[str, ...] = ()
    """Where, as in ``main → welcome → menu``; nowhere for a file that nobody plays."""


def inventory(flows: Iterable[Flow], store: PromptStore) -> tuple[Listed, ...]:
    """Return every prompt, the missing ones first, then by where it is used."""
    used: dict[Sound, dict[str, None]] = {}
    languages: dict[Sound, set[Language]] = {}
    for flow in flows:
        spoken = _languages(flow)
        for where, prompt in _prompts(flow):
            for sound in prompt.sounds():
                used.setdefault(sound, {})[where] = None
                heard_in = _heard_in(sound, prompt) & spoken
                languages.setdefault(sound, set()).update(heard_in)
        # The same texts for those who want more time, and what is said between steps.
        for sound in sorted(flow.sounds() - used.keys(), key=repr):
            used[sound] = {flow.name: None}
            languages[sound] = set(spoken)
    listed = [
        _listed(sound, languages[sound], tuple(where), store)
        for sound, where in used.items()
    ]
    asked = {sound.name for sound in used if isinstance(sound, Recorded)}
    listed += [
        Listed(kind=Kind.RECORDED, languages=(), file=name)
        for name in _files(store.recorded)
        if name not in asked
    ]
    return tuple(sorted(listed, key=lambda it: it.kind is not Kind.MISSING))


def counted(listed: Iterable[Listed]) -> Mapping[Language, Mapping[Kind, int]]:
    """Return how many prompts of each kind there are in each language."""
    counts = Counter((language, it.kind) for it in listed for language in it.languages)
    return {
        language: {kind: counts[language, kind] for kind in Kind}
        for language in Language
    }


def _prompts(flow: Flow) -> Iterator[tuple[str, Prompt]]:
    for name, step in flow.steps.items():
        for field, prompt in prompts_of(step).items():
            yield f"{flow.name} → {name} → {field}", prompt


def _languages(flow: Flow) -> frozenset[Language]:
    """Return the languages that a flow speaks anywhere."""
    texts = (prompt.texts() for _, prompt in _prompts(flow))
    return frozenset({flow.language}.union(*texts))


def _heard_in(sound: Sound, prompt: Prompt) -> frozenset[Language]:
    if isinstance(sound, Spoken):
        return frozenset({sound.language})
    return frozenset(
        language
        for language in prompt.languages()
        for heard in prompt.heard(language, language)
        if (heard.recorded if isinstance(heard, Either) else heard) == sound
    )


def _listed(
    sound: Sound,
    languages: Iterable[Language],
    used: tuple[str, ...],
    store: PromptStore,
) -> Listed:
    match sound:
        case Spoken():
            return Listed(
                kind=Kind.SYNTHETIC,
                languages=(sound.language,),
                text=sound.text,
                is_slow=sound.is_slow,
                voice=store.voice_of(sound),
                used=used,
            )
        case Recorded():
            return Listed(
                kind=_kind(sound, store),
                languages=tuple(sorted(languages)),
                file=sound.name,
                used=used,
            )


def _kind(sound: Recorded, store: PromptStore) -> Kind:
    if store.found(sound):
        return Kind.RECORDED
    return Kind.STOOD_IN if sound.may_be_missing else Kind.MISSING


def _files(folder: Path) -> Iterator[str]:
    """Yield the names of the files that could be played."""
    for file in sorted(folder.rglob("*")):
        if file.suffix in SUFFIXES and file.is_file():
            yield file.relative_to(folder).with_suffix("").as_posix()

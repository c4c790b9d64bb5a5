"""What callers may say and could not be told apart, or is in no model: as notes."""

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jellyfish import levenshtein_distance

from ivr.flow import Flow
from ivr.known import Finding
from ivr.sayings import Said, is_same, said_at
from ivr.sounds import Language
from ivr.steps import ChoosingStep
from ivr.understanding.matching import GAP
from ivr.wording import Wording
from services.runtime.parts import espeak
from services.runtime.parts.errors import PartRefused, PartUnavailable
from services.runtime.settings import Settings
from services.speech.errors import NotAModel

NEAR = 0.25
"""Phrases of which fewer of the phonemes are apart are one to many ears."""
_LIMIT_S = 60.0
_VOICE = "en-us"
_STRESS = str.maketrans("", "", "ˈˌː ")

Knows = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLooks:
    """What is known of how phrases sound, and of what models know."""

    phonemes: Mapping[str, str]
    """Of English phrases; those that nobody could say are missing."""
    models: Mapping[Language, Knows]
    """Whether a model has words for a phrase, by the language it listens to."""

    def of_flow(self, flow: Flow) -> Iterator[Finding]:
        """Yield what could be an oversight at the steps of a flow."""
        for name, step in flow.steps.items():
            if not isinstance(step, ChoosingStep):
                continue
            said = list(said_at(("steps", name, "words"), step.words))
            yield from self._unknown(said)
            yield from self._alike(flow, step, said)

    def _unknown(self, said: Iterable[Said]) -> Iterator[Finding]:
        for _, trail, language, phrase in said:
            knows = self.models.get(language)
            if knows is None or knows(plain(phrase)):
                continue
            yield (
                trail,
                Wording(
                    en=f"the model that listens to {language.value!r} has no words for "
                    f"{phrase!r}, so nobody can say it; say it otherwise too",
                    zh=f"{language.value!r} 的识别模型没有 {phrase!r} 的词，"
                    "说了也听不到；请再加一种说法",
                ),
            )

    def _alike(
        self, flow: Flow, step: ChoosingStep, said: list[Said]
    ) -> Iterator[Finding]:
        english = [it for it in said if it[2] is Language.EN]
        for nth, (choice, trail, _, phrase) in enumerate(english):
            for other, _, _, text in english[:nth]:
                if is_same(flow, step, choice, other) or not self._near(phrase, text):
                    continue
                yield (
                    trail,
                    Wording(
                        en=f"{phrase!r} sounds nearly like {text!r}, which is said for "
                        f"{other!r}; listen to both on a telephone",
                        zh=f"{phrase!r} 与 {other!r} 的 {text!r} 读音接近；"
                        "请在电话上听一听",
                    ),
                )

    def _near(self, one: str, other: str) -> bool:
        sound, second = self.phonemes.get(one, ""), self.phonemes.get(other, "")
        if not sound or not second:
            return False
        apart = levenshtein_distance(sound, second)
        return apart / max(len(sound), len(second)) < NEAR


def plain(phrase: str) -> str:
    """Return a phrase without what stands for a few words."""
    return " ".join(phrase.split(GAP))


def spoken_looks(settings: Settings, flows: Iterable[Flow]) -> SpokenLooks:
    """Have English phrases said in phonemes, and the models that are set asked.

    What is not installed tells nothing.
    """
    phrases = {
        phrase
        for flow in flows
        for step in flow.steps.values()
        if isinstance(step, ChoosingStep)
        for _, _, language, phrase in said_at((), step.words)
        if language is Language.EN
    }
    return SpokenLooks(
        phonemes=_phonemes(settings, sorted(phrases)), models=dict(_models(settings))
    )


def _models(settings: Settings) -> Iterator[tuple[Language, Knows]]:
    told = {Language.ZH: settings.speech.zh, Language.EN: settings.speech.en}
    for language, listener in told.items():
        name, _, folder = listener.partition(":")
        if name != "vosk":
            continue
        # It is loaded only where it is set: the library takes half a second.
        from services.speech.vosk import VoskModel, words_in

        try:
            model = VoskModel(Path(folder))
        except NotAModel:
            # Doctor tells that, with what would mend it.
            continue

        def knows(phrase: str, model: VoskModel = model) -> bool:
            return bool(words_in(phrase, model.knows))

        yield language, knows


def _phonemes(settings: Settings, phrases: list[str]) -> Mapping[str, str]:
    """Return how espeak-ng would say phrases; nothing where it is not there."""
    try:
        program = espeak.look(settings.parts)
    except (PartRefused, PartUnavailable):
        return {}
    if program is None or not phrases:
        return {}
    try:
        done = subprocess.run(  # noqa: S603 - argv is ours; the words go in by stdin
            (*program.argv, "-q", "--ipa", "-v", _VOICE),
            input="\n".join(map(plain, phrases)).encode(),
            env={"PATH": os.defpath, **program.environment},
            capture_output=True,
            timeout=_LIMIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = done.stdout.decode(errors="replace").splitlines()
    if len(lines) != len(phrases):
        return {}
    return {
        phrase: line.translate(_STRESS)
        for phrase, line in zip(phrases, lines, strict=True)
    }

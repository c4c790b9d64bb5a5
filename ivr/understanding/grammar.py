"""What a caller may say at a step: the phrases of each choice, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.sounds import Language

DANGER = "!"
"""The choice that danger words are, anywhere; no key and no step is called so."""
SURE, MAYBE = 0.8, 0.68
"""From where on words are taken, and from where on they are asked about."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What stands for one choice."""

    choice: str
    """A key, a step's name, or DANGER."""
    texts: tuple[tuple[Language, tuple[str, ...]], ...]

    def of(self, language: Language) -> tuple[str, ...]:
        """Return the phrases in a language."""
        return next((texts for one, texts in self.texts if one is language), ())

    def each(self) -> Iterator[str]:
        """Yield the phrases of all languages."""
        for _, texts in self.texts:
            yield from texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """All that has a meaning at a step at this moment."""

    language: Language
    """What the caller is spoken to in; phrases of others count as well."""
    choices: tuple[Phrases, ...] = ()
    digits: int = 0
    """Up to how many digits of a number are awaited; 0 where none is."""
    sure: float = SURE
    maybe: float = MAYBE

    def phrases(self) -> tuple[str, ...]:
        """Return what a recogniser may hear in the caller's language, each once."""
        told = (text for one in self.choices for text in one.of(self.language))
        return tuple(dict.fromkeys(" ".join(it.split("…")) for it in told))

    def has(self, choice: str) -> bool:
        """Tell whether something stands for a choice here."""
        return any(one.choice == choice for one in self.choices)

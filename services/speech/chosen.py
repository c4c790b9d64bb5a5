"""Which recogniser listens to which language, and the pools that come of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.ports import Recogniser
from ivr.sounds import Language
from services.speech.listening import Patience
from services.speech.pool import Limits, RecogniserPool
from services.speech.worker_process import Launch

_OURS = "vosk"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What listens to a language."""

    recogniser: str
    """``vosk``, ``whisper``: the name of its file."""
    model: str = ""
    """The model's folder; "" means the packaged one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPlan:
    """All that is needed to start recognisers."""

    by_language: Mapping[Language, Chosen]
    """Languages that are missing are heard by keys alone."""
    own_python: Path
    """Ours, in whose environment Vosk is."""
    python: Path
    """In whose environment all others are."""
    cache: Path
    """A folder of their own, for what they make once."""
    streams: int
    """Phrases heard at once, of each model."""
    cores: int
    memory_mb: int = 2048
    """Of each process."""
    patience: Patience = field(default_factory=Patience)
    finish_s: float = 1.5
    """So long a caller waits for a result when all was said."""
    env: Mapping[str, str] = field(default_factory=dict)


class Ready(Mapping[Language, Recogniser]):
    """Recognisers whose models are loaded: callers of others use keys meanwhile."""

    def __init__(self, pools: Mapping[Language, RecogniserPool]) -> None:
        """Take all there will be."""
        self._pools = pools

    def __getitem__(self, language: Language) -> Recogniser:
        """Return who listens to a language now.

        Raises:
            KeyError: Nobody does, or not yet.
        """
        pool = self._pools[language]
        if not pool.ready:
            raise KeyError(language)
        return pool

    def __iter__(self) -> Iterator[Language]:
        """Yield the languages that are listened to now."""
        return (language for language, pool in self._pools.items() if pool.ready)

    def __len__(self) -> int:
        """Return how many they are."""
        return sum(1 for _ in self)


class Speech:
    """The recognisers of an instance; languages of one model share its processes."""

    def __init__(self, plan: SpeechPlan) -> None:
        """Start nothing yet."""
        pools: dict[Chosen, RecogniserPool] = {}
        for chosen in plan.by_language.values():
            if chosen not in pools:
                pools[chosen] = RecogniserPool(
                    launch_of(plan, chosen),
                    Limits(workers=plan.streams, patience=plan.patience),
                )
        self.pools = tuple(pools.values())
        self.finish_s = plan.finish_s
        self.recognisers: Mapping[Language, Recogniser] = Ready(
            {language: pools[chosen] for language, chosen in plan.by_language.items()}
        )

    async def start(self) -> None:
        """Have the processes started beside; nothing is waited for."""
        for pool in self.pools:
            await pool.start()

    async def aclose(self) -> None:
        """End every process."""
        for pool in self.pools:
            await pool.aclose()

    async def __aenter__(self) -> "Speech":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def launch_of(plan: SpeechPlan, chosen: Chosen) -> Launch:
    """Return how one process of a recogniser is started."""
    return Launch(
        recogniser=chosen.recogniser,
        python=plan.own_python if chosen.recogniser == _OURS else plan.python,
        model=chosen.model,
        cache=str(plan.cache),
        memory_mb=plan.memory_mb,
        threads=max(1, plan.cores // plan.streams),
        env=plan.env,
    )

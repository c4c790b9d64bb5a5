"""Which recogniser listens to which language, and the pools that come of it."""

from collections.abc import Mapping
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
    env: Mapping[str, str] = field(default_factory=dict)


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
        self.recognisers: Mapping[Language, Recogniser] = {
            language: pools[chosen] for language, chosen in plan.by_language.items()
        }

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

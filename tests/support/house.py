"""Those who publish, with an engine, a database and what each was told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from acd.core.engine import Engine
from acd.vocabulary.floor_facts import FloorPublished
from ivr.flow import Flow
from ivr.sounds import Sound
from services.floor.floor import Floor
from services.prompts.errors import PromptsRefused
from services.runtime.flow_publisher import FlowPublisher
from services.runtime.in_force import Around
from services.runtime.launch import read_in_force
from services.runtime.publisher import Publisher
from services.runtime.settings import read_settings
from services.runtime.settling import settle
from services.store.audit import Audit
from services.store.flow_versions import FlowVersions
from services.store.versions import FloorVersions
from tests.support.builders import at, seen
from tests.support.small_floor import STRAIGHT, small_floor


@dataclass
class House:
    """A publisher with an engine, and what each was told."""

    folder: Path
    url: str
    log: list[str] = field(default_factory=list)
    refuses_prompts: bool = False

    def __post_init__(self) -> None:
        self.flows.mkdir(exist_ok=True)
        if not (self.flows / "main.yaml").exists():
            (self.flows / "main.yaml").write_text(STRAIGHT, encoding="utf-8")
        if not self.file.exists():
            self.file.write_text(small_floor(), encoding="utf-8")
        self.restart()

    @property
    def flows(self) -> Path:
        return self.folder / "flows"

    @property
    def file(self) -> Path:
        return self.folder / "floor.yaml"

    def restart(self) -> None:
        """Begin as an engine's process does."""
        given = {"data": self.folder, "floor": self.file, "flows": self.flows}
        self.current = read_in_force(read_settings(**given))
        self.engine = Engine(self.current.floor.policy)
        self.engine.apply(seen(-100))
        self.around = Around(
            floors=FloorVersions(self.url, Audit(self.url)),
            flow_versions=FlowVersions(self.url, Audit(self.url)),
            current=self.current,
            live=self.engine.floor,
            data=self.folder,
            file=self.file,
            folder=self.flows,
            prepare=self._prepare,
            to_switch=self._to_switch,
            tell=self._tell,
            now=lambda: at(0),
        )
        self.publisher = Publisher(self.around)
        self.flow_publisher = FlowPublisher(self.around)

    async def settle(self) -> None:
        """Do what an engine does when the database answers."""
        await settle(self.around)

    async def _prepare(self, _flows: Iterable[Flow]) -> Mapping[Sound, str]:
        if self.refuses_prompts:
            raise PromptsRefused(["prompt in 'en': cannot be spoken"])
        return {}

    async def _to_switch(self, floor: Floor) -> list[str]:
        self.log.append(f"switch {len(floor.policy.agents)}")
        return []

    async def _tell(self, fact: FloorPublished) -> None:
        self.log.append(f"engine {fact.version}")
        self.engine.apply(fact)

    @property
    def agents(self) -> set[str]:
        return set(self.engine.floor.agents)

"""Reads a journey's folder: who calls, who works, what must be on record."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

FOLDER = Path(__file__).parent

Phone = Literal["sipp", "softphone", "none"]
Disturbance = Literal[
    "kill_engine",
    "hang_engine",
    "kill_asterisk",
    "cut_manager_link",
    "freeze_database",
    "kill_database",
    "lose_recording",
    "fail_a_join",
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class When(_Part):
    """A moment: when a fact of a caller's call is on record."""

    caller: str
    had: str
    """The fact's kind."""


class Caller(_Part):
    """One caller; each has a name of their own in the story."""

    phone: Phone = "sipp"
    number: str = Field(alias="from")
    """``{leg of NAME}`` in it is the id of another caller's leg."""
    name: str = "caller"
    keys: str = ""
    """Pressed one by one: by a softphone each when its prompt has been heard, by SIPp
    from the answer on, where a comma is a pause of 4 s."""
    press_after_s: float = 1.5
    """Of a prompt."""
    dials: str | None = None
    """Another number than the story's own."""
    payload: int = 0
    hangs_up_after_ms: int = 30_000
    """From the answer on; SIPp only."""
    talks_s: float = 2.0
    """To the agent; softphone only."""
    begins: When | None = None
    later_s: float | None = None
    """Begins so long after the disturbance did."""


class Agent(_Part):
    """One agent; ready in the order of the plan."""

    phone: Phone = "sipp"
    """``none`` is a device that never registered."""
    ring_ms: int = 300
    status: int = 200
    talks_ms: int = 3_600_000
    """After which the agent hangs up."""
    echoes: bool = True
    """Whether the device sends back what it hears; else it sends no sound at all."""


class Disturbed(_Part):
    """What is done to the instance, and when."""

    when: When
    what: Disturbance = Field(alias="do")

    @property
    def is_for_all(self) -> bool:
        """Whether other stories would be disturbed too."""
        return self.what not in ("lose_recording", "fail_a_join")


class Plan(_Part):
    """What everybody does."""

    way: Literal["menu", "direct", "line"] = "direct"
    ring_s: float = 10
    wrap_up_s: float = 1
    agents: Mapping[str, Agent] = {}
    callers: Mapping[str, Caller]
    disturb: Disturbed | None = None


class Expectation(_Part):
    """What the record must say, by caller; what is not named is not compared."""

    calls: Mapping[str, Mapping[str, Any]]
    agents: Mapping[str, str] = {}
    """The state each is in at the end, with its reason."""
    served: Sequence[str] = ()
    """Callers in the order in which they reached a person."""


class Story:
    """One folder."""

    def __init__(self, folder: Path, number: str) -> None:
        self.name = folder.name
        self.number = number
        """What is dialled; no other story has it."""
        self.text = (folder / "story.md").read_text(encoding="utf-8")
        self.plan = Plan.model_validate(_yaml(folder / "plan.yaml"))
        self.expected = Expectation.model_validate(_yaml(folder / "expect.yaml"))

    @property
    def is_alone(self) -> bool:
        """Whether it breaks what other stories need."""
        return self.plan.disturb is not None and self.plan.disturb.is_for_all

    def agent_id(self, name: str) -> str:
        """Return the id of an agent who is in this story alone."""
        return f"{self.name}-{name}"


def stories() -> list[Story]:
    """Return all, those that must be played alone last."""
    folders = sorted(plan.parent for plan in FOLDER.glob("*/plan.yaml"))
    told = [Story(folder, str(7100 + n)) for n, folder in enumerate(folders)]
    return sorted(told, key=lambda story: story.is_alone)


HANDS = ("one", "two", "three", "four")
"""For tests of calls in hand: each has a number, a queue and agents of its own."""


def hand_number(hand: str) -> str:
    """Return what is dialled there."""
    return str(7900 + HANDS.index(hand))


def floor(told: Sequence[Story]) -> str:
    """Return a floor where each story has its number, queue, skill and agents."""
    skills = [f"sk_{story.name}" for story in told]
    return "\n".join(
        (
            "province: YJ",
            "numbers:",
            *(f"  {s.number}: {{name: {s.name}, flow: {s.name}}}" for s in told),
            *(f"  {hand_number(h)}: {{name: {h}, flow: hand_{h}}}" for h in HANDS),
            "skills:",
            *(f"  {skill}: {skill}" for skill in skills),
            *(f"  sk_hand_{hand}: {hand}" for hand in HANDS),
            "queues:",
            *(
                f"  q_{s.name}: {{name: {s.name}, skills: [sk_{s.name}],"
                f" ring_s: {s.plan.ring_s}, wrap_up_s: {s.plan.wrap_up_s}}}"
                for s in told
            ),
            *(
                f"  q_hand_{hand}: {{name: {hand}, skills: [sk_hand_{hand}],"
                " ring_s: 10, wrap_up_s: 1}"
                for hand in HANDS
            ),
            "agents:",
            *(
                f"  hand-{hand}-{who}: {{name: {who}, skills: [sk_hand_{hand}]}}"
                for hand in HANDS
                for who in ("a", "b")
            ),
            *(
                f"  {s.agent_id(name)}: {{name: {name}, skills: [sk_{s.name}]}}"
                for s in told
                for name in s.plan.agents
            ),
            # On leave: a queue that nobody could ever serve is refused.
            f"  9999: {{name: away, skills: [{', '.join(skills)}]}}",
            "",
        )
    )


def flows(told: Sequence[Story]) -> Mapping[str, str]:
    """Return each story's flow by its file's name."""
    written = {way: (FOLDER / f"{way}.flow") for way in ("menu", "direct", "line")}
    of_hands = {
        f"hand_{hand}.yaml": written["direct"]
        .read_text(encoding="utf-8")
        .replace("{{story}}", f"hand_{hand}")
        for hand in HANDS
    }
    return of_hands | {
        f"{story.name}.yaml": written[story.plan.way]
        .read_text(encoding="utf-8")
        .replace("{{story}}", story.name)
        for story in told
    }


def _yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))

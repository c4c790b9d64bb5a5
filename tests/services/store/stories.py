"""Calls from beginning to end, as the engine tells them."""

from acd.vocabulary.agent_facts import CallDisposed, WrapUpDone
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.flow_facts import CallAnswered, CallRouted, KeyPressed, StepEntered
from acd.vocabulary.ids import OfferId
from acd.vocabulary.leg_facts import LegEnding, LegRang
from acd.vocabulary.recording_facts import RecordingStored
from services.store.segments import Origin
from tests.support.builders import (
    ALICE,
    BOB,
    FAULT,
    YZ,
    Desk,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
)

Story = list[tuple[Fact, Origin]]


class Teller:
    """A desk that keeps what a journal would get."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.story: Story = []
        self._keep(*self.desk.facts)
        self.desk.ready(ALICE, BOB)
        self._keep(*self.desk.facts[len(self.story) :])

    def _keep(self, *facts: Fact) -> None:
        origins = {True: Origin.TOLD, False: Origin.ESTABLISHED}
        self.story += [(f, origins[isinstance(f, ToldFact)]) for f in facts]

    def tell(self, *facts: ToldFact) -> None:
        for fact in facts:
            self._keep(*self.desk.tell(fact).facts)

    def answered_call(self, n: int, seconds: float) -> None:
        """Alice or Bob takes a call after three seconds and talks for ten."""
        one = call_id(n)
        self.tell(
            arrived(n, seconds),
            CallAnswered(at=at(seconds + 0.1), call_id=one),
            StepEntered(
                at=at(seconds + 0.2), call_id=one, flow="main", step="menu", nth=1
            ),
            KeyPressed(
                at=at(seconds + 1),
                call_id=one,
                flow="main",
                step="menu",
                key="1",
                nth=2,
                is_choice=True,
            ),
            CallRouted(
                at=at(seconds + 1),
                call_id=one,
                flow="main",
                step="fault",
                nth=3,
                queue_id=FAULT,
                skills=(),
            ),
            queued(n, seconds + 1.1),
        )
        leg = self.desk.offered_leg(n)
        self.tell(LegRang(at=at(seconds + 1.3), leg_id=leg))
        before = len(self.desk.facts)
        self.desk.talk(n, seconds + 3)
        self._keep(*self.desk.facts[before:])
        agent = self.desk.engine.floor.calls[one].agent_id
        assert agent is not None
        self.tell(
            hung_up(caller_leg(n), seconds + 13),
            hung_up(leg, seconds + 13.1),
            CallDisposed(
                at=at(seconds + 14), call_id=one, agent_id=agent, disposition="fault"
            ),
            WrapUpDone(at=at(seconds + 15), agent_id=agent),
            RecordingStored(
                at=at(seconds + 15.2),
                place=YZ,
                call_id=one,
                offer_id=OfferId(leg),
                path=f"2026/11/01/{one}.{leg}.wav",
                sha256="ab" * 32,
                size_bytes=320044,
                length_s=10.0,
                channels=2,
            ),
        )

    def abandoned_call(self, n: int, seconds: float) -> None:
        """A caller hangs up in the menu."""
        self.tell(
            arrived(n, seconds),
            CallAnswered(at=at(seconds + 0.1), call_id=call_id(n)),
            hung_up(caller_leg(n), seconds + 4, LegEnding.HUNG_UP),
        )

"""A day on a bad line: callers, agents, faults and the engine, from one seed."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from random import Random

from acd.core.engine import Engine
from acd.core.turn import Outcome
from acd.core.watch import Watch
from acd.policy import TOP_LEVEL, FloorPolicy, Rona, RonaRule, Step, Target
from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    WrapUpDone,
)
from acd.vocabulary.decisions import (
    BridgeCall,
    ControlOrder,
    Decision,
    DismissAgent,
    EndCall,
    MirrorAgents,
    RingAgent,
    StopRinging,
    StoreRecording,
)
from acd.vocabulary.errors import AcdError
from acd.vocabulary.fact import Tick
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.flow_facts import CallArrived, CallRouted, LeaveAsked
from acd.vocabulary.ids import AgentId, CallId, LegId, Place, SkillId
from acd.vocabulary.leg_facts import (
    BridgeFailed,
    LegChecked,
    LegEnded,
    LegEnding,
    LegSeen,
    SwitchLost,
    SwitchSeen,
)
from acd.vocabulary.states import AgentState, CallState
from cti_bridge.ami.translate import Doubt, Translator
from tests.model.frames import forged, message
from tests.model.rules import QUEUES, REPAIRED_S, Rules, idle
from tests.model.switch import Leg, Switch
from tests.support.builders import YZ, a_queue, an_agent, at

ROUND_S = 3.0
SETTLES_S = 1.0
LATENCY_S = 0.002

SKILLS = (("x",), ("x", "y"), ("y",)) * 4
AGENTS = tuple(AgentId(f"a{n}") for n in range(len(SKILLS)))


def a_policy() -> FloorPolicy:
    """Twelve agents of all levels in two cities, two queues, everybody in a hurry."""
    x, y = SkillId("x"), SkillId("y")
    queues = (
        replace(
            a_queue(QUEUES[0], wrap_up_s=3),
            steps=(Step(needs={x: 3}, for_s=4), Step(needs={x: 1})),
            priority=20,
            ageing_s=2,
            floor_s=30,
            ring_s=6,
        ),
        replace(
            a_queue(QUEUES[1], wrap_up_s=0),
            steps=(Step(needs={y: 1}, region="unit", for_s=6), Step(needs={y: 1})),
            priority=25,
            ageing_s=4,
            target=Target(within_s=10),
            ring_s=6,
        ),
    )
    return FloorPolicy(
        queues={queue.queue_id: queue for queue in queues},
        agents={
            agent: replace(
                an_agent(agent),
                levels={SkillId(skill): 1 + nth % TOP_LEVEL for skill in skills},
                place=YZ if nth % 4 else Place(province="YJ", unit="JK"),
            )
            for nth, (agent, skills) in enumerate(zip(AGENTS, SKILLS, strict=True))
        },
        rona=Rona(no_answer=RonaRule(limit=2, window_s=60, penalty_s=5)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How bad the line is: chances of each message, and of the big ones a second."""

    drop: float = 0.05
    double: float = 0.05
    swap: float = 0.05
    forge: float = 0.02
    link: float = 0.01
    switch: float = 0.004
    engine: float = 0.006
    stuck: float = 0.02


CALM = Faults(drop=0, double=0, swap=0, forge=0, link=0, switch=0, engine=0, stuck=0)


class World:
    """Everything, moved one step at a time."""

    def __init__(self, seed: int, faults: Faults | None = None) -> None:
        self.pick = Random(seed)  # noqa: S311 - the same again, no secret
        self.faults = faults or Faults()
        self.now_s = 0.0
        self.steps = 0
        self.rules = Rules()
        self.engine = Engine(a_policy())
        self.translator = Translator()
        self.switch = Switch(pick=self.pick, after=self.after, tell=self._write)
        self.callers: set[CallId] = set()
        self.log: list[str] = []
        self._journal: list[ToldFact] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._link = 0
        self._is_up = False
        self._linked_s = 0.0
        self._seen_s: float | None = None
        self._is_closing = False
        self._connect()
        for agent in AGENTS:
            self.tell(AgentSignedIn(at=self.at, agent_id=agent))
            self.tell(AgentReady(at=self.at, agent_id=agent))
        self.after(ROUND_S, self._round)
        self.after(0.5, self._something_happens)

    @property
    def at(self) -> datetime:
        """Now."""
        return at(self.now_s)

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something later."""
        heapq.heappush(self._agenda, (self.now_s + seconds, next(self._number), do))

    def run(self, steps: int) -> None:
        """Live so many steps, then let everybody go home."""
        while self.steps < steps:
            self.step()
        self._close()

    def step(self) -> None:
        """Move to what is next, and check every rule."""
        self.steps += 1
        due = self.engine.next_deadline
        if due is not None and due <= at(self._agenda[0][0]):
            self.now_s = max(self.now_s, (due - at(0)).total_seconds())
            self.switch.now_s = self.now_s
            self._follow(Tick(at=self.at), self.engine.tick(self.at))
        else:
            self.now_s, _, do = heapq.heappop(self._agenda)
            self.switch.now_s = self.now_s
            do()
        self.rules.check(self.engine, self.switch, linked_s=self._linked_s)

    # What the engine is told, and what it wants done.

    def tell(self, fact: ToldFact) -> None:
        """Let the engine take in a fact."""
        try:
            outcome = self.engine.apply(fact)
        except AcdError as refused:
            self.log.append(f"{self.now_s:.3f} refused {fact}: {refused}")
            return
        self._follow(fact, outcome)

    def _follow(self, told: ToldFact, outcome: Outcome) -> None:
        if not outcome.facts:
            return
        self.log.append(f"{self.now_s:.3f} {told} -> {outcome.decisions}")
        self._journal.append(told)
        self.rules.hear(self.engine, outcome.facts)
        self._compare_times(outcome.facts)
        for decision in outcome.decisions:
            self._carry_out(decision)

    def _compare_times(self, facts: tuple[Fact, ...]) -> None:
        away_s = self.now_s - self._linked_s if self._is_up else REPAIRED_S
        slack_s = REPAIRED_S + max(0.0, 12 - away_s)
        self.rules.times_are_true(facts, self.switch, slack_s=slack_s)

    def _carry_out(self, decision: Decision) -> None:
        if not self._is_up:
            return
        if isinstance(decision, RingAgent) and self.pick.random() < self.faults.stuck:
            # It lies in a socket that nobody reads, until somebody does.
            self.after(self.pick.uniform(0, 8), lambda: self._act(decision))
            self.after(0, lambda: self._break_link(self.pick.uniform(0.2, 6)))
            return
        link = self._link

        def act() -> None:
            # Under way when the link broke: who knows.
            if link == self._link or self.pick.random() < 0.5:
                self._act(decision)

        self.after(LATENCY_S, act)

    def _act(self, decision: Decision) -> None:
        match decision:
            case RingAgent():
                self.switch.originate(decision)
            case StopRinging():
                self.switch.end(LegId(decision.offer_id))
            case BridgeCall():
                self._join(decision)
            case DismissAgent():
                self.switch.dismiss(decision.offer_id)
            case EndCall():
                self.switch.end(decision.leg_id)
            case StoreRecording() | MirrorAgents() | ControlOrder():
                """No matter here."""

    def _join(self, pair: BridgeCall) -> None:
        caller = self.translator.channel(pair.caller_leg_id)
        problem = (
            "gone" if caller is None else self.switch.bridge(caller, pair.offer_id)
        )
        if problem is not None and self._is_up:
            self.tell(BridgeFailed(at=self.at, offer_id=pair.offer_id, detail=problem))

    # The link.

    def _write(self, raw: bytes) -> None:
        """Bring an event to the engine, or not, or twice, or late."""
        link, faults, x = self._link, self.faults, self.pick.random()
        if not self._is_up or x < faults.drop:
            return
        late_s = LATENCY_S
        if x > 1 - faults.swap:
            late_s += self.pick.uniform(0, 0.1)
        self.after(late_s, lambda: self._read(raw, link))
        if self.pick.random() < faults.double:
            later_s = self.pick.uniform(0, 0.1)
            self.after(late_s + later_s, lambda: self._read(raw, link))

    def _read(self, raw: bytes, link: int) -> None:
        if link != self._link or not self._is_up:
            return
        told = self.translator.take(message(raw), self.at)
        for fact in told.facts:
            self.tell(fact)
        for doubt in told.doubts:
            self._doubt(doubt)

    def _doubt(self, doubt: Doubt) -> None:
        failing = self.translator.is_failing(doubt.leg_id)

        def settle() -> None:
            if self._is_up and (
                not failing or self.translator.is_failing(doubt.leg_id)
            ):
                self._ask_of(doubt.leg_id, doubt.ending, None)

        self.after(doubt.after_s, settle)

    def _ask_of(self, leg_id: LegId, ending: LegEnding, alive_s: float | None) -> None:
        """Ask of one leg; the answer overtakes events, and is overtaken by them."""
        link, asked_s = self._link, self.now_s

        def look() -> None:
            leg = self.switch.legs.get(leg_id)
            seen, name = (leg.seen(), leg.name) if leg else (None, "")

            def hear() -> None:
                if link != self._link or not self._is_up:
                    return
                if seen is None:
                    self._gone(leg_id, ending, alive_s)
                else:
                    self._there(seen, name, asked_s)

            self.after(self.pick.choice((0, 0, 0.02)), hear)

        self.after(LATENCY_S, look)

    def _gone(self, leg_id: LegId, ending: LegEnding, alive_s: float | None) -> None:
        self.translator.forget(leg_id)
        if Watch(self.engine.floor).has(leg_id):
            alive_at = None if alive_s is None else at(alive_s)
            gone = LegEnded(at=self.at, leg_id=leg_id, ending=ending, alive_at=alive_at)
            self.tell(gone)

    def _there(self, leg: LegSeen, name: str, asked_s: float) -> None:
        self.translator.names[leg.leg_id] = name
        # Told in any case: what is older than the news of it, the engine must tell.
        self.tell(LegChecked(at=self.at, taken_at=at(asked_s), leg=leg))

    def _round(self) -> None:
        self.after(ROUND_S, self._round)
        if not self._is_up:
            return
        watch, link, seen_s = Watch(self.engine.floor), self._link, self._seen_s
        legs = self.switch.legs
        odd = [leg.leg_id for leg in legs.values() if watch.is_odd(leg.seen(), self.at)]
        suspects = [*watch.missing(legs, self.at), *odd]
        self.translator.names.update({leg.leg_id: leg.name for leg in legs.values()})
        self._seen_s = self.now_s

        def confirm() -> None:
            for leg_id in suspects:
                if link == self._link:
                    self._ask_of(leg_id, LegEnding.LOST, seen_s)

        self.after(SETTLES_S, confirm)

    def _disconnect(self) -> None:
        if self._is_up:
            self._is_up = False
            self._link += 1
            self.tell(SwitchLost(at=self.at))

    def _connect(self) -> None:
        if self._is_up:
            return
        self._is_up, self._linked_s, self._seen_s = True, self.now_s, None
        legs = self.switch.legs
        self.translator.begin({leg.leg_id: leg.name for leg in legs.values()})
        self.tell(
            SwitchSeen(
                at=self.at,
                boot_id=f"b{self.switch.boot}",
                taken_at=at(self.now_s - 0.001),
                legs=tuple(leg.seen() for leg in legs.values()),
            )
        )

    def _break_link(self, for_s: float) -> None:
        self._disconnect()
        self.after(for_s, self._connect)

    # What happens of itself.

    def _something_happens(self) -> None:
        """One thing of the world, two times a second or so."""
        if self._is_closing:
            return
        passed_s = self.pick.expovariate(2.5)
        self.after(passed_s, self._something_happens)
        x, faults = self.pick.random() / max(passed_s, 0.01), self.faults
        grave: tuple[tuple[float, Callable[[], None]], ...] = (
            (faults.link, lambda: self._break_link(self.pick.uniform(0.2, 6))),
            (faults.switch, self._restart_switch),
            (faults.engine, self._restart_engine),
        )
        for chance, do in grave:
            if x < chance:
                do()
                return
            x -= chance
        self.pick.choices(
            (
                self._a_caller_comes,
                self._an_agent_wishes,
                self._a_caller_presses,
                self._somebody_forges,
            ),
            (0.8, 0.2, 0.4, faults.forge),
        )[0]()

    def _a_caller_comes(self) -> None:
        leg = self.switch.arrive()
        self.after(self.pick.expovariate(1 / 12), lambda: self.switch.end(leg.leg_id))
        self.after(self.pick.uniform(0.005, 0.03), lambda: self._arrived(leg))

    def _arrived(self, leg: Leg) -> None:
        # By the flow's own session, which the manager's link has no part in.
        if f"b{self.switch.boot}-" not in leg.leg_id:
            return
        self.callers.add(leg.call_id)
        self.tell(
            CallArrived(
                at=self.at,
                place=YZ,
                call_id=leg.call_id,
                leg_id=leg.leg_id,
                number="6000",
                caller_number="138",
                caller_name="",
                sip_call_id="",
            )
        )
        self.after(self.pick.uniform(0.2, 2), lambda: self._routed(leg))

    def _routed(self, leg: Leg) -> None:
        if leg.leg_id not in self.switch.legs:
            return
        queue = self.pick.choice(QUEUES)
        self.tell(
            CallRouted(
                at=self.at,
                call_id=leg.call_id,
                flow="main",
                step="end",
                nth=1,
                queue_id=queue,
                skills=(),
            )
        )
        self.switch.wait(leg, queue)

    def _a_caller_presses(self) -> None:
        """Ask, by a key, to leave the line: also while a device rings for the call."""
        waits = [leg for leg in self.switch.legs.values() if leg.context == "cc-wait"]
        if not waits:
            return
        leg = self.pick.choice(waits)
        try:
            before = self.engine.floor.call(leg.call_id).state
        except AcdError:
            return
        asked = LeaveAsked(
            at=self.at, call_id=leg.call_id, flow="main", step="end", key="1"
        )
        self.tell(asked)
        call = self.engine.floor.calls.get(leg.call_id)
        if before is CallState.IN_FLOW or call is None:
            return
        if call.state is CallState.IN_FLOW:
            self.after(LATENCY_S, lambda: self._walks_again(leg))

    def _walks_again(self, leg: Leg) -> None:
        if leg.bridge_id is not None or leg.leg_id not in self.switch.legs:
            return
        leg.context = "cc-flow"
        self.after(self.pick.uniform(0.1, 3), lambda: self._comes_back(leg))

    def _comes_back(self, leg: Leg) -> None:
        if leg.leg_id not in self.switch.legs or leg.bridge_id is not None:
            return
        first_s, before = leg.queued_s, leg.queue_id
        queue = self.pick.choice(QUEUES)
        self.switch.wait(leg, queue)
        if queue == before:
            leg.queued_s = first_s

    def _an_agent_wishes(self) -> None:
        agent = self.pick.choice(AGENTS)
        state = self.engine.floor.agents[agent].state
        if state is AgentState.SIGNED_OUT:
            self.tell(AgentSignedIn(at=self.at, agent_id=agent))
        if self.pick.random() < 0.8:
            self.tell(AgentReady(at=self.at, agent_id=agent))
        elif self.pick.random() < 0.5:
            self.tell(AgentNotReady(at=self.at, agent_id=agent, reason="break"))
        elif self.pick.random() < 0.5:
            self.tell(AgentSignedOut(at=self.at, agent_id=agent))
        else:
            self.tell(WrapUpDone(at=self.at, agent_id=agent))

    def _somebody_forges(self) -> None:
        if self.switch.legs:
            leg_id = self.pick.choice(sorted(self.switch.legs))
            self._read(forged(leg_id), self._link)

    def _restart_switch(self) -> None:
        self.switch.restart()
        self._break_link(self.pick.uniform(1, 5))

    def _restart_engine(self) -> None:
        """Come up from the journal, knowing just what the one before knew."""
        again = Engine(a_policy())
        for fact in self._journal:
            again.apply(fact)
        if _fingerprint(again) != _fingerprint(self.engine):
            raise AssertionError("the journal tells another story")
        self.engine = again
        self._disconnect()
        self.translator = Translator()
        self.after(0.5, self._connect)

    def _close(self) -> None:
        """Everybody goes home; then nothing may be left."""
        self._is_closing = True
        for leg in list(self.switch.legs.values()):
            if leg.offer is None:
                self.switch.end(leg.leg_id)
        until_s = self.now_s + 3 * REPAIRED_S
        while self.now_s < until_s:
            self.step()
        for agent in idle(self.engine):
            self.tell(AgentSignedOut(at=self.at, agent_id=agent))
        self.rules.at_rest(self.engine, self.switch, callers=self.callers)


def _fingerprint(engine: Engine) -> tuple[object, ...]:
    floor = engine.floor
    return (
        [(a.state, a.reason, a.ready_since, a.call_id) for a in floor.agents.values()],
        [
            (c.call_id, c.state, c.offers, c.offer_id, c.queued_at)
            for c in floor.calls.values()
        ],
        [(o.offer_id, o.is_open, o.is_answered) for o in floor.offers.values()],
        list(floor.waiting),
    )

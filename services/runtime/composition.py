"""The engine's parts put together: who tells whom, and who is told."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from acd.core import conversations
from acd.core.engine import Engine
from acd.core.watch import Watch
from acd.policy_form import as_text
from acd.vocabulary.agent_facts import AgentSignedOut
from acd.vocabulary.decisions import Decision, StoreRecording
from acd.vocabulary.facts import Fact, FlowFact, LegFact
from acd.vocabulary.floor_facts import FloorPublished
from acd.vocabulary.flow_facts import MessageRecorded
from acd.vocabulary.ids import CENTRE, Place
from acd.vocabulary.leg_facts import LegEnded, SwitchLost, SwitchSeen
from cti_bridge.agi.server import AgiServer, Session
from cti_bridge.ami.connection import Account
from cti_bridge.ami.switch import Switch
from cti_bridge.audiosocket.server import AudioServer
from cti_bridge.switch_log.file import SwitchLog
from ivr.runner import Speak, mute
from recordings.messages import MessageStore
from recordings.store import RecordingStore
from services.api.figures import Figures
from services.callback.spool import Spool
from services.live.fan_out import FanOut
from services.page_phone.keys import PageKeys
from services.runtime import operator_figures
from services.runtime.absence import Absence
from services.runtime.announcing import Opening, nothing_to_tell
from services.runtime.callers import Callers
from services.runtime.circumstances import CircumstancesOf, OfficeFor, Real, no_office
from services.runtime.clock import Clock
from services.runtime.door import Door
from services.runtime.embedded.conf import CALLBACKS, MESSAGES
from services.runtime.flags import Flags
from services.runtime.flow_world import FlowWorld
from services.runtime.front import Front
from services.runtime.in_force import InForce
from services.runtime.live_view import LiveView
from services.runtime.pace import Pace
from services.runtime.ports import Ports
from services.runtime.recall import Memory, recall, signed_in
from services.runtime.studio import STUDIO, Serve
from services.runtime.switchboard import Switchboard
from services.runtime.waiting_line import WaitingLine
from services.speech.chosen import Speech
from services.store.journal import Journal
from services.store.shipper import Shipper

log = structlog.get_logger()

SHIP_LIMIT_S = 2.0
"""What is not stored or shipped by then is so at the next start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the engine's process was given to work with."""

    clock: Clock
    current: InForce
    account: Account
    journal: Journal
    shipper: Shipper
    recordings: RecordingStore
    data: Path
    """The instance's folder."""
    host: str
    ports: Ports
    """Where we listen."""
    is_recording: bool
    keep_days: float
    """How long the journal is kept after it was shipped."""
    speak: Speak = mute
    opening: Opening = nothing_to_tell
    """Makes sounds for callers that no flow had ahead."""
    office: OfficeFor = no_office
    """Whom flows ask; None fails every question."""
    circumstances: CircumstancesOf | None = None
    """A rehearsal's; None means the world as it is."""
    studio: Serve | None = None
    """Serves agents' devices that record prompts."""
    speech: Speech
    """Who listens to callers' words, not started yet; where it is nobody, nothing is
    started and no port is opened for it."""

    @property
    def asterisk(self) -> Path:
        """Folder of Asterisk's own files."""
        return self.data / "asterisk"


class Composition:
    """One engine with its edges."""

    def __init__(self, given: Surroundings) -> None:
        """Join everything; nothing runs yet but what the journal tells of before."""
        self._given = given
        self._clock = given.clock
        engine = Engine(given.current.floor.policy)
        recalled = recall(engine, given.journal)
        log.info("recalled", facts=recalled, calls=len(engine.floor.calls))
        self._boot_of_before = engine.floor.boot_id
        self._memory = Memory(
            engine.floor, given.journal, given.shipper, keep_days=given.keep_days
        )
        self._is_first_sight = True
        self.fan_out = FanOut(LiveView(engine.floor, now=self._clock.now))
        self.page_keys = PageKeys()
        self.switchboard = Switchboard(
            engine,
            given.journal,
            carry_out=self._carry_out,
            now=self._clock.now,
            overrun=self._see_anew,
            listen=self._hear,
        )
        self._tell_what_is_new(engine)
        self.switch = Switch(
            given.account,
            tell=self._from_switch,
            beliefs=Watch(engine.floor),
            now=self._clock.now,
            decides=self.switchboard.turned,
            is_recording=given.is_recording,
        )
        self.absence = self._reads_what_was_missed()
        self.door = Door(given.current, engine.floor, link=lambda: self.switch.link)
        self._messages = self._seals_messages()
        self.audio = AudioServer(finish_s=given.speech.finish_s)
        callers = self._callers(given, engine)
        self.agi = AgiServer(self._serving(callers))
        self._agi_problem: str | None = "agi: not listening yet"
        self.front = Front(
            self.switchboard,
            now=self._clock.now,
            checks={
                "switch": self._switch_problem,
                "database": lambda: given.shipper.problem,
                "journal": lambda: given.journal.problem,
                "agi": lambda: self._agi_problem,
            },
        )
        self._pace = Pace()
        self.figures = Figures()
        """What operators read; a part that counts adds its own."""
        self._add_figures()

    def _real(self, engine: Engine) -> CircumstancesOf:
        given = self._given
        world = FlowWorld(engine.floor, flags=Flags(given.data))
        return Real(world, opening=given.opening, office=given.office)

    def _serving(self, callers: Callers) -> Serve:
        studio = self._given.studio

        async def serve(session: Session) -> None:
            if studio is not None and session.request.script == STUDIO:
                await studio(session)
            else:
                await callers.serve(session)

        return serve

    def _tell_what_is_new(self, engine: Engine) -> None:
        now, current = self._clock.now(), self._given.current
        if engine.floor.is_linked:
            # The last process had a link; this one has none yet, and offers nothing.
            self.switchboard.tell(SwitchLost(at=now))
        if current.version is not None:
            # Old news, unless another one was published while no engine ran.
            policy = as_text(current.floor.policy)
            number = current.version.number
            self.switchboard.tell(FloorPublished(at=now, version=number, policy=policy))

    async def run(self) -> None:
        """Run every edge and the loop, until cancelled or one of them fails."""
        given = self._given
        async with given.speech, asyncio.TaskGroup() as tasks:
            tasks.create_task(self.switchboard.run(), name="switchboard")
            tasks.create_task(given.shipper.run(), name="shipper")
            tasks.create_task(self._memory.run(), name="memory")
            tasks.create_task(self.fan_out.run(), name="fan-out")
            tasks.create_task(self._pace.run(), name="pace")
            await self.agi.start(given.host, given.ports.agi)
            self._agi_problem = None
            await self._listen_to_words()
            tasks.create_task(self.switch.run(), name="switch")
            tasks.create_task(self.door.run(), name="door")
            tasks.create_task(self.absence.run(), name="absence")
            tasks.create_task(self._messages.run(), name="messages")

    async def close(self) -> None:
        """Take no more calls, and ship what is known while the database answers."""
        await self.agi.close()
        await self.audio.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHIP_LIMIT_S):
                await self._messages.close()
                await self._given.recordings.close()
        await self._given.shipper.caught_up(within_s=SHIP_LIMIT_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHIP_LIMIT_S):
                await self._memory.make()

    async def _listen_to_words(self) -> None:
        """Have callers' sound come, where somebody listens to it.

        Where the port is somebody else's, calls go on by keys.
        """
        given = self._given
        if not given.speech.pools:
            return
        try:
            await self.audio.start(given.ports.audio)
        except OSError as error:
            log.warning("words_unheard", port=given.ports.audio, problem=str(error))

    def _add_figures(self) -> None:
        given, figures = self._given, self.figures
        floor = self.switchboard.engine.floor
        operator_figures.add_floor(figures, floor, now=self._clock.now)
        operator_figures.add_counts(figures, self.fan_out, self.switchboard)
        operator_figures.add_streams(figures, self.fan_out)
        operator_figures.add_switch(figures, self.switch, agi=self.agi, door=self.door)
        operator_figures.add_sound(figures, self.audio)
        operator_figures.add_keeping(figures, given.journal, given.shipper)
        figures.gauge(
            "tieline_page_phones",
            "Agents whose page may be their telephone.",
            lambda: len(self.page_keys),
        )
        operator_figures.add_pace(figures, self._pace)

    def _hear(self, facts: Sequence[Fact]) -> None:
        self.fan_out.take(facts)
        self.page_keys.take(facts)

    def _see_anew(self) -> None:
        if (link := self.switch.link) is not None:
            link.close()

    def _carry_out(self, decision: Decision) -> None:
        if isinstance(decision, StoreRecording):
            if self._given.is_recording:
                self._given.recordings.take(decision, tell=self.switchboard.tell)
        else:
            self.switch.carry_out(decision)

    def _from_flow(self, fact: FlowFact) -> None:
        self.switchboard.tell(fact)
        if isinstance(fact, MessageRecorded):
            self._messages.take(fact.name)

    def _from_switch(self, fact: LegFact) -> None:
        if self._was_noted_before(fact):
            self.absence.read(was_away=isinstance(fact, SwitchSeen))
        self.switchboard.tell(fact)
        if isinstance(fact, SwitchSeen) and self._is_first_sight:
            self._is_first_sight = False
            self._begin_anew(fact)
            asyncio.get_running_loop().call_soon(self._store_what_was_left)

    def _was_noted_before(self, fact: LegFact) -> bool:
        """Tell whether the switch may have noted by itself what led to a fact.

        Who served the call of a leg that ended, say. Of conversations that we joined
        it notes nothing else, and to look costs as much as to take in the fact.
        """
        if isinstance(fact, LegEnded):
            floor = self.switchboard.engine.floor
            return not conversations.is_ours(floor, fact.leg_id)
        return isinstance(fact, SwitchSeen)

    def _begin_anew(self, seen: SwitchSeen) -> None:
        """Sign out whoever was signed in before a restart of everything.

        The engine and the switch were both gone: no agent's device is registered, and
        nobody knows who is at their desk. When the engine alone restarts, all stay.
        """
        floor = self.switchboard.engine.floor
        if self._boot_of_before in (None, seen.boot_id):
            return
        for agent_id in signed_in(floor):
            at = self._clock.now()
            self.switchboard.tell(AgentSignedOut(at=at, agent_id=agent_id))

    def _store_what_was_left(self) -> None:
        """Store recordings whose conversation ended while no engine ran."""
        floor = self.switchboard.engine.floor
        for left in self._given.recordings.left_in_spool():
            if left.offer_id in floor.offers:
                continue  # it goes on; its own end stores it
            if left.call_id in floor.closed or left.call_id in floor.calls:
                self._carry_out(left)
            else:
                log.warning("recording_of_no_call", call_id=left.call_id)

    def _callers(self, given: Surroundings, engine: Engine) -> Callers:
        ask, now = self.switchboard.ask, self._clock.now
        return Callers(
            given.current,
            tell=self._from_flow,
            turned=self.switchboard.turned,
            now=now,
            circumstances=given.circumstances or self._real(engine),
            line=WaitingLine(engine.floor, ask=ask, now=now),
            messages=given.asterisk / "spool" / MESSAGES,
            speak=given.speak,
            recognisers=given.speech.recognisers,
            audio=self.audio,
        )

    def _reads_what_was_missed(self) -> Absence:
        given = self._given
        return Absence(
            SwitchLog(
                given.asterisk / "log" / "queue_log",
                given.journal.folder / "switch_log_read_to",
            ),
            Spool(given.asterisk / "spool" / CALLBACKS),
            tell=self.switchboard.tell,
            listens=lambda: self.switch.link is not None,
            has_ended=self.switchboard.engine.floor.has_ended,
            place_of=self._place_of,
            now=self._clock.now,
        )

    def _seals_messages(self) -> MessageStore:
        given = self._given
        return MessageStore(
            given.asterisk / "spool" / MESSAGES,
            given.recordings.vault,
            tell=self.switchboard.tell,
            now=self._clock.now,
        )

    def _place_of(self, number: str) -> Place:
        dialled = self._given.current.floor.numbers.get(number)
        return dialled.place if dialled else CENTRE

    def _switch_problem(self) -> str | None:
        if self.switch.link is not None:
            return None
        return f"asterisk at {self._given.account.peer}: no link; is it running?"

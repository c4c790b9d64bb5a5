"""A leg's live sound over an AGI session: lent, played to, heard, and given back."""

import asyncio
import contextlib
import re
import struct
import wave
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import pytest

from cti_bridge.agi import hearing
from cti_bridge.agi.errors import AgiError, ReplyTimedOut
from cti_bridge.agi.line import AgiLine
from cti_bridge.agi.server import AgiServer, Session
from cti_bridge.audiosocket.protocol import (
    FRAME_BYTES,
    SILENCE,
    Ended,
    Frames,
    Sound,
    named,
    pressed,
    sound,
)
from cti_bridge.audiosocket.server import AudioServer
from ivr.ports import (
    CallerGone,
    Ears,
    Heard,
    HearingBroke,
    KeyHeard,
    NothingHeard,
    Recognised,
    WordsSpoken,
)
from ivr.sounds import Language
from ivr.understanding.grammar import Grammar
from ivr.understanding.outcome import Said
from tests.cti_bridge.test_agi_server import HEADERS, LIMITS
from tests.support.by_energy import ByEnergy
from tests.support.eventually import eventually

LOUD = array("h", [9000, -9000] * 80).tobytes()
Act = Callable[[asyncio.StreamWriter], Coroutine[None, None, None]]


async def nothing(_writer: asyncio.StreamWriter) -> None:
    pass


@dataclass
class LentLeg:
    """Asterisk's side: a session, and the sound that it connects when it is told to."""

    acts: Act = nothing
    """What the caller does once the sound is there."""
    comes: bool = True
    """Whether Asterisk connects at all; else it says -1 at once."""
    answers: bool = True
    """Whether Asterisk ever answers."""
    commands: list[str] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)
    results: list[int] = field(default_factory=list)

    async def run(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEADERS.encode())
        with contextlib.suppress(OSError):
            while line := (await reader.readline()).decode().rstrip("\n"):
                self.commands.append(line)
                if "AudioSocket" not in line:
                    writer.write(b"200 result=0 endpos=1\n")
                elif self.answers:
                    result = await self.audio_socket(line) if self.comes else -1
                    self.results.append(result)
                    writer.write(f"200 result={result}\n".encode())
        writer.close()

    async def audio_socket(self, line: str) -> int:
        found = re.search(r'"([0-9a-f-]+),([0-9.]+):([0-9]+)"', line)
        assert found is not None
        reader, writer = await asyncio.open_connection(found[2], int(found[3]))
        writer.write(named(UUID(found[1])))
        acting = asyncio.create_task(self.acts(writer))
        frames = Frames()
        try:
            while data := await reader.read(4096):
                for message in frames.take(data):
                    if isinstance(message, Ended):
                        return 0
                    assert isinstance(message, Sound)
                    self.heard += message.pcm
        except OSError:
            pass
        finally:
            acting.cancel()
            writer.close()
        return -1


async def lent(
    leg: LentLeg,
    walk: Callable[[AgiLine], Awaitable[None]],
    audio: AudioServer | None = None,
) -> BaseException | None:
    """Let one walk have the leg; return what ended it, or None."""
    ended: list[BaseException | None] = []
    own = audio or AudioServer()
    if audio is None:
        await own.start(0)

    async def serve(session: Session) -> None:
        try:
            await walk(AgiLine(session, audio=own))
        except (AgiError, CallerGone) as error:
            ended.append(error)
        else:
            ended.append(None)

    server = AgiServer(serve, limits=LIMITS)
    port = await server.start("127.0.0.1", 0)
    calling = asyncio.create_task(leg.run(port))
    try:
        await eventually(lambda: bool(ended), limit_s=30)
    finally:
        await server.close()
        await own.close()
        await calling
    assert (own.legs, own.awaits) == (0, 0)
    return ended[0]


def ears(recogniser: ByEnergy | None = None, words: str = "停电") -> Ears:
    return Ears(
        recogniser=recogniser or ByEnergy(words),
        grammar=Grammar(language=Language.ZH),
        fits=lambda said: said[0].text == words,
    )


@pytest.fixture
def prompt(tmp_path: Path) -> str:
    samples = array("h", (n % 997 for n in range(3000)))
    with wave.open(str(tmp_path / "prompt.wav"), "wb") as made:
        made.setparams((1, 2, 8000, 0, "NONE", ""))
        made.writeframes(samples.tobytes())
    return str(tmp_path / "prompt")


def pcm_of(sound_path: str) -> bytes:
    with wave.open(f"{sound_path}.wav", "rb") as opened:
        return opened.readframes(opened.getnframes())


async def test_sounds_are_heard_as_they_are_and_silence_behind_them(
    prompt: str,
) -> None:
    leg, told = LentLeg(), list[Heard]()

    async def walk(line: AgiLine) -> None:
        told.append(await line.hear([prompt, prompt], "1", 0, ears=ears()))
        told.append(await line.hear([], "", 0.2, ears=ears()))
        await line.play("beep", "")

    assert await lent(leg, walk) is None
    assert told == [NothingHeard(), NothingHeard()]
    pcm = 2 * pcm_of(prompt)
    begins = bytes(leg.heard).find(pcm[:FRAME_BYTES])
    assert bytes(leg.heard)[begins : begins + len(pcm)] == pcm
    assert set(leg.heard[begins + len(pcm) :]) == {0}
    # It is lent once for both, and given back before anything else is asked.
    assert [it.split()[0] for it in leg.commands] == ["EXEC", "STREAM"]
    assert leg.results == [0]


async def test_a_key_that_comes_between_two_waits_is_not_lost(prompt: str) -> None:
    async def types(writer: asyncio.StreamWriter) -> None:
        writer.write(pressed("1") + pressed("A") + pressed("2"))

    leg, told = LentLeg(acts=types), list[Heard]()

    async def walk(line: AgiLine) -> None:
        told.append(await line.hear([prompt], "1", 0, ears=ears()))
        await asyncio.sleep(0.1)
        told.append(await line.hear([], "", 5, ears=ears()))

    await lent(leg, walk)
    assert [it.key for it in told if isinstance(it, KeyHeard)] == ["1", "2"]


async def test_a_key_that_came_before_the_leg_was_given_back_is_not_lost(
    prompt: str,
) -> None:
    async def types(writer: asyncio.StreamWriter) -> None:
        writer.write(pressed("1") + pressed("2") + pressed("3"))

    leg, told = LentLeg(acts=types), list[object]()

    async def walk(line: AgiLine) -> None:
        told.append(await line.hear([prompt], "1", 0, ears=ears()))
        await asyncio.sleep(0.1)
        told.append(await line.play("beep", "3"))
        told.append(await line.play("beep", "3"))

    assert await lent(leg, walk) is None
    assert told[1:] == ["3", None], "what counts there is taken, once"


async def test_words_that_are_loud_and_fit_are_heard(prompt: str) -> None:
    async def speaks(writer: asyncio.StreamWriter) -> None:
        for _ in range(30):
            writer.write(sound(LOUD))
            await asyncio.sleep(0.02)

    leg, told = LentLeg(acts=speaks), list[Heard]()

    async def walk(line: AgiLine) -> None:
        told.append(await line.hear(20 * [prompt], "1", 0, ears=ears()))

    await lent(leg, walk)
    # The telephone sends nothing once its caller is quiet: that is heard as silence.
    [words] = told
    assert isinstance(words, WordsSpoken)
    assert words.said == (Said("停电"),)
    assert words.after_ms is not None


async def test_where_asterisk_does_not_come_the_line_goes_on(prompt: str) -> None:
    leg, told = LentLeg(comes=False), list[Heard]()

    async def walk(line: AgiLine) -> None:
        told.append(await line.hear([prompt], "1", 3, ears=ears()))
        assert await line.play("beep", "") is None

    assert await lent(leg, walk) is None
    [broke] = told
    assert isinstance(broke, HearingBroke)
    assert (broke.played, broke.left_s) == (0, 3)


async def test_a_session_that_does_not_go_on_is_given_up(
    prompt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "COME_S", 0.1)
    monkeypatch.setattr(hearing, "BACK_S", 0.1)
    leg = LentLeg(answers=False)

    async def walk(line: AgiLine) -> None:
        await line.hear([prompt], "1", 3, ears=ears())

    assert isinstance(await lent(leg, walk), ReplyTimedOut)


async def test_what_only_the_switch_can_play_is_left_to_it() -> None:
    leg, told = LentLeg(), list[Heard]()

    async def walk(line: AgiLine) -> None:
        told.append(await line.hear(["beep"], "1", 3, ears=ears()))
        told.append(await line.hear(["/nowhere/prompt"], "1", 3, ears=ears()))

    assert await lent(leg, walk) is None
    assert [isinstance(it, HearingBroke) for it in told] == [True, True]
    assert leg.commands == []


async def test_where_no_server_listens_nothing_is_tried(prompt: str) -> None:
    leg, told = LentLeg(), list[Heard]()

    async def walk(line: AgiLine) -> None:
        told.append(await line.hear([prompt], "1", 3, ears=ears()))

    await lent(leg, walk, audio=AudioServer())
    assert isinstance(told[0], HearingBroke)
    assert leg.commands == []


class Hasty:
    """A recogniser that ends at once, each time."""

    def __init__(self) -> None:
        self.streams = 0

    async def hear(
        self, sound: AsyncIterator[bytes], grammar: Grammar, deadline_s: float
    ) -> AsyncIterator[Recognised]:
        self.streams += 1
        yield Recognised(said=(), is_final=True)


async def test_a_recogniser_that_ends_at_once_keeps_nobody_busy() -> None:
    async def speaks(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(sound(LOUD))
            await asyncio.sleep(0.02)

    leg, told, hasty = LentLeg(acts=speaks), list[Heard](), Hasty()

    async def walk(line: AgiLine) -> None:
        listening = Ears(
            recogniser=hasty,
            grammar=Grammar(language=Language.ZH),
            fits=lambda _said: False,
        )
        told.append(await line.hear([], "", 5, ears=listening))

    await lent(leg, walk)
    assert isinstance(told[0], HearingBroke)
    assert hasty.streams == 1


async def test_a_leg_that_ends_by_itself_breaks_the_hearing(prompt: str) -> None:
    async def fails(writer: asyncio.StreamWriter) -> None:
        writer.write(struct.pack(">BHB", 0xFF, 1, 4))

    leg, told = LentLeg(acts=fails), list[Heard]()

    async def walk(line: AgiLine) -> None:
        told.append(await line.hear([prompt], "1", 3, ears=ears()))
        await line.play("beep", "")

    assert await lent(leg, walk) is None
    [broke] = told
    assert isinstance(broke, HearingBroke)
    assert "failed with 4" in broke.detail
    assert leg.results == [-1]


async def test_what_breaks_in_listening_leaves_the_session_in_step(
    prompt: str,
) -> None:
    async def speaks(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(sound(LOUD))
            await asyncio.sleep(0.02)

    def unfit(_said: object) -> bool:
        raise LookupError

    leg, told = LentLeg(acts=speaks), list[Heard | str | None]()

    async def walk(line: AgiLine) -> None:
        listening = replace(ears(), fits=unfit)
        told.append(await line.hear(20 * [prompt], "1", 3, ears=listening))
        told.append(await line.play("beep", ""))

    assert await lent(leg, walk) is None
    assert isinstance(told[0], HearingBroke)
    assert leg.results == [0]
    assert told[1] is None


async def test_a_leg_is_given_back_however_its_walk_ends(prompt: str) -> None:
    leg, audio = LentLeg(), AudioServer()
    await audio.start(0)

    async def walk(line: AgiLine) -> None:
        try:
            await line.hear([prompt], "1", 0, ears=ears())
            raise CallerGone("3f2a", "a walk that broke")
        finally:
            line.close()

    await lent(leg, walk, audio=audio)
    await eventually(lambda: leg.results == [0])
    await audio.close()


async def test_frames_keep_to_the_clock() -> None:
    leg = LentLeg()

    async def walk(line: AgiLine) -> None:
        await line.hear([], "", 1.0, ears=ears())

    began = asyncio.get_running_loop().time()
    await lent(leg, walk)
    took_s = asyncio.get_running_loop().time() - began

    assert len(leg.heard) % len(SILENCE) == 0
    # Never faster than time; how much slower is the machine's affair.
    assert len(leg.heard) / len(SILENCE) <= took_s / 0.02 + 6
    assert len(leg.heard) / len(SILENCE) > 10

"""Cases spoken into telephones, on an instance whose recognisers listen."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ivr.sounds import Language
from services.flows.aloud import Utterance, items_of
from services.flows.cases import Ran
from services.flows.speaking import YES, SpeakingCaller, steps_of
from services.phone.errors import PhoneError
from services.phone.softphone import Line, Softphone
from services.runtime.errors import RuntimeProblem
from services.runtime.progress import say
from services.runtime.rehearsal.circumstances import name_of
from services.runtime.rehearsal.facts_told import FactsTold
from services.runtime.rehearsal.playing import Caller
from services.runtime.rehearsal.running import WITHHELD, Rehearsal, each
from services.runtime.rehearsal.talking import Talked, talk
from services.runtime.rehearsal.voices import CallersVoices, line_noise
from services.runtime.settings import Settings

READY_LIMIT_S = 300.0
"""A model is loaded beside an instance that starts."""
_LOOK_S = 0.2
_HAN = re.compile(r"[\u3400-\u9fff]")
_READY, _ENDED = "recogniser_ready", "recogniser_ended"


class NobodyListens(RuntimeProblem):
    """No recogniser is ready to hear what callers say."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenCase:
    """A case's words as sound, made before anybody is called."""

    ran: Ran
    language: Language
    sounds: Mapping[str, bytes]
    voices: tuple[str, ...]
    """Who spoke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What became of one case."""

    case: SpokenCase
    talked: Talked = field(default_factory=Talked)

    @property
    def name(self) -> str:
        """Return the case's file and name."""
        return self.case.ran.case.key

    @property
    def expected(self) -> str:
        """Return where keys would have led."""
        return self.case.ran.walking.end

    @property
    def is_right(self) -> bool:
        """Return whether it ended there."""
        return not self.talked.problem and self.talked.end == self.expected


def made(settings: Settings, wanted: Sequence[Ran]) -> list[SpokenCase]:
    """Have all words of cases spoken; takes about as long as they last."""
    voices = CallersVoices(settings)
    try:
        return [_made(voices, ran) for ran in wanted]
    finally:
        voices.close()


def _made(voices: CallersVoices, ran: Ran) -> SpokenCase:
    texts = [it.text for it in items_of(ran) if isinstance(it, Utterance)]
    is_zh = any(_HAN.search(text) for text in texts)
    language = Language.ZH if is_zh else Language.EN
    spoken = {
        text: voices.of_case(text, language, ran.case)
        for text in dict.fromkeys((*texts, YES[language]))
    }
    return SpokenCase(
        ran=ran,
        language=language,
        sounds={text: pcm for text, (pcm, _) in spoken.items()},
        voices=tuple(dict.fromkeys(name for _, name in spoken.values())),
    )


async def until_somebody_listens(rehearsal: Rehearsal) -> None:
    """Wait until a recogniser of an instance has loaded its model.

    Raises:
        NobodyListens: None does.
    """
    log = rehearsal.instance.data / "log" / "engine.log"
    try:
        async with asyncio.timeout(READY_LIMIT_S):
            while not await asyncio.to_thread(_is_in, log, _READY):  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        why = await asyncio.to_thread(_last_with, log, _ENDED)
        told = why or f"none was ready in {READY_LIMIT_S:g} s"
        raise NobodyListens(f"nobody hears what callers say: {told}") from None


def _is_in(log: Path, text: str) -> bool:
    return bool(_last_with(log, text))


def _last_with(log: Path, text: str) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return next((line for line in reversed(lines) if text in line), "")


async def talk_all(
    rehearsal: Rehearsal,
    cases: Sequence[SpokenCase],
    *,
    at_once: int,
    tell: Callable[[Spoken], None],
) -> list[Spoken]:
    """Call cases, so many at a time, and speak in each.

    Args:
        rehearsal: Where.
        cases: Which.
        at_once: How many callers there are at a time.
        tell: Told each when it is over.

    Returns:
        What became of each, in their order.
    """
    say("waiting until a recogniser listens …")
    await until_somebody_listens(rehearsal)
    return await each(rehearsal, cases, _spoken, at_once=at_once, tell=tell)


async def _spoken(
    rehearsal: Rehearsal, case: SpokenCase, phone: Softphone, told: FactsTold
) -> Spoken:
    written = case.ran.case.written
    line = Line(
        user=written.caller or WITHHELD,
        server=rehearsal.instance.sip,
        display_name=name_of(rehearsal.numbers[case.ran.case.key]),
    )
    speaking = SpeakingCaller(
        items=items_of(case.ran),
        wants=steps_of(case.ran.walking.flow_set),
        language=case.language,
    )
    caller = Caller(phone=phone, line=line, number=written.number)
    try:
        talked = await talk(
            speaking,
            caller,
            told,
            sounds=case.sounds,
            hiss=line_noise(case.ran.case),
        )
    except PhoneError as error:
        talked = Talked(turns=speaking.turns, problem=str(error))
    return Spoken(case=case, talked=talked)

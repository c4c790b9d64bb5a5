"""Prompts recorded from a telephone: by a code, heard back, kept or said again."""

import asyncio
import re
import shutil
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import structlog

from cti_bridge.agi.line import AgiLine
from cti_bridge.agi.server import Session
from ivr.runner import Speak
from ivr.sounds import Language, Spoken
from ivr.wording import Wording, told
from recordings.disk import wipe
from services.prompts.errors import Unplayable, UploadRefused
from services.prompts.recorded import recorded_file
from services.prompts.upload import add_prompt
from services.runtime.prompt_code import DIGITS, Grant, PromptCode
from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.settings import Settings
from services.store.audit import Act, Audit
from services.store.errors import DatabaseAway

log = structlog.get_logger()

STUDIO = "studio"
"""What the dialplan asks for where an agent's device dials ``NUMBER``."""
NUMBER = "*77"
TRIES = 3
"""Codes, and recordings of one prompt, in one call."""
_LIMIT_S = 900.0
_LONGEST_S = 170.0
_KEY_S = 8.0
_DIGIT_S = 4.0
_KEYS = "0123456789*#"
_DEVICE = re.compile(r"dev-[A-Za-z0-9_-]{1,40}")

_CODE = Wording(en="Enter the code.", zh="请输入授权码。")
_WRONG = Wording(en="This code does not hold.", zh="授权码不正确。")
_WHICH = Wording(en="Press the number of the prompt.", zh="请按语音的编号。")
_OLD = Wording(en="So far it says:", zh="现在的内容是：")
_NONE = Wording(en="There is no recording yet.", zh="还没有录音。")
_SPEAK = Wording(
    en="Speak after the tone, then press hash.", zh="请在提示音后讲话，结束请按井号键。"
)
_NEW = Wording(en="You said:", zh="您录的是：")
_KEEP = Wording(en="To keep it press 1, again 2.", zh="保留请按1，重录请按2。")
_KEPT = Wording(en="It is kept.", zh="已保留，下一个来电即可听到。")
_UNFIT = Wording(en="It cannot be used. Once more.", zh="这段录音不能使用，请重录。")
_LATER = Wording(en="It cannot be kept now.", zh="现在不能保存，请稍后再试。")

Serve = Callable[[Session], Awaitable[None]]


class Studio:
    """Serves agents' devices that dial the number for recording prompts."""

    def __init__(
        self,
        code: PromptCode,
        audit: Audit,
        *,
        speak: Speak,
        folder: Path,
        spool: Path,
        now: Callable[[], datetime],
    ) -> None:
        """Serve nobody yet.

        Args:
            code: Who may, and what.
            audit: Gets a row before a prompt is another one.
            speak: Makes what is said to them.
            folder: Of recorded prompts.
            spool: Where Asterisk writes what they say; all of it is wiped.
            now: Tells the time, aware.
        """
        self._code = code
        self._audit = audit
        self._speak = speak
        self._folder = folder
        self._spool = spool
        self._now = now

    async def serve(self, session: Session) -> None:
        """Serve one call; where no code holds, it is not even answered.

        Raises:
            AgiError, CallerGone: The line broke or left.
        """
        line, device = AgiLine(session, messages=self._spool), session.request.argument
        known = device is not None and _DEVICE.fullmatch(device) is not None
        if known and await asyncio.to_thread(self._code.holds, self._now()):
            await line.answer()
            try:
                async with asyncio.timeout(_LIMIT_S):
                    await self._served(line, device or "")
            except TimeoutError:
                log.info("studio_took_too_long", device=device)
        await line.hang_up()

    async def _served(self, line: AgiLine, device: str) -> None:
        grant = await self._entered(line)
        if grant is None:
            log.warning("prompt_code_refused", device=device)
            await self._noted(Act.REFUSED, device, "prompt code")
            return
        desk = _Desk(self, line, grant.language)
        while (name := await desk.chosen(grant)) is not None:
            await self._one(desk, name, device)
            if len(grant.prompts) == 1:
                return

    async def _entered(self, line: AgiLine) -> Grant | None:
        # In the language of the last code: nobody has said yet who they are.
        desk = _Desk(self, line, Language.ZH)
        for _ in range(TRIES):
            # Nothing tells these digits: no fact, no log, no trace.
            typed = await desk.typed(_CODE, DIGITS)
            grant = await asyncio.to_thread(self._code.entered, typed, self._now())
            if grant is not None:
                return grant
            await desk.say(_WRONG)
        return None

    async def _one(self, desk: "_Desk", name: str, device: str) -> None:
        """Have one prompt heard, and recorded until it is kept."""
        try:
            old = await asyncio.to_thread(recorded_file, self._folder, name)
        except Unplayable:
            await desk.say(_NONE)
        else:
            await desk.say(_OLD)
            await desk.play(str(old))
        for _ in range(TRIES):
            take = self._spool / f"{uuid.uuid4()}-1.wav"
            try:
                if await self._taken(desk, take, name, device):
                    return
            finally:
                await asyncio.to_thread(_wiped, take)

    async def _taken(self, desk: "_Desk", take: Path, name: str, device: str) -> bool:
        """Take one recording down; return whether that is the end of it."""
        await desk.say(_SPEAK)
        await desk.record(take)
        draft = take.with_suffix("")
        try:
            made = await asyncio.to_thread(add_prompt, take, "draft", draft)
        except UploadRefused as refused:
            log.info("prompt_unfit", prompt=name, reason=str(refused))
            await desk.say(_UNFIT)
            return False
        await desk.say(_NEW)
        await desk.play(str(made.file.with_suffix("")))
        if await desk.key(_KEEP) != "1":
            return False
        length_s = round(made.length_s, 1)
        if not await self._noted(Act.PROMPT_RECORDED, device, name):
            await desk.say(_LATER)
            return True
        await asyncio.to_thread(add_prompt, take, name, self._folder, replace=True)
        log.info("prompt_recorded", prompt=name, device=device, length_s=length_s)
        await desk.say(_KEPT)
        return True

    async def _noted(self, act: Act, who: str, what: str) -> bool:
        try:
            await self._audit.note(act, actor=who, what=what)
        except DatabaseAway as away:
            log.warning("studio_not_audited", reason=str(away))
            return False
        return True

    async def sound_of(self, text: Wording, language: Language) -> str | None:
        """Return the sound of a text in a language; None where it cannot be made."""
        return await self._speak(Spoken(language=language, text=told(text, language)))


def studio_of(
    settings: Settings, audit: Audit, speak: Speak, now: Callable[[], datetime]
) -> Studio:
    """Return the studio of an instance."""
    return Studio(
        PromptCode(settings.data / SECRETS),
        audit,
        speak=speak,
        folder=settings.flows.parent / "prompts",
        spool=settings.data / "asterisk" / "spool" / STUDIO,
        now=now,
    )


class _Desk:
    """One caller's line, spoken to in a language."""

    def __init__(self, studio: Studio, line: AgiLine, language: Language) -> None:
        self._studio = studio
        self._line = line
        self._language = language

    async def say(self, text: Wording) -> str | None:
        """Say a text; return the key that cut it short."""
        sound = await self._studio.sound_of(text, self._language)
        return await self.play(sound) if sound else None

    async def play(self, sound: str) -> str | None:
        return await self._line.play(sound, _KEYS)

    async def key(self, text: Wording) -> str | None:
        """Ask for one key; None when none comes."""
        return await self.say(text) or await self._line.listen(_KEY_S)

    async def typed(self, text: Wording, most: int) -> str:
        """Ask for digits, ended by # or by nothing more."""
        digits, key = "", await self.key(text)
        while key is not None and key in "0123456789":
            digits += key
            if len(digits) == most:
                break
            key = await self._line.listen(_DIGIT_S)
        return digits

    async def chosen(self, grant: Grant) -> str | None:
        """Return the prompt that is chosen; the only one without asking."""
        if len(grant.prompts) == 1:
            return grant.prompts[0]
        for _ in range(TRIES):
            key = await self.key(_WHICH)
            if key and key.isdecimal() and 1 <= int(key) <= len(grant.prompts):
                return grant.prompts[int(key) - 1]
        return None

    async def record(self, take: Path) -> None:
        await self._line.record(take.stem, _LONGEST_S, "#")


def _wiped(take: Path) -> None:
    """Leave nothing of what was said but what was kept."""
    if take.exists():
        wipe(take)
    shutil.rmtree(take.with_suffix(""), ignore_errors=True)

"""A voice that is a program beside us: what it answers, and all it can do wrong."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from ivr.sounds import Language, Spoken
from services.prompts.errors import SpeechFailed
from services.prompts.loudness import speech_level_dbov, trimmed
from services.prompts.model_voice import ModelVoice
from services.prompts.store import PromptStore
from services.prompts.voices import EspeakVoice
from tests.services.prompts.test_a_prompt_store import espeak, sound_in

ZH, EN = Language.ZH, Language.EN
FAKE = """
import json, sys, time
out = sys.stdout.buffer
def answer(head, sound=b""):
    out.write(json.dumps(head).encode() + b"\\n" + sound)
    out.flush()
ready = {"ready": True}
"""
LOOP = """
answer(ready)
for line in sys.stdin:
    asked = json.loads(line)
"""
SPEAKS = (
    LOOP
    + """
    sound = b"\\x10\\x20" * (len(asked["text"]) * 100)
    answer({"id": asked["id"], "bytes": len(sound)}, sound)
"""
)


def voice(tmp_path: Path, program: str, *, is_quick: bool = True) -> ModelVoice:
    """Return a voice whose worker is another program, by another Python."""
    worker = tmp_path / "worker.py"
    worker.write_text(FAKE + program)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -I "{worker}"\n')
    python.chmod(0o755)
    return ModelVoice(
        name="hibari",
        language=EN,
        python=python,
        other=EspeakVoice(program=espeak()),
        is_quick=is_quick,
        env={"PATH": os.defpath},
    )


def said(one: ModelVoice, text: str, limit_s: float = 60) -> int:
    return len(one.speak(text, EN, is_slow=False, limit_s=limit_s))


def test_texts_are_asked_of_one_program_and_other_languages_of_the_other_voice(
    tmp_path: Path,
) -> None:
    one = voice(tmp_path, SPEAKS)

    assert said(one, "hello") == 500
    process = one._worker.process if one._worker else None
    assert said(one, "hello there") == 1100
    assert one._worker is not None
    assert one._worker.process is process
    # Espeak's Mandarin between two English words, with a gap to each.
    assert said(one, "say 停电 now") > 300 + 300 + 4000
    one.close()


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ('answer({"error": "no module"})', "hibari: no module"),
        ("", "hibari: ended"),
        ("out.write(b'hello\\n'); out.flush()", "hibari: speaks otherwise than agreed"),
        ("answer([])", "hibari: speaks otherwise than agreed"),
        (
            LOOP + "    answer({'id': asked['id'], 'bytes': 10**12})",
            "hibari: speaks otherwise than agreed",
        ),
        (
            LOOP + "    answer({'id': asked['id'], 'bytes': -2})",
            "hibari: speaks otherwise than agreed",
        ),
        (
            "while True: out.write(b'x' * 65536)",
            "hibari: speaks otherwise than agreed",
        ),
        (
            LOOP + "    answer({'id': asked['id'], 'error': 'cannot'})",
            "hibari: cannot",
        ),
        (LOOP + "    sys.exit()", "hibari: ended"),
        (
            LOOP + "    answer({'id': asked['id'], 'bytes': 4}, bytes(4))",
            "hibari: silence for 5 characters",
        ),
    ],
)
def test_a_worker_that_does_wrong_is_named(
    tmp_path: Path, program: str, why: str
) -> None:
    one = voice(tmp_path, program)

    with pytest.raises(SpeechFailed) as caught:
        said(one, "hello")

    assert str(caught.value) == why
    one.close()


def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    one = voice(tmp_path, SPEAKS)
    one.python = tmp_path / "none"

    with pytest.raises(SpeechFailed, match=r"hibari: .*No such file"):
        said(one, "hello")


def test_a_failed_start_is_not_tried_with_every_text(tmp_path: Path) -> None:
    one = voice(tmp_path, f"open({str(tmp_path / 'starts')!r}, 'a').write('x')")

    for _ in range(5):
        with pytest.raises(SpeechFailed, match="hibari: ended"):
            said(one, "hello")

    assert (tmp_path / "starts").read_text() == "x"


def test_a_slow_start_is_waited_for_by_the_next_text(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = f"import os\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)\n"
    one = voice(tmp_path, waits + SPEAKS)

    with pytest.raises(SpeechFailed, match="hibari: took too long"):
        said(one, "hello", limit_s=0.2)
    gate.touch()

    assert said(one, "hello") == 500
    one.close()


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(
    tmp_path: Path,
) -> None:
    gate = tmp_path / "gate"
    program = LOOP + (
        "    import os\n"
        "    sound = b'\\x10\\x20' * (len(asked['text']) * 100)\n"
        "    out.write(json.dumps({'id': 1, 'bytes': len(sound)}).encode() + b'\\n')\n"
        # A part of the sound is there before the limit.
        "    out.write(sound[:100]); out.flush()\n"
        f"    while not os.path.exists({str(gate)!r}): time.sleep(0.02)\n"
        "    out.write(sound[100:]); out.flush()\n"
    )
    one = voice(tmp_path, program)
    with pytest.raises(SpeechFailed, match="hibari: took too long"):
        said(one, "a long text that comes late", limit_s=5)
    gate.touch()

    assert said(one, "short") == 500
    one.close()


def test_a_worker_that_hangs_is_ended_and_never_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = "    if asked['id'] > 1: time.sleep(600)"
    one = voice(tmp_path, SPEAKS.replace(LOOP, LOOP + hangs))
    assert said(one, "hello") == 500
    for _ in range(12):
        with pytest.raises(SpeechFailed, match="hibari: took too long"):
            said(one, "x" * 1000, limit_s=0.05)

    # More are not even sent: the pipe would be full one day.
    assert one._worker is not None
    assert one._worker.asked == 1 + 8

    monkeypatch.setattr("services.prompts.model_voice.HANGS_S", 0.0)
    with pytest.raises(SpeechFailed, match="hibari: took too long"):
        said(one, "hello", limit_s=0.05)
    assert one._worker is None


def store(tmp_path: Path, one: ModelVoice) -> PromptStore:
    return PromptStore(
        spoken=tmp_path / "spoken",
        recorded=tmp_path / "recorded",
        program=espeak(),
        voices={EN: one},
    )


def test_where_the_voice_fails_the_plain_one_speaks(tmp_path: Path) -> None:
    prompts = store(tmp_path, voice(tmp_path, ""))
    sound = Spoken(language=EN, text="Press one.")

    ready = asyncio.run(prompts.prepare_sounds([sound]))

    assert len(sound_in(Path(f"{ready[sound]}.wav"))) > 4000
    assert prompts.voice_of(sound) == "espeak-ng"


def test_a_slow_voice_is_heard_from_when_it_has_spoken(tmp_path: Path) -> None:
    one = voice(tmp_path, SPEAKS, is_quick=False)
    prompts = store(tmp_path, one)
    sound = Spoken(language=EN, text="Press one.")

    ready = asyncio.run(prompts.prepare_sounds([sound]))
    plain = len(sound_in(Path(f"{ready[sound]}.wav")))
    assert one._worker is None
    assert prompts.voice_of(sound) == "espeak-ng"

    assert prompts.make(sound) == "hibari"
    assert prompts.voice_of(sound) == "hibari"
    # In the same place, so that nobody need be told.
    assert len(sound_in(Path(f"{ready[sound]}.wav"))) == 1000 != plain
    assert asyncio.run(prompts.prepare_sounds([sound])) == ready
    one.close()
    assert prompts.make(sound) == "hibari"
    assert one._worker is None


def test_a_value_is_spoken_by_a_quick_voice_and_else_by_the_plain_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that does other things takes its time.
    monkeypatch.setattr("services.prompts.store.NOW_LIMIT_S", 120.0)
    sound = Spoken(language=EN, text="twelve yuan")
    for is_quick, expected in ((True, "hibari"), (False, "espeak-ng")):
        folder = tmp_path / expected
        folder.mkdir()
        one = voice(folder, SPEAKS, is_quick=is_quick)
        prompts = store(folder, one)

        assert asyncio.run(prompts.ready_now(sound)) is not None
        assert prompts.voice_of(sound) == expected
        one.close()


@pytest.mark.voices
@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("hibari", "Press 1 for an outage, or stay on the line.", EN),
        ("kokoro", "停电报修请按1，人工服务请按0。", ZH),
    ],
)
def test_the_real_voices_speak(
    tmp_path: Path, name: str, text: str, language: Language
) -> None:
    style = Path(os.environ["TIELINE_VOICES__KOKORO"]) / "zf_xiaoxiao.bin"
    one = ModelVoice(
        name=name,
        language=language,
        python=Path(os.environ["TIELINE_VOICES__PYTHON"]),
        other=EspeakVoice(program=espeak()),
        style=style if name == "kokoro" else None,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
    )

    usual, slow = (
        trimmed(one.speak(text, language, is_slow=it, limit_s=500))
        for it in (False, True)
    )

    assert 1.5 < len(usual) / 8000 < 8
    assert 1.1 < len(slow) / len(usual) < 1.6
    assert -40 < speech_level_dbov(usual) < -8
    one.close()

"""Prompts made by the real espeak-ng, kept, and the refusals."""

import asyncio
import os
import stat
import wave
from array import array
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from ivr.flow import Flow
from ivr.sounds import Language, Recorded, Sound, Spoken
from services.prompts.errors import PromptsRefused
from services.prompts.speech import SpeechProgram
from services.prompts.store import PromptStore
from services.runtime.parts.espeak import obtain

FAULT = "停电报修请按1，人工服务请按0。"


def flow_saying(*prompts: dict[str, str]) -> Flow:
    return Flow.model_validate(
        {
            "name": "main",
            "language": "zh",
            "entry": "s0",
            "person": "person",
            "steps": {
                "person": {"queue": "q_fault"},
                **{
                    f"s{place}": {"say": prompt, "goto": "person"}
                    for place, prompt in enumerate(prompts)
                },
            },
        }
    )


@cache
def espeak() -> SpeechProgram:
    """Return the espeak-ng that the product would use here."""
    part = obtain()
    return SpeechProgram(argv_prefix=part.argv, env=part.environment)


def store(tmp_path: Path, program: SpeechProgram | None = None) -> PromptStore:
    recorded = tmp_path / "recorded"
    recorded.mkdir(exist_ok=True)
    return PromptStore(
        spoken=tmp_path / "spoken", recorded=recorded, program=program or espeak()
    )


def prepared(prompts: PromptStore, flows: list[Flow]) -> Mapping[Sound, str]:
    return asyncio.run(prompts.prepare(flows))


def sound_in(path: Path) -> "array[int]":
    with wave.open(str(path), "rb") as opened:
        assert opened.getparams()[:3] == (1, 2, 8000)
        return array("h", opened.readframes(opened.getnframes()))


def test_a_text_becomes_a_sound_that_a_telephone_can_play(
    tmp_path: Path,
) -> None:
    flow = flow_saying({"zh": FAULT, "en": "Press 1 for an outage."})

    ready = prepared(store(tmp_path), [flow])

    assert set(ready) == flow.sounds()
    mandarin = Path(ready[Spoken(language=Language.ZH, text=FAULT)] + ".wav")
    english = Spoken(language=Language.EN, text="Press 1 for an outage.")
    for file, least_s, most_s in (
        (mandarin, 2.5, 8),
        (Path(ready[english] + ".wav"), 1, 4),
    ):
        samples = sound_in(file)
        assert least_s < len(samples) / 8000 < most_s
        assert 8000 < max(samples) < 32767
        assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert sorted(path.suffix for path in (tmp_path / "spoken").iterdir()) == [
        "",
        ".wav",
        ".wav",
    ]


def test_both_scripts_of_one_text_are_heard(tmp_path: Path) -> None:
    mixed, alone = "请按8，English service", "请按8"
    ready = prepared(store(tmp_path), [flow_saying({"zh": mixed}, {"zh": alone})])

    lengths = [
        len(sound_in(Path(ready[Spoken(language=Language.ZH, text=text)] + ".wav")))
        for text in (mixed, alone)
    ]
    assert lengths[0] - lengths[1] > 0.5 * 8000


def test_what_was_made_is_kept_and_what_is_broken_is_made_again(
    tmp_path: Path,
) -> None:
    flow = flow_saying({"zh": "您好"})
    (path,) = prepared(store(tmp_path), [flow]).values()
    file = Path(path + ".wav")
    whole = file.read_bytes()

    silent = SpeechProgram(argv_prefix=("/bin/false",))
    assert list(prepared(store(tmp_path, silent), [flow]).values()) == [path]

    file.write_bytes(whole[:500])
    prepared(store(tmp_path), [flow])
    assert file.read_bytes() == whole


def test_what_a_crash_left_half_made_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "spoken").mkdir()
    left, being_made = (tmp_path / "spoken" / f".part-{name}" for name in "xy")
    left.write_bytes(b"half")
    being_made.write_bytes(b"half")
    os.utime(left, (0, 0))

    prepared(store(tmp_path), [flow_saying({"zh": "您好"})])

    assert not left.exists()
    assert being_made.exists()


def test_every_text_that_cannot_be_spoken_is_named_at_once(
    tmp_path: Path,
) -> None:
    flow = flow_saying({"zh": "50%"}, {"zh": "您好"}, {"zh": "…"})

    with pytest.raises(PromptsRefused) as caught:
        prepared(store(tmp_path), [flow])

    assert caught.value.problems == (
        "prompt in 'zh': '50%' cannot be spoken: no voice for '%'; write it in words",
        "prompt in 'zh': '…' cannot be spoken: there are no words in it; write some",
    )


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("/nowhere/espeak-ng", "cannot be started: No such file or directory"),
        ("/bin/false", "ended with 1: "),
        ("/bin/true", "no sound for 'nin2 hao3'"),
    ],
)
def test_a_speech_program_that_fails_is_named(
    tmp_path: Path, program: str, why: str
) -> None:
    broken = SpeechProgram(argv_prefix=(program,))

    with pytest.raises(PromptsRefused) as caught:
        prepared(store(tmp_path, broken), [flow_saying({"zh": "您好"})])

    assert str(caught.value) == f"prompt in 'zh': {program}: {why}"
    assert [path.name for path in (tmp_path / "spoken").iterdir()] == ["values"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "spoken").write_text("in the way")

    with pytest.raises(PromptsRefused, match="spoken: cannot be written: File exists"):
        prepared(store(tmp_path), [flow_saying({"zh": "您好"})])


def test_a_recorded_file_is_played_from_its_folder(tmp_path: Path) -> None:
    prompts = store(tmp_path)
    (prompts.recorded / "storm").mkdir()
    (prompts.recorded / "storm" / "warning.wav").write_bytes(b"RIFF")

    ready = prepared(prompts, [flow_saying({"file": "storm/warning"})])

    assert ready == {
        Recorded(name="storm/warning"): str(
            prompts.recorded.resolve() / "storm" / "warning"
        )
    }


@pytest.mark.parametrize("lies", ["file", "folder", "pipe", "nothing"])
def test_a_recorded_file_that_is_not_the_folders_own_is_refused(
    tmp_path: Path, lies: str
) -> None:
    prompts = store(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "warning.wav").write_bytes(b"secret")
    match lies:
        case "file":
            (prompts.recorded / "storm").mkdir()
            (prompts.recorded / "storm/warning.wav").symlink_to(outside / "warning.wav")
            why = "'warning.wav' leads out of"
        case "folder":
            (prompts.recorded / "storm").symlink_to(outside)
            why = "'warning.wav' leads out of"
        case "pipe":
            (prompts.recorded / "storm").mkdir()
            os.mkfifo(prompts.recorded / "storm/warning.wav")
            why = "'warning.wav' is not a file; put a sound file there"
        case _:
            why = "no such file in"

    with pytest.raises(PromptsRefused, match=f"prompt file 'storm/warning': {why}"):
        prepared(prompts, [flow_saying({"file": "storm/warning"})])


def test_a_speech_program_that_makes_silence_is_named(tmp_path: Path) -> None:
    silence = tmp_path / "silence.wav"
    with wave.open(str(silence), "wb") as sound:
        sound.setparams((1, 2, 22050, 0, "NONE", ""))
        sound.writeframes(bytes(44100))
    # espeak-ng's last argument is the file to write.
    script = f'for file; do :; done; cat "{silence}" > "$file"'
    mute = SpeechProgram(argv_prefix=("/bin/sh", "-c", script, "espeak-ng"))

    with pytest.raises(PromptsRefused, match="/bin/sh: silence for 'nin2 hao3'"):
        prepared(store(tmp_path, mute), [flow_saying({"zh": "您好"})])


def test_a_sound_that_cannot_be_put_in_its_place_leaves_nothing(
    tmp_path: Path,
) -> None:
    flow = flow_saying({"zh": "您好"})
    (path,) = prepared(store(tmp_path), [flow]).values()
    file = Path(path + ".wav")
    file.unlink()
    file.mkdir()

    with pytest.raises(PromptsRefused, match="spoken: cannot be written: Is a direct"):
        prepared(store(tmp_path), [flow])

    assert {*(tmp_path / "spoken").iterdir()} == {file, tmp_path / "spoken/values"}


def test_a_file_that_a_text_stands_in_for_may_be_missing(tmp_path: Path) -> None:
    flow = flow_saying({"zh": FAULT, "file": "fault"})

    ready = prepared(store(tmp_path), [flow])

    assert [type(sound) for sound in ready] == [Spoken]


def test_a_slow_text_is_another_sound(tmp_path: Path) -> None:
    slow = Spoken(language=Language.ZH, text=FAULT, is_slow=True)
    plain = Spoken(language=Language.ZH, text=FAULT)

    ready = asyncio.run(store(tmp_path).prepare_sounds([slow, plain]))

    long, short = (Path(f"{ready[one]}.wav") for one in (slow, plain))
    assert len(sound_in(long)) > 1.1 * len(sound_in(short))


def test_the_same_text_is_there_at_both_paces(tmp_path: Path) -> None:
    usual, slow = (
        Spoken(language=Language.ZH, text=FAULT, is_slow=it) for it in (False, True)
    )

    ready = asyncio.run(store(tmp_path).prepare_sounds([usual, slow]))

    lengths = [len(sound_in(Path(f"{ready[it]}.wav"))) for it in (usual, slow)]
    assert 1.1 < lengths[1] / lengths[0] < 1.5

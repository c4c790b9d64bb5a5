"""Recognisers that a bench breaks, and silences as its callers hear them."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.load import load_set
from services.runtime.bench.chaos import broken_recogniser
from services.runtime.bench.chaos.broken_recogniser import DIES, HOW, SILENT, WELL, WORD
from services.runtime.bench.chaos.sound_probe import Flow
from services.runtime.bench.chaos.speech_faults import ListeningFloor
from services.speech.errors import RecognitionError
from services.speech.listening import Patience
from services.speech.pool import Limits, RecogniserPool
from services.speech.worker_process import Launch
from tests.services.bench.chaos_builders import at, heard
from tests.services.speech.sounds import PHRASE, grammar, line
from tests.support.eventually import eventually

LOUD = b"\x80\x00" + bytes(10) + b"\x20" * 160
SILENT_PACKET = b"\x80\x00" + bytes(10) + b"\xff" * 160


def test_a_time_without_anything_audible_is_noted_though_packets_come() -> None:
    flow = Flow(sort="speaking", port=1)

    for nth in range(500):
        is_loud = nth < 50 or nth >= 400
        flow.came(nth * 0.02, LOUD if is_loud else SILENT_PACKET)

    [(begin, end)] = flow.hushes
    assert (round(begin, 2), round(end, 2)) == (0.98, 8.0)
    assert flow.gaps == []


def test_the_longest_silence_counts_from_the_answer_and_within_the_window() -> None:
    one = replace(heard(1), hushes=((at(2), at(5)), (at(9), at(20))))

    assert one.longest_hush_s(at(0), at(8)) == 3.0
    assert one.longest_hush_s(at(0), at(10)) == 3.0
    assert one.longest_hush_s(at(0), at(30)) == 11.0
    assert replace(one, audible_at=None).longest_hush_s(at(0), at(30)) == 30.0


def test_the_floor_of_callers_who_speak_is_a_right_one(tmp_path: Path) -> None:
    _, flows = ListeningFloor(agents=2).write(tmp_path)

    assert "listens" in load_set(flows).flows


@pytest.mark.parametrize("how", [WELL, DIES, SILENT])
async def test_a_recogniser_does_what_its_file_says(tmp_path: Path, how: str) -> None:
    file = tmp_path / "how"
    file.write_text(WELL)
    launch = Launch(
        recogniser="whisper",
        python=Path(sys.executable),
        program=Path(broken_recogniser.__file__),
        env={HOW: str(file)},
    )
    patience = Patience(stall_s=2.0 if how == SILENT else 60)
    limits = Limits(workers=1, waiting=0, patience=patience)
    pool = RecogniserPool(launch, limits)
    await pool.start()
    try:
        await eventually(lambda: pool.free == 1, 120)
        file.write_text(how)
        said = pool.hear(line(PHRASE), grammar("yes"), 60)
        if how == WELL:
            *_, last = [it async for it in said]
            assert [one.text for one in last.said] == [WORD]
        else:
            with pytest.raises(RecognitionError):
                [it async for it in said]
    finally:
        await pool.aclose()

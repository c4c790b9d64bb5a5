"""The script that Asterisk runs itself, with us in Asterisk's place."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.callback.spool import Spool
from services.runtime.embedded.conf import LEAVE_NUMBER

CALL = "7c5c2a0e-5f0e-4b39-9d0e-0d7c9f0f6b11"
NOW = datetime(2126, 1, 1, tzinfo=UTC)


def runs(spool: Path, *answers: str, call_id: str = CALL) -> tuple[int, str, str]:
    """Play Asterisk: say who calls, then answer each command in turn."""
    words = (str(spool), "/prompts", call_id, "zh", "q_bill")
    done = subprocess.run(
        (sys.executable, "-I", str(LEAVE_NUMBER), *words),
        input="agi_request: x\n\n" + "".join(f"{it}\n" for it in answers),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_number_that_was_keyed_is_left_for_the_engine(tmp_path: Path) -> None:
    code, asked, complained = runs(
        tmp_path, "200 result=13800138000", "200 result=1", "200 result=0 endpos=8"
    )

    [left] = Spool(tmp_path).left(NOW, 0.0)
    assert (code, left.callback_number, left.queue_id) == (0, "13800138000", "q_bill")
    assert [file.name for file in tmp_path.iterdir()] == [f"{CALL}.json"]
    assert 'GET DATA "/prompts/open-ask-zh" 8000 15' in asked
    assert "SET VARIABLE" in asked
    assert "138" not in complained, "keys stand in no log"


def test_who_keys_no_number_is_asked_again_and_leaves_none(tmp_path: Path) -> None:
    _, asked, _ = runs(
        tmp_path, "200 result= (timeout)", "200 result=1*2", "200 result=12"
    )

    assert asked.count("GET DATA") == 3
    assert "open-again-zh" in asked
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("answer", ["200 result=-1", "511 Command Not Permitted", ""])
def test_a_caller_who_has_gone_leaves_nothing(tmp_path: Path, answer: str) -> None:
    code, _, complained = runs(tmp_path, answer)

    assert (code, complained) == (0, "")
    assert not list(tmp_path.iterdir())


def test_a_call_that_is_none_is_refused(tmp_path: Path) -> None:
    code, asked, _ = runs(tmp_path, call_id="../../etc/passwd")

    assert (code, asked) == (2, "")


@pytest.mark.parametrize(
    "told",
    [
        "{",
        "[]",
        json.dumps({"call_id": CALL}),
        json.dumps(
            {
                "call_id": CALL,
                "number": "1; DROP",
                "queue": "q",
                "language": "zh",
                "at": "2026-01-01T00:00:00+00:00",
            }
        ),
    ],
)
def test_a_file_that_is_not_of_its_form_is_left_out(tmp_path: Path, told: str) -> None:
    (tmp_path / f"{CALL}.json").write_text(told, encoding="utf-8")

    spool = Spool(tmp_path)
    with capture_logs() as logged:
        left = [*spool.left(NOW, 0.0), *spool.left(NOW, 0.5)]

    assert left == []
    assert [line["event"] for line in logged] == ["callback_unusable"], "once"


def test_a_number_is_given_out_once_and_deleted_when_it_is_in_the_journal(
    tmp_path: Path,
) -> None:
    runs(tmp_path, "200 result=138", "200 result=1")
    spool = Spool(tmp_path)

    given = [*spool.left(NOW, 0.0), *spool.left(NOW, 0.5)]
    spool.empty(4.0)
    kept = list(tmp_path.iterdir())
    spool.empty(5.0)

    assert [left.callback_number for left in given] == ["138"]
    assert len(kept) == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_emptied_is_told_once_and_tried_again(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path)
    # What no unlink deletes, whoever asks for it.
    runs(tmp_path, "200 result=138", "200 result=1")
    list(spool.left(NOW, 0.0))
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    file.unlink()
    file.mkdir()

    with capture_logs() as logged:
        spool.empty(5.0)
        spool.empty(5.5)
    file.rmdir()
    file.write_bytes(content)
    spool.empty(6.0)

    assert [line["event"] for line in logged] == ["callbacks_not_emptied"]
    assert not list(tmp_path.iterdir())

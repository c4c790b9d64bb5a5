"""The code by which prompts are recorded from a telephone."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ivr.sounds import Language
from services.runtime.prompt_code import FILE, MOST_WRONG, PromptCode

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=8)


def made(folder: Path) -> tuple[PromptCode, str]:
    code = PromptCode(folder)
    return code, code.make(["storm", "notice"], until=UNTIL, language=Language.EN)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


def test_the_code_opens_its_prompts_and_stands_nowhere(tmp_path: Path) -> None:
    code, told = made(tmp_path)

    grant = code.entered(told, NOW)

    assert grant is not None
    assert (grant.prompts, grant.language) == (("storm", "notice"), Language.EN)
    file = tmp_path / FILE
    assert told not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_wrong_code_opens_nothing_and_the_ninth_makes_it_void(tmp_path: Path) -> None:
    code, told = made(tmp_path)

    for _ in range(MOST_WRONG - 1):
        assert code.entered(wrong(told), NOW) is None
    assert code.holds(NOW)
    assert code.entered(wrong(told), NOW) is None

    assert not code.holds(NOW)
    assert code.entered(told, NOW) is None


def test_after_its_hours_it_is_void(tmp_path: Path) -> None:
    code, told = made(tmp_path)

    assert code.entered(told, UNTIL) is None
    assert not (tmp_path / FILE).exists()


def test_another_code_makes_the_one_before_void(tmp_path: Path) -> None:
    code, first = made(tmp_path)
    second = code.make(["storm"], until=UNTIL, language=Language.ZH)

    assert code.entered(second, NOW) is not None
    assert first == second or code.entered(first, NOW) is None
    assert code.end()
    assert not code.end()

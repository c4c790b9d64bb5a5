"""What ``tieline check`` says of files, without an instance."""

import json
from pathlib import Path

from typer.testing import CliRunner

from services.runtime.cli import build
from services.runtime.settings import CHECKOUT

BROKEN = CHECKOUT / "tests" / "ivr" / "broken"
FLOW = (BROKEN / "flows" / "unknown-step.yaml").read_text(encoding="utf-8")
WHERE = "main.yaml:6: steps → welcome → goto: "
ZH = "没有名为 'persn' 的步骤；是不是想写 'person'？"


def checked(folder: Path, flow: str, *options: str) -> tuple[int, str]:
    """Check a folder with one flow; return the exit code and what is said."""
    flows = folder / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(flow, encoding="utf-8")
    floor = BROKEN / "beside" / "floor.yaml"
    data = folder / "data"
    said = CliRunner().invoke(
        build("check"),
        ["check", f"{flows}", "--floor", f"{floor}", "--data", f"{data}", *options],
    )
    return said.exit_code, said.output.replace(f"{flows.as_posix()}/", "").strip()


def test_problems_are_told_in_english_where_nothing_is_asked(tmp_path: Path) -> None:
    assert checked(tmp_path, FLOW) == (
        2,
        f"{WHERE}no step is called 'persn'; did you mean 'person'?",
    )


def test_problems_are_told_in_chinese_where_that_is_asked(tmp_path: Path) -> None:
    assert checked(tmp_path, FLOW, "--language", "zh") == (2, f"{WHERE}{ZH}")


def test_problems_are_told_in_chinese_as_json_too(tmp_path: Path) -> None:
    code, said = checked(tmp_path, FLOW, "--language", "zh", "--json")

    assert code == 2
    assert [one["what"] for one in json.loads(said)["problems"]] == [ZH]


def test_files_that_are_right_are_said_to_be(tmp_path: Path) -> None:
    right = FLOW.replace("persn", "person")

    assert checked(tmp_path, right, "--language", "zh") == (0, "没有问题")

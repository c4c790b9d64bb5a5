"""docs/threats.md names every threat once, and tests that there are."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.embedded.engine import MODULE

ROOT = Path(__file__).parents[2]
STATES = {"done", "in part", "not yet"}
STARTS_PROGRAMS = (
    "services/runtime/",
    "services/prompts/model_voice.py",
    "services/prompts/speech.py",
    "services/speech/worker_process.py",
)
"""And SIPp's own file; whoever serves callers or pages starts nothing."""
SHELLS = {"system", "popen", "create_subprocess_shell", "getoutput"}


def rows() -> list[list[str]]:
    text = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| T-")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named() -> list[str]:
    return [test for row in rows() for test in re.findall(r"`([^`]+)`", row[4])]


def test_each_threat_has_its_row_and_what_is_done_its_test() -> None:
    assert [row[0] for row in rows()] == [f"T-{n:02}" for n in range(1, 31)]
    assert {row[2] for row in rows()} <= STATES
    assert [row[0] for row in rows() if row[2] != "not yet" and "`" not in row[4]] == []


@pytest.mark.parametrize("test", named())
def test_a_test_that_is_named_is_there(test: str) -> None:
    path, _, function = test.partition("::")
    file = ROOT / path

    assert file.is_file()
    if file.suffix == ".py":
        tree = ast.parse(file.read_text(encoding="utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        assert function in {n.name for n in ast.walk(tree) if isinstance(n, kinds)}


def test_no_shell_is_started_and_programs_in_few_places_only() -> None:
    odd = []
    for package in ("acd", "ivr", "cti_bridge", "recordings", "services"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            tree = ast.parse(path.read_text(encoding="utf-8"))
            odd += [f"{name}: {word}" for word in _used(tree, name)]

    assert odd == []


def test_the_engine_of_production_knows_no_rehearsal() -> None:
    found = subprocess.run(
        (sys.executable, "-c", f"import sys, {MODULE}; print(*sys.modules)"),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )

    loaded = found.stdout.split()
    assert "services.runtime.callers" in loaded
    assert [name for name in loaded if "rehearsal" in name] == []
    # What up starts, where nobody says otherwise, is that engine.
    assert MODULE == "services.runtime.engine"


def _used(tree: ast.AST, name: str) -> list[str]:
    may_start = name.startswith((*STARTS_PROGRAMS, "services/phone/sipp.py"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module, word = node.value.id, node.attr
            if module in {"os", "subprocess", "asyncio"} and word in SHELLS:
                found.append(f"{module}.{word}")
            elif not may_start and word == "create_subprocess_exec":
                found.append(word)
            elif not may_start and module == "subprocess":
                found.append(f"{module}.{word}")
        if isinstance(node, ast.keyword) and node.arg == "shell":
            found.append("shell=")
    return found

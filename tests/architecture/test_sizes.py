"""Small things: no module over 400 lines, no function over 60."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("acd", "ivr", "cti_bridge", "recordings", "services")
MODULE_LINES, FUNCTION_LINES = 400, 60

DEBT = {
    "services/store/migrations/versions/0001_the_first_tables.py:upgrade": (
        "a migration is one list of tables, written once"
    ),
    **{
        f"services/runtime/bench/chaos/rfc4475.py:{name}": (
            "a section of the RFC is one list of messages, in its order"
        )
        for name in ("_valid", "_invalid", "_beyond_the_parser")
    },
}
"""``path`` or ``path:function`` that is over the ceiling, with the reason."""


def modules() -> list[Path]:
    return sorted(
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "node_modules" not in path.parts
    )


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_and_its_functions_are_small(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    source = path.read_text(encoding="utf-8")
    too_large = [
        f"{name}:{node.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]
    if len(source.splitlines()) > MODULE_LINES:
        too_large.append(name)

    assert [where for where in too_large if where not in DEBT] == []


def test_the_debt_lists_nothing_that_is_paid() -> None:
    names = {str(path.relative_to(ROOT)) for path in modules()}

    assert {where.split(":")[0] for where in DEBT} <= names


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_says_in_a_sentence_what_it_is_for(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    if path.name == "__init__.py":
        return

    assert ast.get_docstring(ast.parse(source)), f"{path} has no docstring"

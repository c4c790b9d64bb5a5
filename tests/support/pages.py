"""Pages of docs/howto as they are carried out: what is typed, edited, and seen."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from services.runtime.cli import build
from services.runtime.errors import RuntimeProblem

_BLOCK = re.compile(r"^```(sh|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"^(?:key|按键): ?(.*)$", re.MULTILINE)
_VERSION = re.compile(r"(?<=version )\d+|(?<=第 )\d+(?= 版)")
_TIELINE = "./tieline "
_LEFT_OUT = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Lines of one file in place of others, which stand there once."""

    file: str
    before: str
    after: str

    def carry_out(self, folder: Path) -> None:
        """Edit it as a reader would."""
        path = folder / self.file
        text = path.read_text(encoding="utf-8")
        assert text.count(self.before) == 1, f"{self.file} has not once: {self.before}"
        path.write_text(text.replace(self.before, self.after), encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is typed, and what is seen then."""

    line: str
    seen: str

    def carry_out(self, folder: Path) -> None:
        """Run it, answer what it asks, and compare what it says."""
        said = _said(self.line, _TYPED.findall(self.seen), folder)
        parts = (" ".join(part.split()) for part in self.seen.split(_LEFT_OUT))
        pattern = ".*".join(re.escape(part) for part in parts)
        found = " ".join(said.split())
        assert re.fullmatch(pattern, found), f"{self.line}\n{said}\nnot:\n{self.seen}"


def steps_of(page: Path, *, versions_before: int) -> Iterator[Edit | Command]:
    """Yield what a page says to do, in its order.

    Args:
        page: Its first version of the flows is 1.
        versions_before: How many there are that it does not know of.
    """

    def number(found: re.Match[str]) -> str:
        return str(int(found[0]) + versions_before)

    text = page.read_text(encoding="utf-8")
    for kind, block in _BLOCK.findall(text):
        if kind == "diff":
            yield from _edits(block)
            continue
        for one in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, seen = one.partition("\n")
            yield Command(line=line, seen=_VERSION.sub(number, seen))


def _edits(block: str) -> Iterator[Edit]:
    head, _, rest = block.partition("\n")
    for hunk in rest.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        yield Edit(
            file=head.removeprefix("--- "),
            before="".join(it[1:] for it in lines if it[0] in " -"),
            after="".join(it[1:] for it in lines if it[0] in " +"),
        )


def _said(line: str, typed: list[str], folder: Path) -> str:
    if not line.startswith(_TIELINE):
        # A line of our own pages, as a reader types it.
        return subprocess.check_output(["sh", "-c", line], cwd=folder, text=True)
    # In this process: to load the code anew for each command takes longer than most.
    words = shlex.split(line.removeprefix(_TIELINE))
    ran = CliRunner().invoke(
        build(words[0]), words, input="".join(f"{it}\n" for it in typed)
    )
    if isinstance(ran.exception, RuntimeProblem):
        return f"{ran.output}{ran.exception}"
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.output
    return ran.output

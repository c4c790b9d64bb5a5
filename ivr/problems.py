"""What is wrong with a written file, all at once, with file, line and way out."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath

from ivr.source import SourceRefused, Trail


class IvrError(Exception):
    """The ground of all that ``ivr`` refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in one file."""

    file: str
    line: int
    """Counted from 1; 0 where the file as a whole is meant."""
    trail: Trail
    what: str
    """What is wrong, what was found; what would do."""

    def __str__(self) -> str:
        """Return ``file:line: path → to → field: what``."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        if self.trail:
            where = f"{where}: {' → '.join(self.trail)}"
        return f"{where}: {self.what}"


def source_problems(path: PurePath, refused: SourceRefused) -> list[Problem]:
    """Return what a file was refused for, as problems."""
    return [
        Problem(file=path.as_posix(), line=line, trail=trail, what=what)
        for line, trail, what in refused.found
    ]


class Refused(IvrError):
    """Written files that cannot be used, with every problem found in them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order of files and lines."""
        self.problems = tuple(sorted(problems, key=lambda one: (one.file, one.line)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class FlowRefused(Refused):
    """One or more call flows cannot be walked."""


def unknown(name: str, what: str, known: Iterable[str]) -> str:
    """Return the words for a name that stands for nothing."""
    return f"no {what} is called {name!r}{nearest(name, known)}"


MOST_NAMES = 12
"""A longer list of what there is would hide the message it ends."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the hint that ends a message about an unknown name.

    Args:
        name: What was written.
        known: What would have been right.

    Returns:
        ``; did you mean 'billing'?`` for the nearest name, else the list of what
        there is, else an empty text where that is nothing or too much to show.
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    if 0 < len(names) <= MOST_NAMES:
        return f"; there is {', '.join(repr(one) for one in names)}"
    return ""

"""What is wrong with a written file, all at once, with file, line and way out."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath

from ivr.sounds import Language
from ivr.source import SourceRefused, Trail
from ivr.wording import told


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
    """What is wrong, what was found; what would do. In English, with its Chinese."""

    def __str__(self) -> str:
        """Return ``file:line: path → to → field: what``."""
        return self.told(Language.EN)

    def told(self, language: Language) -> str:
        """Return the same in a language: the place as it is, the words in it."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        if self.trail:
            where = f"{where}: {' → '.join(self.trail)}"
        return f"{where}: {told(self.what, language)}"


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


@contextmanager
def refusing(refusal: type[Refused], path: PurePath) -> Iterator[None]:
    """Raise what a file's reading is refused for as a refusal of its own kind."""
    try:
        yield
    except SourceRefused as refused:
        raise refusal(source_problems(path, refused)) from None


class FlowRefused(Refused):
    """One or more call flows cannot be walked."""

"""Why prompts could not be made ready."""

from collections.abc import Iterable


class PromptError(Exception):
    """The ground of all that ``services.prompts`` refuses."""


class SpeechFailed(PromptError):
    """The speech program did not say a text."""

    def __init__(self, program: str, why: str) -> None:
        """Say which program and what it did."""
        super().__init__(f"{program}: {why}")
        self.program = program
        self.why = why


class PromptsRefused(PromptError):
    """Some prompts cannot be heard, so that no number may be opened."""

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep all of them, sorted."""
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(self.problems))


class Unplayable(PromptError):
    """A recorded file is missing, or is not one of the folder's own files."""


class NotASound(PromptError):
    """A file that is no sound which a prompt can be made of."""


class UploadRefused(PromptError):
    """A sound cannot become a prompt."""

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep all of them, in order."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

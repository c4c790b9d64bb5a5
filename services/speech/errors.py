"""Why speech was not made into words."""


class RecognitionError(Exception):
    """The ground of all that ``services.speech`` raises."""


class RecogniserBusy(RecognitionError):
    """No recogniser is free, and none became so in time: the caller goes on by keys."""

    def __init__(self, recogniser: str, why: str) -> None:
        """Say which, and what was waited for."""
        super().__init__(f"{recogniser}: {why}")
        self.recogniser = recogniser
        self.why = why


class RecogniserBroken(RecognitionError):
    """A recogniser ended, hangs or refused a phrase: the caller goes on by keys."""

    def __init__(self, recogniser: str, why: str) -> None:
        """Say which, and what it did."""
        super().__init__(f"{recogniser}: {why}")
        self.recogniser = recogniser
        self.why = why


class FrameBroken(RecognitionError):
    """What came over a pipe is no frame."""

    def __init__(self, found: str) -> None:
        """Say what was found instead."""
        super().__init__(f"frame: {found}")
        self.found = found


class NotAModel(RecognitionError):
    """A folder that no recogniser can be made of."""

    def __init__(self, folder: str, why: str) -> None:
        """Say which folder, and what is wrong with it."""
        super().__init__(f"{folder}: {why}")
        self.folder = folder
        self.why = why

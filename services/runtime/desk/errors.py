"""Why there is no desk; the call centre works without."""

from services.runtime.errors import RuntimeProblem


class DeskNotBuilt(RuntimeProblem):
    """The desk could not be built."""

    def __init__(self, what: str, why: str) -> None:
        """Say which step failed, and its last words."""
        super().__init__(
            f"desk: {what} failed: {why}; calls go on without it,"
            " ./tieline desk build tries again"
        )
        self.what = what
        self.why = why

"""What keeps a bench from finding its figures."""

from services.runtime.errors import RuntimeProblem


class BenchFailed(RuntimeProblem):
    """A bench could not be run to its end; its figures would be void."""

    def __init__(self, what: str, *, found: str, would_do: str) -> None:
        """Keep what was tried and what was found."""
        self.what = what
        self.found = found
        super().__init__(f"bench, {what}: found {found}; {would_do}")

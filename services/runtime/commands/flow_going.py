"""What ``tieline flow test --call`` says while it goes on, and where it is stopped."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

import typer

from services.phone.stopping import Stopped, run_until_stopped
from services.runtime.progress import say

_Result = TypeVar("_Result")


class Named(Protocol):
    """What became of a case."""

    @property
    def name(self) -> str:
        """The case's."""


_Over = TypeVar("_Over", bound=Named)


def until_stopped(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run it to its end; a stop signal ends the command in words.

    Raises:
        typer.Exit: It was stopped.
    """
    try:
        return run_until_stopped(work)
    except Stopped as stopped:
        typer.echo(f"flow test: {stopped}", err=True)
        raise typer.Exit(stopped.exit_code) from stopped


def counting(of: int, verdict: Callable[[_Over], str]) -> Callable[[_Over], None]:
    """Return what says of each case, as it is over, how many are and how it went."""
    over = 0

    def tell(one: _Over) -> None:
        nonlocal over
        over += 1
        say(f"{over} of {of}: {one.name}: {verdict(one)}")

    return tell

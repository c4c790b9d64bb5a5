"""``tieline hand``: what an agent does with the call in hand, asked for by hand."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from services.runtime import instance
from services.runtime.asking import ask, send
from services.runtime.errors import RuntimeProblem

app = typer.Typer(no_args_is_help=True)

_Agent = Annotated[str, typer.Argument(help="who has the call")]
_AsJson = Annotated[bool, typer.Option("--json", help="tell it as JSON")]
_Data = Annotated[Path | None, typer.Option(help="data folder of the instance")]


class EmptyHand(RuntimeProblem):
    """An agent has no call."""

    def __init__(self, agent_id: str, state: str) -> None:
        """Say who, and what they do instead."""
        super().__init__(
            f"agent {agent_id!r}: is {state.replace('_', ' ')}, with no call in hand"
        )
        self.agent_id = agent_id


@app.command()
def hold(agent: _Agent, *, as_json: _AsJson = False, data: _Data = None) -> None:
    """Let the caller hear music for a while."""
    _do(agent, "hold", {}, as_json=as_json, data=data)


@app.command("take-back")
def take_back(agent: _Agent, *, as_json: _AsJson = False, data: _Data = None) -> None:
    """Talk with the caller on hold again."""
    _do(agent, "take-back", {}, as_json=as_json, data=data)


@app.command()
def pause(
    agent: _Agent,
    *,
    for_s: Annotated[
        float, typer.Option("--for", min=1, max=300, help="seconds, at most")
    ] = 60.0,
    as_json: _AsJson = False,
    data: _Data = None,
) -> None:
    """Have nothing recorded for a while."""
    _do(agent, "pause-recording", {"for_s": for_s}, as_json=as_json, data=data)


@app.command()
def resume(agent: _Agent, *, as_json: _AsJson = False, data: _Data = None) -> None:
    """Have the recording go on before its pause is over."""
    _do(agent, "resume-recording", {}, as_json=as_json, data=data)


@app.command()
def transfer(
    agent: _Agent,
    *,
    queue: Annotated[str | None, typer.Option(help="whose agents go on")] = None,
    to: Annotated[str | None, typer.Option(help="the agent who goes on")] = None,
    note: Annotated[str, typer.Option(help="what they should know")] = "",
    as_json: _AsJson = False,
    data: _Data = None,
) -> None:
    """Have a queue, or one agent, go on with the caller, who keeps the place."""
    more = {"queue_id": queue, "to_agent": to, "note": note}
    _do(agent, "transfer", more, as_json=as_json, data=data)


@app.command()
def nuisance(
    agent: _Agent,
    *,
    note: Annotated[str, typer.Option(help="what happened")] = "",
    as_json: _AsJson = False,
    data: _Data = None,
) -> None:
    """Say that the caller calls to disturb; the call goes on."""
    _do(agent, "mark-nuisance", {"note": note}, as_json=as_json, data=data)


def _do(
    agent_id: str,
    what: str,
    more: dict[str, Any],
    *,
    as_json: bool,
    data: Path | None,
) -> None:
    """Ask for it, of the call that is in the agent's hand just now.

    Raises:
        EmptyHand: None is.
    """
    found = instance.find(data)
    agent = ask(found, f"/agents/{agent_id}")
    if agent["call_id"] is None:
        raise EmptyHand(agent_id, agent["state"])
    body = {"call_id": agent["call_id"], **more}
    told = send(found, "POST", f"/agents/{agent_id}/{what}", body)
    if as_json:
        typer.echo(json.dumps(told))
    else:
        typer.echo(f"asked: {what} of call {told['call_id']}")

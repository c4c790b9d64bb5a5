"""``tieline call``: a real SIP call as a caller, and what became of it."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from services.phone.caller import CallPlan, CallReport, place_call
from services.phone.errors import NotDiallable, PhoneError
from services.phone.hotline import open_hotline
from services.phone.stopping import Stopped, run_until_stopped
from services.runtime import instance
from services.runtime.trust import trust_for

_KEYS = re.compile(r"[0-9A-D*#](,?[0-9A-D*#])*")


def _keys(text: str) -> str:
    keys = text.strip().upper()
    if keys and not _KEYS.fullmatch(keys):
        raise typer.BadParameter(
            f"keys are 0-9, * and #, with commas between them or not, got {text!r}"
        )
    return keys.replace(",", "")


def call(
    number: Annotated[str, typer.Argument(help="what is dialled, as 6000")],
    *,
    caller: Annotated[
        str, typer.Option("--from", help="the caller's number")
    ] = "13800138000",
    name: Annotated[str, typer.Option(help="the caller's name, any script")] = "张伟",
    press: Annotated[
        str, typer.Option(callback=_keys, help="keys for the menus, as 1 or 1,2")
    ] = "",
    press_after: Annotated[
        float, typer.Option(min=0, help="seconds of a prompt heard before each key")
    ] = 1.5,
    talk: Annotated[
        float, typer.Option(min=0, help="seconds to talk to the agent")
    ] = 5.0,
    wait: Annotated[
        float, typer.Option(min=1, help="seconds until an agent or the end is reached")
    ] = 60.0,
    no_agent: Annotated[
        bool,
        typer.Option("--no-agent", help="the flow alone is to serve it, to its end"),
    ] = False,
    heard: Annotated[
        Path | None,
        typer.Option(help="a WAV file for all that is heard", dir_okay=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
) -> None:
    """Place a real call as a caller: dial, press, wait for an agent, talk, hang up.

    Ends with 0 when an agent was reached (with --no-agent when the hotline hung up by
    itself), 1 when not, 3 when no instance runs.
    """
    plan = CallPlan(
        number=number,
        caller_number=caller,
        caller_name=name,
        keys=tuple(press),
        press_after_s=press_after,
        talk_s=talk,
        wait_s=wait,
        wants_agent=not no_agent,
        heard=heard,
    )
    found = instance.find(data)
    try:
        report = run_until_stopped(_placed(plan, found, quiet=as_json))
    except NotDiallable as error:
        raise typer.BadParameter(str(error)) from error
    except PhoneError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except Stopped as stopped:
        typer.echo(f"{number}: hung up, {stopped}", err=True)
        raise typer.Exit(stopped.exit_code) from stopped
    _tell(report, as_json=as_json)


def _tell(report: CallReport, *, as_json: bool) -> None:
    if as_json:
        typer.echo(_as_json(report))
    elif report.answered:
        typer.echo(_in_words(report))
    if report.failure:
        typer.echo(report.failure, err=True)
        raise typer.Exit(1)


async def _placed(
    plan: CallPlan, found: instance.Instance, *, quiet: bool
) -> CallReport:
    async with open_hotline(
        found.http, token=found.token, trust=trust_for(found.http, found.data)
    ) as hotline:
        return await place_call(
            plan,
            sip=found.sip,
            hotline=hotline,
            numbers=found.numbers,
            tell=(lambda _line: None) if quiet else typer.echo,
        )


def _as_json(report: CallReport) -> str:
    return json.dumps(report.as_json(), ensure_ascii=False)


def _in_words(report: CallReport) -> str:
    if report.call_id is None:
        return f"call {report.sip_call_id}: not known to the instance"
    words = [f"call {report.call_id}"]
    if report.put_through:
        words.append(f"talked {report.talked_s or 0:.1f} s to agent {report.agent_id}")
    if report.waited_s is not None:
        words.append(f"waited {report.waited_s:.1f} s")
    words.append(f"{report.ended_by} hung up")
    if report.heard_s and not report.put_through:
        words.append(f"heard {report.heard_s:.0f} s")
    return ", ".join(words) + f"; the whole of it: ./tieline replay {report.call_id}"

"""``tieline agent``: a real SIP agent at work, and the calls that were had."""

import json
from pathlib import Path
from typing import Annotated

import typer

from services.phone.agent import Shift, ShiftReport, work
from services.phone.desk_phone import DeskPhone, answer_calls
from services.phone.devices import Devices, read_devices
from services.phone.errors import PhoneError
from services.phone.hotline import open_hotline
from services.phone.stopping import Stopped, run_until_stopped
from services.runtime import instance
from services.runtime.trust import trust_for

_PHONE = "the telephone alone; the desk says the rest"


def agent(
    agent_id: Annotated[
        str | None,
        typer.Argument(help="who works; without it the first who is signed out"),
    ] = None,
    *,
    calls: Annotated[
        int | None, typer.Option(min=1, help="offers to take; without it, no end")
    ] = None,
    talk: Annotated[
        float | None,
        typer.Option(min=0, help="seconds; without it until the caller hangs up"),
    ] = None,
    answer_after: Annotated[
        float, typer.Option(min=0, help="seconds to let it ring")
    ] = 1.0,
    decline: Annotated[bool, typer.Option(help="refuse what is offered")] = False,
    wrap_up: Annotated[float, typer.Option(min=0, help="seconds of wrap-up")] = 1.0,
    disposition: Annotated[
        str | None, typer.Option(help="what the calls were about")
    ] = None,
    is_phone: Annotated[bool, typer.Option("--phone", help=_PHONE)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
) -> None:
    """Be an agent: sign in, answer, talk, wrap up, sign out.

    Ends with 0 after the calls asked for, or when a signal ended the shift; with 1
    when the agent or the device was refused, and 3 when no instance runs.
    """
    shift = Shift(
        agent_id=agent_id,
        calls=calls,
        talk_s=talk,
        answer_after_s=answer_after,
        declines=decline,
        wrap_up_s=wrap_up,
        disposition=disposition,
    )
    found = instance.find(data)
    report = ShiftReport()
    try:
        devices = read_devices(found.data)
        alone = _answered(shift, found, devices) if is_phone else None
        run_until_stopped(
            alone or _worked(shift, found, devices, report, quiet=as_json)
        )
    except PhoneError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except Stopped as stopped:
        # The way to end a shift without a number of calls: no failure.
        typer.echo(str(stopped), err=True)
    finally:
        if as_json:
            typer.echo(json.dumps(report.as_json(), ensure_ascii=False))


async def _answered(shift: Shift, found: instance.Instance, devices: Devices) -> None:
    """Answer what rings; states and wrap-up are said at the desk."""
    wanted = DeskPhone(
        agent_id=shift.agent_id or "1001",
        calls=shift.calls,
        answer_after_s=shift.answer_after_s,
        talk_s=shift.talk_s,
    )
    await answer_calls(wanted, sip=found.sip, devices=devices, tell=typer.echo)


async def _worked(
    shift: Shift,
    found: instance.Instance,
    devices: Devices,
    report: ShiftReport,
    *,
    quiet: bool,
) -> None:
    async with open_hotline(
        found.http, token=found.token, trust=trust_for(found.http, found.data)
    ) as hotline:
        await work(
            shift,
            sip=found.sip,
            hotline=hotline,
            devices=devices,
            report=report,
            tell=(lambda _line: None) if quiet else typer.echo,
        )

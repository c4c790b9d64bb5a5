"""``tieline utility``: the SIMULATED utility, what it was asked, and what is broken."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from services.runtime import instance
from services.runtime.errors import RuntimeProblem

app = typer.Typer(no_args_is_help=True)

_ANSWERS_WITHIN_S = 5.0
_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)%?")

_Data = Annotated[Path | None, typer.Option(help="data folder of the instance")]
_Json = Annotated[bool, typer.Option("--json", help="tell it as JSON")]


class UtilityAway(RuntimeProblem):
    """There is no simulated utility, or it gives no answer."""

    exit_code = 3


def _share(text: str) -> float:
    found = _SHARE.fullmatch(text.strip())
    if found is None or float(found[1]) > 100:
        raise typer.BadParameter(f"a share is as 50%, got {text!r}")
    return float(found[1]) / 100


def _as_share(text: str) -> str:
    _share(text)
    return text


@app.command()
def sms(*, as_json: _Json = False, data: _Data = None) -> None:
    """Show the texts that would have been sent, the oldest first."""
    told = _asked(data, "GET", "/sms")
    lines = [
        f"{one['at'][11:19]}  {one['to']:<12} {one['text']}" for one in told["sms"]
    ]
    _tell(told, as_json, lines)


@app.command()
def orders(*, as_json: _Json = False, data: _Data = None) -> None:
    """Show the orders, the newest first."""
    told = _asked(data, "GET", "/orders")
    lines = [
        f"{one['order_id']}  {one['code']:<12} {one['account'] or '-':<10}"
        f"  {one['state']}" + (f"  催办 {one['urged']}" if one["urged"] else "")
        for one in told["orders"]
    ]
    _tell(told, as_json, lines)


@app.command()
def customers(*, as_json: _Json = False, data: _Data = None) -> None:
    """Show the invented customers with their telephones and PINs."""
    told = _asked(data, "GET", "/customers")
    lines = [
        f"{','.join(one['numbers']):<6} {one['account']}  meter {one['meter']}"
        f"  pin {one['pin']}  {one['name']}  {one['area']}"
        f"  {' '.join(one['marks'])}".rstrip()
        for one in told["customers"]
    ]
    _tell(told, as_json, lines)


@app.command(name="break")
def break_(
    *,
    delay: Annotated[
        float, typer.Option(min=0, max=600, help="seconds before each answer")
    ] = 0.0,
    errors: Annotated[
        str, typer.Option(callback=_as_share, help="share answered by an error, as 50%")
    ] = "0%",
    garbage: Annotated[bool, typer.Option("--garbage", help="no HTTP")] = False,
    huge: Annotated[bool, typer.Option("--huge", help="answers of 10 MB")] = False,
    absent: Annotated[bool, typer.Option("--absent", help="no answer at all")] = False,
    drip: Annotated[bool, typer.Option("--drip", help="byte by byte")] = False,
    mend: Annotated[bool, typer.Option("--mend", help="all is well again")] = False,
    as_json: _Json = False,
    data: _Data = None,
) -> None:
    """Have the simulated utility fail, to see what callers hear then.

    What is not named is mended.
    """
    wanted = {
        "delay_s": delay,
        "errors": _share(errors),
        "is_garbage": garbage,
        "is_huge": huge,
        "is_absent": absent,
        "is_dripping": drip,
    }
    if mend is any(wanted.values()):
        raise typer.BadParameter(
            "say what shall be broken, as --delay 3, or --mend alone for nothing"
        )
    told = _asked(data, "PUT", "/troubles", json=wanted)
    wrong = {name: how for name, how in told["troubles"].items() if how}
    _tell(told, as_json, [f"wrong from now on: {wrong}" if wrong else "all is well"])


def _asked(data: Path | None, method: str, path: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    found = instance.find(data)
    if not found.utility:
        raise UtilityAway(
            "utility: this instance has no simulated one;"
            " TIELINE_UTILITY__URL names another, or IS_SIMULATED is off"
        )
    try:
        # Straight to this machine: a proxy of the environment knows nothing of it.
        with httpx.Client(timeout=_ANSWERS_WITHIN_S, trust_env=False) as client:
            answer = client.request(method, f"{found.utility}{path}", **given)
            told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise UtilityAway(
            f"{found.utility}: the simulated utility gives no answer: {why};"
            " see log/simulated-utility.log, and ./tieline utility break --mend"
        ) from error
    if answer.is_error:
        raise UtilityAway(f"{found.utility}: {told.get('why', answer.status_code)}")
    return told


def _tell(told: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    typer.echo(told["label"])
    for line in lines:
        typer.echo(line)

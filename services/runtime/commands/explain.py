"""``tieline explain``: why each offer of a call was made to whom, in sentences."""

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from acd.vocabulary.ids import CallId, OfferId
from services.api.decisions import Source, decision_out
from services.api.explaining import Language
from services.runtime import instance
from services.runtime.asking import Refused, ask
from services.runtime.commands.replay import UnknownCall
from services.runtime.decided_before import Decisions, lived_again, written
from services.runtime.launch import read_floor
from services.runtime.settings import read_settings
from services.runtime.timeline import printable

_OTHER = {
    "en": "lived through again with the floor of now, agent {} is chosen: the policy "
    "or what was known of people was another",
    "zh": "按现在的策略重放日志,会选坐席 {}:当时的策略或估计不同",
}
_WHENCE: dict[Language, dict[str, str]] = {
    "en": {
        "journal": "no row; from the journal",
        "replay": "no row; the engine lived through the journal again",
        "none": "not known",
    },
    "zh": {
        "journal": "没有记录行,取自日志",
        "replay": "没有记录行,由引擎重放日志得出",
        "none": "无从得知",
    },
}


class Lang(StrEnum):
    """In which language sentences are told."""

    ZH = "zh"
    EN = "en"


def explain(
    call: Annotated[str, typer.Argument(help="the call's id, or its beginning")],
    *,
    lang: Annotated[Lang, typer.Option(help="language of the sentences")] = Lang.ZH,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
) -> None:
    """Say why each offer of a call was made to whom.

    What has no row is taken from the journal; where that does not have it either, an
    engine lives through the journal again.

    Ends with 0, with 1 when no one call is meant, with 3 when no instance runs.
    """
    found = instance.find(data)
    if not call or not set(call.lower()) <= set("0123456789abcdef-"):
        raise UnknownCall(call, f"call {printable(call)!r}: is no id")
    try:
        told = ask(found, f"/calls/{call}/decisions", lang=lang.value)
    except Refused as error:
        if error.kind != "unknown_record":
            raise
        raise UnknownCall(call, str(error)) from error
    language: Language = "en" if lang is Lang.EN else "zh"
    if any(one["source"] == "none" for one in told["decisions"]):
        told["decisions"] = _found_elsewhere(told, found.data, language)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(told, language)


def _found_elsewhere(
    told: dict[str, Any], data: Path, language: Language
) -> list[dict[str, Any]]:
    """Fill in what has no row."""
    journal, call_id = data / "journal", CallId(told["call_id"])
    wanted = {one["offer_id"] for one in told["decisions"] if one["source"] == "none"}
    known = written(journal, call_id)
    again: Decisions = {}
    if not wanted <= known.keys():
        policy = read_floor(read_settings(data=data)).policy
        again = lived_again(journal, policy, call_id)
    return [
        _filled(one, known, again, language) if one["source"] == "none" else one
        for one in told["decisions"]
    ]


def _filled(
    one: dict[str, Any], known: Decisions, again: Decisions, language: Language
) -> dict[str, Any]:
    offer_id = OfferId(one["offer_id"])
    source: Source = "journal" if offer_id in known else "replay"
    decision = known.get(offer_id) or again.get(offer_id)
    if decision is None:
        return one
    if decision.agent_id != one["agent_id"]:
        other = _OTHER[language].format(decision.agent_id)
        return one | {"sentences": [*one["sentences"], other]}
    filled = decision_out(decision, language, source, one["outcome"])
    return filled.model_dump(mode="json")


def _show(told: dict[str, Any], language: Language) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"call {told['call_id']}", style="bold"))
    if not told["decisions"]:
        nothing = {"en": "no offer was made for it", "zh": "没有为它派过话"}
        console.print(f"  {nothing[language]}")
    for one in told["decisions"]:
        at = datetime.fromisoformat(one["at"]).astimezone() if one["at"] else None
        clock = at.strftime("%H:%M:%S.%f")[:-3] if at else "?"
        whence = _WHENCE[language].get(one["source"], "")
        head = f"{clock}  → {one['agent_id']}  {one['outcome'] or ''}"
        console.print(Text.assemble((head, "bold"), (f"  {whence}", "yellow")))
        for sentence in one["sentences"]:
            console.print(Text(f"  {printable(sentence)}"))

"""``tieline prompts``: what callers hear, which of it is recorded, and more of it."""

import asyncio
import json
import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.announcements import FILE_NAME as ANNOUNCEMENTS
from ivr.announcements import Announcement, Announcements, load_announcements
from ivr.load import load_flows
from ivr.problems import Refused
from ivr.sounds import Language, Spoken
from ivr.written import FILE_NAME
from services.prompts.errors import PromptError, PromptsRefused, UploadRefused
from services.prompts.inventory import Kind, Listed, counted, inventory
from services.prompts.upload import Uploaded, add_prompt
from services.prompts.wording import Unspeakable
from services.runtime.errors import RuntimeProblem
from services.runtime.prompt_code import MOST_PROMPTS, PromptCode
from services.runtime.prompting import prompt_store
from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.settings import Settings, read_settings
from services.runtime.studio import NUMBER

app = typer.Typer(no_args_is_help=True)

_Data = Annotated[Path | None, typer.Option(help="data folder of the instance")]
_Json = Annotated[bool, typer.Option("--json", help="tell it as JSON")]
_Name = Annotated[
    str | None,
    typer.Option(help="as flows name it: storm/warning; else the file's own"),
]
_Replace = Annotated[
    bool, typer.Option("--replace", help="there may be one of that name already")
]
_TEXT_SHOWN = 40


class PromptUnfit(RuntimeProblem):
    """A prompt, or a flow that has prompts, cannot be used."""

    exit_code = 2


@app.command(name="list")
def list_(*, as_json: _Json = False, data: _Data = None) -> None:
    """List all that flows say: synthetic, recorded, or missing, by language.

    Ends with 0 when nothing is missing, 1 when something is.
    """
    listed = _inventory(read_settings(data=data))
    counts = counted(listed)
    if as_json:
        typer.echo(
            json.dumps(
                {"counts": counts, "prompts": [asdict(it) for it in listed]},
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        for one in listed:
            typer.echo(_line(one))
        for language, kinds in counts.items():
            many = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
            typer.echo(f"{language}: {many}")
    if any(it.kind is Kind.MISSING for it in listed):
        raise typer.Exit(1)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="a WAV file of at most 3 minutes")],
    *,
    name: _Name = None,
    replace: _Replace = False,
    as_json: _Json = False,
    data: _Data = None,
) -> None:
    """Bring a recording among the prompts: checked, 8 kHz, as loud as all others.

    Flows play it by its name, as in `file: storm/warning`. One that is played already
    is heard anew from the next caller on.
    """
    settings = read_settings(data=data)
    folder = settings.flows.parent / "prompts"
    named = name if name is not None else re.sub(r"[^A-Za-z0-9_-]+", "-", file.stem)
    try:
        made = add_prompt(file, named, folder, replace=replace)
    except UploadRefused as refused:
        raise PromptUnfit(str(refused)) from None
    if as_json:
        told = asdict(made) | {"file": str(made.file)}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in _told(made):
        typer.echo(line)


@app.command()
def code(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="as storm/warning; at most 9"),
    ] = None,
    *,
    hours: Annotated[
        float, typer.Option("--hours", min=0.1, max=72, help="how long it holds")
    ] = 8,
    language: Annotated[Language, typer.Option(help="spoken there")] = Language.ZH,
    end: Annotated[bool, typer.Option("--end", help="make the code void")] = False,
    data: _Data = None,
) -> None:
    """Make a code by which prompts are recorded from an agent's telephone.

    It is told once, holds for the prompts named and makes one before void. Without
    names, or with --end, there is none any more.
    """
    settings = read_settings(data=data)
    kept, given = PromptCode(settings.data / SECRETS), names or []
    if end or not given:
        typer.echo("void now" if kept.end() else "there was none")
        return
    odd = [it for it in given if not re.fullmatch(FILE_NAME, it)]
    if odd or len(given) > MOST_PROMPTS:
        why = f"{odd[0]!r}: is no name of a prompt" if odd else f"{len(given)} prompts"
        raise PromptUnfit(f"{why}; write 1 to {MOST_PROMPTS}, as storm/warning")
    until = datetime.now(UTC) + timedelta(hours=hours)
    made = kept.make(given, until=until, language=language)
    typer.echo(f"code {made}, until {until.astimezone():%Y-%m-%d %H:%M}")
    typer.echo(f"dial {NUMBER} from an agent's telephone; by key:")
    for nth, name in enumerate(given, start=1):
        typer.echo(f"  {nth}  {name}")


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="as a flow would have it")],
    out: Annotated[
        Path, typer.Argument(help="where the WAV file goes", dir_okay=False)
    ],
    *,
    language: Annotated[Language, typer.Option(help="of the text")] = Language.ZH,
    data: _Data = None,
) -> None:
    """Speak a text to a file, as callers would hear it."""
    sound = Spoken(language=language, text=text)
    with closing(prompt_store(read_settings(data=data))) as store:
        try:
            ready = asyncio.run(store.prepare_sounds([sound]))
            out.write_bytes(Path(f"{ready[sound]}.wav").read_bytes())
        except PromptsRefused as refused:
            raise PromptUnfit(str(refused)) from None
        except OSError as error:
            why = f"{out}: cannot be written: {error.strerror}"
            raise PromptUnfit(f"{why}; name another file") from None
        typer.echo(f"{out}: spoken by {store.voice_of(sound)}")


@app.command()
def make(*, data: _Data = None) -> None:
    """Have the chosen voices speak every text ahead, while calls go on.

    A slow voice takes about as long as its sound lasts. Each text is heard in it from
    the moment it is made; until then espeak-ng stands in.
    """
    settings = read_settings(data=data)
    listed = [it for it in _inventory(settings) if it.text]
    failed = 0
    with closing(prompt_store(settings)) as store:
        for place, one in enumerate(listed, start=1):
            sound = Spoken(
                language=one.languages[0], text=one.text or "", is_slow=one.is_slow
            )
            try:
                told = store.make(sound)
            except (PromptError, Unspeakable, OSError) as error:
                failed += 1
                told = f"not made: {error}"
            typer.echo(f"{place}/{len(listed)} {_short(sound.text)}: {told}")
    if failed:
        raise typer.Exit(1)


@app.command()
def announcements(*, as_json: _Json = False, data: _Data = None) -> None:
    """List what callers are told first: now, later, or no more.

    Ends with 2 when the file of announcements is wrong; the engine goes on with what
    it read before.
    """
    settings = read_settings(data=data)
    try:
        read = load_announcements(settings.flows.parent / ANNOUNCEMENTS)
    except Refused as refused:
        raise PromptUnfit(str(refused)) from None
    now = datetime.now(UTC)
    told = [
        _announced(name, one, read, now) for name, one in read.announcements.items()
    ]
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for it in told:
        numbers, areas = ("+".join(it[key]) or "all" for key in ("numbers", "areas"))
        typer.echo(
            f"{it['when']:<5} {it['name']}: {it['from']} to {it['until']},"
            f" numbers {numbers}, areas {areas}"
        )


def _announced(
    name: str, one: Announcement, read: Announcements, now: datetime
) -> dict[str, Any]:
    since, until = read.instant(one.since), read.instant(one.until)
    return {
        "name": name,
        "when": "later" if now < since else "now" if now < until else "over",
        "from": since.isoformat(timespec="minutes"),
        "until": until.isoformat(timespec="minutes"),
        "numbers": list(one.numbers),
        "areas": list(one.areas),
        "texts": dict(one.say.texts()),
    }


def _inventory(settings: Settings) -> tuple[Listed, ...]:
    try:
        flows = load_flows(settings.flows)
    except Refused as refused:
        raise PromptUnfit(str(refused)) from None
    store = prompt_store(settings)
    return inventory((it.flow for it in flows.values()), store)


def _line(one: Listed) -> str:
    what = _short(one.text or "")
    voice = f" ({one.voice or 'not made yet'})" if one.kind is Kind.SYNTHETIC else ""
    pace = ", slow" if one.is_slow else ""
    where = one.used[0] if one.used else "nowhere"
    more = f" and {len(one.used) - 1} more" if len(one.used) > 1 else ""
    languages = "+".join(one.languages) or "-"
    named = f"file {one.file}" if one.file else what
    return f"{one.kind:<9} {languages:<5} {named}{voice}{pace}, in {where}{more}"


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]}…"


def _told(made: Uploaded) -> Iterable[str]:
    yield f"{made.name}: {made.length_s:.1f} s, for flows as `file: {made.name}`"
    yield from (f"  {note}" for note in made.notes)

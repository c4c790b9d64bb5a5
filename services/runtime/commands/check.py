"""``tieline check``: all that is wrong with the files of floor and flows, at once."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ivr.load import load_flows
from ivr.problems import Problem, Refused
from ivr.sayings import remarks
from ivr.sounds import Language
from ivr.wording import Wording, told
from ivr.words import problem_at
from services.floor.load import load_floor
from services.flows.files import read_files
from services.runtime.launch import floor_file
from services.runtime.settings import Settings, read_settings
from services.runtime.speech_remarks import spoken_looks
from services.runtime.versions_told import Data, Json, near, tell


def check(
    folder: Annotated[
        Path | None, typer.Argument(help="the flows; else the settings' own")
    ] = None,
    *,
    floor: Annotated[Path | None, typer.Option(help="the floor file")] = None,
    language: Annotated[
        Language, typer.Option(help="of the words; the floor's own are in English")
    ] = Language.EN,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Say all that is wrong with the files; no instance is asked.

    Ends with 0 when nothing is, with 2 otherwise.
    """
    settings = read_settings(data=data, floor=floor, flows=folder)
    problems = problems_of(settings)
    found = [asdict(one) | {"what": told(one.what, language)} for one in problems]
    lines = [one.told(language) for one in problems]
    right = Wording(en="right", zh="没有问题")
    notes = () if problems else remarks_of(settings)
    noted = [asdict(one) | {"what": told(one.what, language)} for one in notes]
    lines = lines or [told(right, language)]
    note = told(Wording(en="note", zh="提示"), language)
    lines += [f"{note}: {one.told(language)}" for one in notes]
    tell({"problems": found, "remarks": noted}, as_json, lines)
    if problems:
        raise typer.Exit(2)


def remarks_of(settings: Settings) -> tuple[Problem, ...]:
    """Return what is no mistake in flows that are right, and may be an oversight."""
    every = load_flows(near(settings.flows)).values()
    looks = spoken_looks(settings, [written.flow for written in every])
    return tuple(
        problem_at(written.source, trail, what)
        for written in every
        for trail, what in (*remarks(written.flow), *looks.of_flow(written.flow))
    )


def problems_of(settings: Settings) -> tuple[Problem, ...]:
    """Return all that is wrong with the files of floor and flows."""
    found: list[Problem] = []
    for look in (
        lambda: load_floor(near(floor_file(settings)), near(settings.flows)),
        lambda: read_files(near(settings.flows)),
    ):
        try:
            look()
        except Refused as refused:
            found += (it for it in refused.problems if it not in found)
    return tuple(found)

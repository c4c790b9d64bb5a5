"""Every figure can be read, is worded for people, and the dashboard names no other."""

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from acd.core.engine import Engine
from acd.core.watch import Watch
from cti_bridge.agi.server import AgiServer, Session
from cti_bridge.ami.connection import Account
from cti_bridge.ami.protocol import Frames
from cti_bridge.ami.switch import Switch
from services.api.figures import Figures, Growth
from services.api.live import LiveSockets
from services.live.fan_out import FanOut
from services.live.viewers import Viewers
from services.runtime import operator_figures
from services.runtime.door import Door
from services.runtime.launch import read_floor
from services.runtime.live_view import LiveView
from services.runtime.pace import Pace
from services.runtime.settings import CHECKOUT, read_settings
from services.runtime.switchboard import Switchboard
from services.store.journal import Journal
from services.store.shipper import Shipper
from tests.support import traces
from tests.support.builders import at
from tests.support.small_floor import in_force

PROCESS = {
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_cpu_seconds_total",
}


def now_at() -> datetime:
    return at(0)


async def nobody(session: Session) -> None:
    """No call comes here."""


@pytest.fixture
async def figures(tmp_path: Path) -> AsyncIterator[Figures]:
    floor = read_floor(read_settings(data=tmp_path))
    engine = Engine(floor.policy)
    figures = Figures()
    async with Journal(tmp_path / "journal") as journal:
        fan_out = FanOut(LiveView(engine.floor, now=now_at))
        board = Switchboard(
            engine, journal, carry_out=lambda _: None, now=now_at, listen=fan_out.take
        )
        account = Account(host="127.0.0.1", port=1, username="u", secret="s")
        switch = Switch(
            account, tell=board.tell, now=now_at, beliefs=Watch(engine.floor)
        )
        door = Door(in_force(floor), engine.floor, link=lambda: None)
        shipper = Shipper(journal, "postgresql://nobody@127.0.0.1:1/none")
        operator_figures.add_floor(figures, engine.floor, now=now_at)
        operator_figures.add_counts(figures, fan_out, board)
        operator_figures.add_streams(figures, fan_out)
        operator_figures.add_switch(figures, switch, agi=AgiServer(nobody), door=door)
        operator_figures.add_keeping(figures, journal, shipper)
        operator_figures.add_pace(figures, Pace())
        LiveSockets(fan_out, Viewers(now=now_at)).add_figures(figures)
        yield figures


async def test_every_figure_can_be_read_before_anything_happened(
    figures: Figures,
) -> None:
    for figure in figures:
        for labels in figure.read():
            assert len(labels) == len(figure.labels), figure.name
        assert figure.says.endswith("."), figure.name
        assert re.fullmatch(r"tieline_[a-z_]+", figure.name)
        assert not figure.name.endswith("_total")


async def test_the_dashboard_shows_what_there_is(figures: Figures) -> None:
    page = json.loads((CHECKOUT / "docs" / "dashboards" / "floor.json").read_text())
    asked = " ".join(
        target["expr"] for panel in page["panels"] for target in panel["targets"]
    )
    there = {
        figure.name + ("_total" if figure.growth is Growth.COUNTER else "")
        for figure in figures
    }

    named = set(re.findall(r"\b(?:tieline|process)_\w+", asked))

    assert named - there - PROCESS == set()
    assert len(named) > 20


async def test_the_dashboard_names_labels_that_there_are(figures: Figures) -> None:
    page = json.loads((CHECKOUT / "docs" / "dashboards" / "floor.json").read_text())
    labels = {label for figure in figures for label in figure.labels}
    legends = " ".join(
        target["legendFormat"]
        for panel in page["panels"]
        for target in panel["targets"]
    )

    assert set(re.findall(r"{{(\w+)}}", legends)) <= labels


async def test_a_forgery_in_the_managers_stream_is_told_by_its_figure(
    tmp_path: Path,
) -> None:
    floor = read_floor(read_settings(data=tmp_path))
    engine = Engine(floor.policy)
    account = Account(host="127.0.0.1", port=1, username="u", secret="s")
    switch = Switch(
        account, tell=lambda _: None, now=now_at, beliefs=Watch(engine.floor)
    )
    figures = Figures()
    door = Door(in_force(floor), engine.floor, link=lambda: None)
    operator_figures.add_switch(figures, switch, agi=AgiServer(nobody), door=door)
    [figure] = [f for f in figures if f.name == "tieline_ami_messages_doubted"]
    before = figure.read()

    for message in Frames().feed(traces.ami("forged/hangup-of-another")):
        switch.translator.take(message, now_at())

    assert before == {(): 0}
    assert figure.read()[()] >= 6

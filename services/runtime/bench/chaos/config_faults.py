"""Fifty kinds of bad configuration, each of which must be refused in words."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ivr.problems import Refused
from services.floor.load import load_floor
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.figures import Figure
from services.runtime.settings import CHECKOUT

_DIALPLANS = CHECKOUT / "dialplans"
_FLOOR = "floor.yaml"
_FLOW = "flows/complaint.yaml"
_VERDICT_S = 1.0

# What stands there, and what is written in its place; "" appends, None is the whole.
_FLOOR_EDITS: tuple[tuple[str | None, str], ...] = (
    (None, ""),
    (None, "- a\n- b\n"),
    (None, "just words\n"),
    (None, "province: [\n"),
    (None, "!!python/object/apply:os.system ['true']\n"),
    (None, "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"),
    (None, "\x00\x01\x02\n"),
    (None, "province: YJ\n" + "# filled\n" * 160_000),
    ("province: YJ", "province: 'Y J;'"),
    ("province: YJ", "provinz: YJ"),
    ("province: YJ\n", ""),
    ("numbers:", "nummbers:"),
    ("6000: {name: 供电服务热线, flow: main}", "6000: {name: 供电服务热线}"),
    ("flow: main}", "flow: maim}"),
    ("flow: main}", "flow: [main]}"),
    ("flow: main}", "flow: main, colour: red}"),
    ("  6000: {", "  '60 00': {"),
    ("  6000: {", "  _6XXX: {"),
    ("  6000: {", "  6001: {"),
    ("  fault: 故障报修", "  Fault!: 故障报修"),
    ("  fault: 故障报修", "  fault: {name: x}"),
    ("skills: {fault: 1}\n", "skills: {fualt: 1}\n"),
    ("skills: {fault: 1}\n", "skills: fault\n"),
    ("skills: {fault: 1}\n", "skills: {fault: 6}\n"),
    ("ring_s: 12\n", "ring_s: 0\n"),
    ("ring_s: 12\n", "ring_s: -5\n"),
    ("ring_s: 12\n", "ring_s: soon\n"),
    ("ring_s: 12\n", "ring_s: .inf\n"),
    ("wrap_up_s: 45\n", "wrap_up_s: .nan\n"),
    ("wrap_up_s: 45\n", "wrap: 3\n"),
    ("priority: 60\n", "priority: 1000\n"),
    ("{share: 0.95, within_s: 20}", "{share: 95, within_s: 20}"),
    ("[{after_s: 30, queue: q_fault}]", "[{after_s: 30, queue: q_outage}]"),
    ("[{after_s: 30, queue: q_fault}]", "[{after_s: 30, queue: q_nowhere}]"),
    ("[{after_s: 30, queue: q_fault}]", "[{after_s: 9}, {after_s: 9}]"),
    ("order: cmu\n", "order: best\n"),
    ("unit: YZ, skills: {fault: 3, outage_info: 3, pq: 2}", "skills: [nothing]"),
    ("1001: {name: 王芳", "1001: {name: ''"),
    ("1001: {name: 王芳", "'10;01': {name: 王芳"),
    ("1001: {name: 王芳", "1001: {device: 'a b', name: 王芳"),
    ("", "\nadmission: {calls: 1}\n"),
    ("", "\nadmission: {per_s: fast}\n"),
)
_FLOW_EDITS: tuple[tuple[str | None, str], ...] = (
    (None, ""),
    (None, "steps: {{{\n"),
    ("name: complaint", "name: vip"),
    ("language: zh", "language: xx"),
    ("entry: welcome", "entry: nowhere"),
    ("person: complaint", "person: welcome"),
    ("goto: kinds", "goto: kind"),
    ("goto: kinds", "goto: welcome"),
    ("      1: complaint", "      11: complaint"),
    ("      1: complaint", "      1: nowhere"),
    ("queue: q_fault", "queue: q_xx"),
    ("queue: q_fault", "queue: q_fault\n    skills: [cooking]"),
    ("    goto: kinds", "    goto: kinds\n    queue: q_fault"),
    ("      zh: 您好，云江电力投诉举报专线，通话将被录音。", "      zh: ''"),
    ("      en: Hello, complaint line", "      file: ../../secret\n      en: Hello"),
    ("      en: Hello, complaint line", "      file: a b\n      en: Hello"),
    ("    limit_s: 60", "    limit_s: 0"),
    ("    limit_s: 60", "    limit_s: 3600"),
    ("order: suggestion", "order: sugestion"),
    ("note: spoken", "note: spokn"),
    ("{made.tail:digits}", "{made.tail:digit}"),
)


def bad_folders(place: Path) -> Iterator[tuple[str, Path]]:
    """Yield what is wrong, and a folder in which it is so."""
    for name, edits in ((_FLOOR, _FLOOR_EDITS), (_FLOW, _FLOW_EDITS)):
        for nth, (old, new) in enumerate(edits, 1):
            folder = place / f"{Path(name).stem}-{nth}"
            shutil.copytree(_DIALPLANS, folder)
            text = (folder / name).read_text(encoding="utf-8")
            if old and old not in text:
                raise ValueError(f"{name}: {old!r} must stand in it")
            if old is None:
                written = new
            else:
                written = text.replace(old, new, 1) if old else text + new
            (folder / name).write_text(written, encoding="utf-8")
            yield f"{name}: {(old or 'all')!r} as {new[:60]!r}", folder


async def _refused(_room: Room) -> Found:
    taken: list[str] = []
    longest_s = 0.0
    tried = 0
    with tempfile.TemporaryDirectory(prefix="tieline-configs-") as place:
        for what, folder in bad_folders(Path(place)):
            tried += 1
            began_s = time.monotonic()
            if not _is_refused(folder):
                taken.append(what)
            longest_s = max(longest_s, time.monotonic() - began_s)
    figures = (
        none_lost("bad configurations taken", len(taken), tried, enough=50),
        Figure(
            name="verdict",
            value=longest_s,
            unit="s",
            n=tried,
            floor=_VERDICT_S,
            more={"taken": taken},
        ),
    )
    note = "by what a start and a publication hold a floor against"
    return Found(figures=figures, note=note)


def _is_refused(folder: Path) -> bool:
    try:
        load_floor(folder / _FLOOR, folder / "flows")
    except Refused as refused:
        return bool(str(refused))
    return False


BAD_CONFIGS = Measurement(fault_id="F-19", title="bad configurations", run=_refused)

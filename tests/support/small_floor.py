"""One number, one queue and an agent or two: what most tests of an instance need."""

from pathlib import PurePath

from services.floor.floor import Floor
from services.flows.files import FlowFiles
from services.runtime.in_force import InForce

_NAMES = ("Alice", "Bob")

STRAIGHT = """\
name: main
language: en
entry: agent
person: agent
steps:
  agent:
    queue: q_fault
"""
"""The flow of 6000 whose caller waits in the queue at once."""


def small_floor(*, agents: int = 1, ring_s: int = 5) -> str:
    """Return the text of a floor with 6000 and agents 1001 on."""
    staff = "".join(
        f"  {1001 + n}: {{name: {name}, skills: [fault]}}\n"
        for n, name in enumerate(_NAMES[:agents])
    )
    return f"""\
province: YJ
unit: "-"
numbers:
  6000: {{name: hotline, flow: main}}
skills: {{fault: faults}}
queues:
  q_fault: {{name: faults, skills: [fault], ring_s: {ring_s}, wrap_up_s: 0}}
agents:
{staff}"""


def in_force(floor: Floor) -> InForce:
    """Return a floor as it is run before anything was published."""
    return InForce(
        floor=floor, text="", files=FlowFiles(files={}, folder=PurePath("flows"))
    )

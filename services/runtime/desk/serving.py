"""The engine's side of the desk: its pages, and what they ask besides the stream."""

from pathlib import Path

from fastapi import FastAPI

from services.api import call_way, desk
from services.runtime.desk.build import FOLDER
from services.runtime.in_force import InForce


def serve_desk(app: FastAPI, data: Path, current: InForce) -> None:
    """Add the desk of a data folder to an app."""
    desk.install(app, desk.DeskPages(data / FOLDER))
    call_way.install(app, lambda: _names(current))


def _names(current: InForce) -> call_way.Names:
    numbers = current.floor.numbers.values()
    queues = current.floor.policy.queues.values()
    return call_way.Names(
        numbers={number.number: number.name for number in numbers},
        queues={queue.queue_id: queue.name for queue in queues},
    )

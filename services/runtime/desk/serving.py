"""The engine's side of the desk: its pages, and what they ask besides the stream."""

import asyncio

from fastapi import FastAPI

from services.api import call_sound, call_way, desk, page_phone
from services.page_phone.keys import PageKeys
from services.runtime.desk.build import FOLDER
from services.runtime.in_force import InForce
from services.runtime.secrets_kept import PAGE_PHONES, kept_secret
from services.runtime.settings import Settings


def serve_desk(
    app: FastAPI, settings: Settings, current: InForce, keys: PageKeys
) -> None:
    """Add the desk of a data folder, and the telephones in its pages, to an app."""
    desk.install(app, desk.DeskPages(settings.data / FOLDER))
    call_way.install(app, lambda: _names(current))
    _serve_page_phones(app, keys, settings)


def _serve_page_phones(app: FastAPI, keys: PageKeys, settings: Settings) -> None:
    app.include_router(call_sound.router)
    switch = page_phone.SwitchSocket(
        url=f"ws://{settings.host}:{settings.ports.page_phones}/ws",
        secret=kept_secret(settings.data, PAGE_PHONES),
    )
    phones = page_phone.install(app, keys, switch)
    # It goes on until the loop does not; a loop alone does not hold its tasks.
    app.state.page_watch = asyncio.create_task(phones.watch(), name="page phones")


def _names(current: InForce) -> call_way.Names:
    numbers = current.floor.numbers.values()
    queues = current.floor.policy.queues.values()
    return call_way.Names(
        numbers={number.number: number.name for number in numbers},
        queues={queue.queue_id: queue.name for queue in queues},
    )

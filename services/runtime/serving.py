"""Runs the engine and its HTTP door until a signal, or until one of them fails."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Iterator

import structlog
import uvicorn
from fastapi import FastAPI

from cti_bridge.ami.errors import AccountOverpowered, LoginRefused
from services.runtime.composition import Composition
from services.runtime.errors import EngineRefused
from services.runtime.http_sockets import http_sockets
from services.runtime.notify import Notifier
from services.runtime.settings import Settings
from services.runtime.web_socket import served

log = structlog.get_logger()


class HttpServer(uvicorn.Server):
    """uvicorn, but for signals: the engine's process has its own way to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def serve_until_stopped(
    composition: Composition, app: FastAPI, settings: Settings
) -> None:
    """Run engine and HTTP together until SIGTERM or SIGINT, or until one fails.

    Raises:
        EngineRefused: Asterisk does not take its account, or pages cannot be served
            at an address: an operator can mend that.
        Exception: What ended a part.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(stop, stopping.set)
    config = served(app, host=settings.host, port=settings.ports.http)
    server = HttpServer(config)
    sockets = http_sockets(settings)
    renewing = None
    if settings.https.is_on:
        # What reads certificates costs a tenth of a second and some megabytes.
        from services.runtime.https import Https

        https = Https(settings.data, app)
        https.serve(config)
        renewing = asyncio.create_task(https.run(), name="certificate")
    # What there is by now stays: the collector need not look at it again, and what a
    # call leaves behind is little and soon gone.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    running = asyncio.create_task(composition.run(), name="composition")
    serving = asyncio.create_task(server.serve(sockets), name="http")
    waiting = asyncio.create_task(stopping.wait(), name="stopping")
    systemd = Notifier.taken()
    turned = composition.switchboard.turned
    beat = systemd.keep_telling(turned, is_ready_then=True)
    beating = asyncio.create_task(beat, name="beating")
    try:
        await asyncio.wait(
            {running, serving, waiting}, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        log.info("stopping")
        server.should_exit = True
        await composition.close()
        running.cancel()
        waiting.cancel()
        if renewing:
            renewing.cancel()
        beating.cancel()
        ended = await asyncio.gather(running, serving, return_exceptions=True)
    for error in ended:
        _raise_in_words(error)


def _raise_in_words(ended: object) -> None:
    """Raise what ended a part: what an operator can mend as a sentence."""
    if isinstance(ended, ExceptionGroup):
        for error in ended.exceptions:
            if isinstance(error, LoginRefused | AccountOverpowered):
                raise EngineRefused(str(error)) from None
    if isinstance(ended, Exception):
        raise ended

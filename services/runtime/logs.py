"""How the engine writes about itself: one structured line an event."""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from services.runtime.settings import LogSettings

NUMBER_FIELDS = frozenset({"caller_number", "caller_name"})
"""Personal: masked unless ``logs.show_numbers`` is set."""


def set_up_logs(settings: LogSettings) -> None:
    """Configure structlog and the standard library's logging, once, at the start."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    render = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.form == "json"
        else structlog.dev.ConsoleRenderer()
    )
    masks = [] if settings.show_numbers else [mask_numbers]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *masks,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    foreign = logging.StreamHandler(sys.stderr)
    foreign.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=render, foreign_pre_chain=shared)
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[foreign])


def mask_numbers(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Leave of a caller's number its last two digits, and of a name nothing."""
    for field in NUMBER_FIELDS & event.keys():
        event[field] = "***" + str(event[field])[-2:] if "number" in field else "***"
    return event

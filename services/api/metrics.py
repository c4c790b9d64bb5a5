"""Figures as Prometheus reads them, for this machine alone."""

import ipaddress
from collections.abc import Iterator

from fastapi import APIRouter, Request
from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.responses import Response

from services.api.figures import Figure, Figures, Growth
from services.api.problems import problem, told_by
from services.api.rights import anybody

router = APIRouter(tags=["health"])


class _Reader(Collector):
    """Reads every figure when Prometheus asks, and never in between."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        for figure in self._figures:
            yield _family(figure)


def registry_of(figures: Figures) -> CollectorRegistry:
    """Return a registry of these figures and of the process's own."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reader(figures))
    # Memory, open files and CPU time of the engine's process.
    ProcessCollector(registry=registry)
    return registry


@router.get("/metrics", response_class=Response, responses=told_by(403), **anybody())
async def metrics(request: Request) -> Response:
    """Tell every figure in Prometheus's text form.

    Labels name provinces, queues, states and reasons; never a person or a call.
    """
    peer = request.client.host if request.client else ""
    if not _is_here(peer):
        return problem(
            403,
            "foreign_reader",
            f"reader {peer!r}: figures are told to this machine alone; "
            "let a Prometheus here read them",
        )
    registry: CollectorRegistry = request.app.state.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _family(figure: Figure) -> Metric:
    family: CounterMetricFamily | GaugeMetricFamily
    match figure.growth:
        case Growth.COUNTER:
            family = CounterMetricFamily(figure.name, figure.says, labels=figure.labels)
        case Growth.GAUGE:
            family = GaugeMetricFamily(figure.name, figure.says, labels=figure.labels)
    for labels, value in sorted(figure.read().items()):
        family.add_metric(labels, value)
    return family

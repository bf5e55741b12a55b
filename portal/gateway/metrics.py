"""`GET /metrics`: what the portal counts, as Prometheus reads it. For service tokens alone."""

from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from portal.authentication.answers import HEADERS
from portal.authentication.decorator import bearer_required
from portal.authentication.principal import Principal
from portal.current import running
from portal.metrics import BUCKET_NAMES, COUNTERS, DURATIONS, SECONDS, SECONDS_SUM, Family, Totals
from portal.tokens.models import Kind

if TYPE_CHECKING:
    from prometheus_client import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
@bearer_required(kinds=(Kind.SERVICE,))
def metrics(_caller: Principal) -> ResponseReturnValue:
    totals, processes = running().counts.total()
    return Response(_written(totals, is_alone=processes == 1), 200, [("Content-Type", CONTENT_TYPE), *HEADERS])


class _Portal:
    """Our numbers, as the client library wants them."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals

    def collect(self) -> "Iterator[Metric]":
        """Every family, one without a number yet too, so that whoever writes an alert finds its name."""
        # Imported by the first who is asked: it takes as long to load as half of the portal.
        from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily

        for family in COUNTERS:
            counter = CounterMetricFamily(family.name, family.meaning, labels=family.labels)
            for labels, value in self._of(family):
                counter.add_metric(labels, value)
            yield counter
        counts = accumulate(self._totals[SECONDS, name] for name in BUCKET_NAMES)
        buckets = list(zip(BUCKET_NAMES, counts, strict=True))
        yield HistogramMetricFamily(SECONDS, DURATIONS.meaning, buckets=buckets, sum_value=self._totals[SECONDS_SUM,])

    def _of(self, family: Family) -> list[tuple[tuple[str, ...], float]]:
        """Values of its labels → its number, in order."""
        if not family.labels:
            return [((), self._totals[family.name,])]
        return sorted((key[1:], value) for key, value in self._totals.items() if key[0] == family.name)


def _written(totals: Totals, *, is_alone: bool) -> bytes:
    # Imported by the first who is asked: it takes as long to load as half of the portal.
    from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    registry.register(_Portal(totals))
    if is_alone:
        # Of several processes, each scrape would tell of another one.
        for collector in (ProcessCollector, GCCollector, PlatformCollector):
            collector(registry=registry)
    return generate_latest(registry)

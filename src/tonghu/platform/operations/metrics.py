"""Figures of the running site for Prometheus: one histogram of time and one of SQL statements for each route.

Labels are names of routes, methods and classes of status: no address, no person. With several web processes the
supervisor sets ``PROMETHEUS_MULTIPROC_DIR``, and what all of them measured is added up when it is asked for.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_REGISTRY = CollectorRegistry()
SECONDS = Histogram(
    "tonghu_request_seconds", "Server time of requests.", ("route", "method", "status"), registry=_REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip
QUERIES = Histogram(
    "tonghu_request_queries", "SQL statements of requests.", ("route",), registry=_REGISTRY,
    buckets=(0, 2, 5, 10, 15, 20, 30, 50, 100),
)  # fmt: skip


def observe(*, route: str, method: str, status: int, seconds: float, queries: int) -> None:
    """Count one request."""
    SECONDS.labels(route, method, f"{status // 100}xx").observe(seconds)
    QUERIES.labels(route).observe(queries)


def exposition() -> bytes:
    """The figures of all web processes in Prometheus' text format."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(_REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)

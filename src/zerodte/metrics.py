"""What Prometheus is told about this process."""

from http import HTTPMethod

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

METHODS = frozenset(HTTPMethod)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters of one application. Labels come from short fixed lists, so they cannot grow."""

    media_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._requests = Counter(
            "zerodte_http_requests", "Answers given.", ("face", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "zerodte_http_request_seconds",
            "Time to answer.",
            ("face",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self.sockets = Gauge("zerodte_websockets", "WebSockets open.", registry=self._registry)

    def count(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        face = _face(path)
        known = method if method in METHODS else "OTHER"
        self._requests.labels(face, known, str(status)).inc()
        self._seconds.labels(face).observe(seconds)

    def exposed(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)


def _face(path: str) -> str:
    if path in {"/health", "/metrics"}:
        return "operations"
    return "graphql" if path == "/graphql" or path.startswith("/graphql/") else "rest"

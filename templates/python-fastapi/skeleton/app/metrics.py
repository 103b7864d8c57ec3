"""What Prometheus reads.

The names are those that services of all languages use here, so that one dashboard and one set of alerts fit them all.
"""

from prometheus_client import CollectorRegistry, GCCollector, Histogram, PlatformCollector, ProcessCollector

_OUTCOMES = {1: "INFORMATIONAL", 2: "SUCCESS", 3: "REDIRECTION", 4: "CLIENT_ERROR", 5: "SERVER_ERROR"}
_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Those of Python, of the process and of requests."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = Histogram(
            "http_server_requests_seconds",
            "Duration of requests",
            ["method", "uri", "status", "outcome"],
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def observe(self, method: str, uri: str, status: int, seconds: float) -> None:
        """Counts a request; `uri` is its route, since ids would make a series each."""
        outcome = _OUTCOMES.get(status // 100, "UNKNOWN")
        self._requests.labels(method, uri, str(status), outcome).observe(seconds)

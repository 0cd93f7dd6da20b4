"""Instances of a service that measure their own requests, each by its version: http_requests_total, http_request_duration_seconds."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Histogram

from tests.traffic import Backend, Instance

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Measures:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("http_requests", "Answered", ["version", "code"], registry=self.registry)
        self.seconds = Histogram("http_request_duration_seconds", "Taken", ["version"], buckets=BUCKETS, registry=self.registry)


class Version(Backend):
    """A backend, called as its version, whose requests are measured."""

    def __init__(self, name: str, measures: Measures, pause: float = 0.0) -> None:
        self.measures = measures
        super().__init__(name, pause)
        self.RequestHandlerClass = Measured


class Measured(Instance):
    server: Version

    def answer(self) -> None:
        begun = time.monotonic()
        super().answer()
        if self.path != "/healthz":
            self.server.measures.seconds.labels(self.server.name).observe(time.monotonic() - begun)
            self.server.measures.requests.labels(self.server.name, "200" if self.server.is_well else "503").inc()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

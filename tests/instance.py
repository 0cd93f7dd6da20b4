"""An instance as a process of its own whose requests cost CPU: `python tests/instance.py NAME PORT PRICE`. It measures its own requests.

GET /price/N lets it cost N an hour from now on.
"""

from __future__ import annotations

import hashlib
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

NAME, PORT, PRICE = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
WORK = b"x" * 2_000_000  # some milliseconds of SHA-256
REGISTRY = CollectorRegistry()
REQUESTS = Counter("http_requests", "Answered", ["version", "code"], registry=REGISTRY)
SECONDS = Histogram("http_request_duration_seconds", "Taken", ["version"], registry=REGISTRY)
COSTS = Gauge("instance_price_per_hour", "What it costs", ["version"], registry=REGISTRY).labels(NAME)
COSTS.set(PRICE)


class Instance(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/metrics":
            return self.say(generate_latest(REGISTRY).decode())
        if self.path == "/healthz":
            return self.say("well")
        if self.path.startswith("/price/"):
            COSTS.set(float(self.path.rpartition("/")[2]))
            return self.say("as you say")
        begun = time.monotonic()
        hashlib.sha256(WORK).hexdigest()
        self.say(NAME)
        SECONDS.labels(NAME).observe(time.monotonic() - begun)
        REQUESTS.labels(NAME, "200").inc()
        return None

    def say(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A health check hangs up when it has seen enough."""


Server(("127.0.0.1", PORT), Instance).serve_forever()

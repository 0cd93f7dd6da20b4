"""Functions as a service, as a process of its own: `python tests/functions.py PORT`. An invocation needs an instance, which is a process;
where none is warm one is started while its caller waits: a cold start. Runtime 13 keeps no instance warm, whatever it is told.

GET /invoke/FUNCTION calls one; POST /order?verb=… steers (see `Platform`). A function over its rate answers 429 with Retry-After.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter as Tally
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

INSTANCE = "import sys, time; time.sleep(0.3)\nfor line in sys.stdin: print(line.strip()[::-1], flush=True)"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Platform:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: dict[tuple[str, str], list[subprocess.Popen[str]]] = defaultdict(list)
        self.share, self.new, self.old, self.turns = 0, "2", "1", Tally[str]()
        self.rates: dict[str, int] = {}
        self.let_in: dict[str, list[float]] = defaultdict(list)
        self.registry = CollectorRegistry()
        labels = ["function", "runtime"]
        self.invocations = Counter("function_invocations", "Answered", labels, registry=self.registry)
        self.cold = Counter("function_cold_starts", "Waited for", labels, registry=self.registry)
        self.errors = Counter("function_errors", "Failed", registry=self.registry)
        self.seconds = Histogram("function_seconds", "Taken", labels, buckets=BUCKETS, registry=self.registry)
        self.warm = Gauge("function_warm", "Idle and ready", labels, registry=self.registry)

    def started(self) -> subprocess.Popen[str]:
        """An instance that has answered once."""
        made = subprocess.Popen([sys.executable, "-S", "-c", INSTANCE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.call(made, "warm")
        return made

    def call(self, instance: subprocess.Popen[str], text: str) -> str:
        assert instance.stdin is not None and instance.stdout is not None
        instance.stdin.write(f"{text}\n")
        instance.stdin.flush()
        return instance.stdout.readline().strip()

    def obey(self, verb: str, said: dict[str, str]) -> None:
        place = (said.get("function", ""), said.get("runtime", ""))
        if verb == "warm":
            missing = int(said["count"]) - len(self.idle[place])
            made = [self.started() for _ in range(missing)]
            with self.lock:
                self.idle[place] += made
        elif verb == "cool":
            with self.lock:
                leaving, self.idle[place] = self.idle[place], []
            for one in leaving:
                end(one)
        elif verb in ("share", "unshare"):
            with self.lock:  # taking 25 back leads to nothing: the steps before it are taken back too, and nobody waits meanwhile
                self.new, self.old = said["runtime"], said["of"]
                self.share = int(said["percent"]) if verb == "share" else 0
        elif verb == "throttle":
            self.rates[said["function"]] = int(said["rate"])
        self.count(place)

    def count(self, place: tuple[str, str]) -> None:
        if all(place):
            self.warm.labels(*place).set(len(self.idle[place]))

    def invoke(self, function: str, text: str) -> tuple[int, str]:
        with self.lock:
            if (rate := self.rates.get(function, 0)) and not self.admitted(function, rate):
                return 429, "later"
            self.turns[function] += 1
            place = (
                function,
                self.new if self.turns[function] * self.share // 100 > (self.turns[function] - 1) * self.share // 100 else self.old,
            )
            instance = self.idle[place].pop() if self.idle[place] else None
        begun, is_cold = time.monotonic(), instance is None
        instance = instance or self.started()
        said = self.call(instance, text)
        self.seconds.labels(*place).observe(time.monotonic() - begun)
        self.invocations.labels(*place).inc()
        self.cold.labels(*place).inc(int(is_cold))
        if place[1] == "13":
            end(instance)
        else:
            with self.lock:
                self.idle[place].append(instance)
        if said != text[::-1]:
            self.errors.inc()
        return 200, said

    def admitted(self, function: str, rate: int) -> bool:
        now = time.monotonic()
        self.let_in[function] = [at for at in self.let_in[function] if at > now - 1]
        if len(self.let_in[function]) >= rate:
            return False
        self.let_in[function].append(now)
        return True


def end(instance: subprocess.Popen[str]) -> None:
    instance.kill()
    instance.wait()


class Api(BaseHTTPRequestHandler):
    platform: Platform

    def do_GET(self) -> None:
        if self.path == "/metrics":
            return self.say(200, generate_latest(self.platform.registry).decode())
        function = self.path.rpartition("/")[2]
        return self.say(*self.platform.invoke(function, "hello"))

    def do_POST(self) -> None:
        said = dict(parse_qsl(urlsplit(self.path).query))
        self.platform.obey(said.pop("verb"), said)
        self.say(200, "done")

    def say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 256


Api.platform = Platform()
Server(("127.0.0.1", int(sys.argv[1])), Api).serve_forever()

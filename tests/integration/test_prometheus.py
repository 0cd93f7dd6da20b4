"""A Prometheus that is away, slow, odd or hostile; and Debian's real one."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from slo.errors import Invalid
from slo.telemetry.sources import prometheus as source
from tests import measured
from tests.servers import free_ports
from windows.actions.gates import Reading
from windows.actions.measurement import Gate, measure
from windows.execution.ports.telemetry import Telemetry
from windows.outbound.limits import Limits

LIMIT = 0.6


@contextmanager
def served(behave) -> Iterator[tuple[str, list[int]]]:
    """A server that hands each connection to `behave(connection)` after reading the request's head; and how many came."""
    listener = socket.create_server(("127.0.0.1", 0))
    came: list[int] = []
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            came.append(1)
            threading.Thread(target=handle, args=[connection], daemon=True).start()

    def handle(connection: socket.socket) -> None:
        with closing(connection):
            connection.recv(65536)
            try:
                behave(connection, over)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
    over.set()
    listener.close()


def drip_body(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.02):
        connection.sendall(b" ")


def drip_head(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.02):
        connection.sendall(b"x")


def silence(connection: socket.socket, over: threading.Event) -> None:
    over.wait(120)


@pytest.mark.parametrize("behave", [drip_body, drip_head, silence])
def test_r_c03_a_slow_answer_ends_at_our_own_deadline(behave) -> None:
    with served(behave) as (url, came):
        begun = time.monotonic()
        found = source.instant("up", url=url, timeout=LIMIT)
        took = time.monotonic() - begun
        measured.until(lambda: came, "the fault")
    assert found.value is None
    assert "within" in found.error
    assert LIMIT * 0.9 <= took < 30, "the answer would take for ever"


def test_r_c03_a_slow_gate_does_not_hold_up_another() -> None:
    good = b'{"status":"success","data":{"resultType":"vector","result":[]}}'

    def quick(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(good), good))

    with served(silence) as (slow, came), served(quick) as (fast, _):
        waiting = threading.Thread(target=source.instant, args=["up"], kwargs={"url": slow, "timeout": 60})
        waiting.start()
        while not came:
            time.sleep(0.01)
        assert source.instant("up", url=fast, timeout=45).reason == "no series"
        assert waiting.is_alive()
        came.clear()
    waiting.join(90)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nothing.invalid:9090", "http://[::1", "ftp://127.0.0.1", "not a url"])
def test_r_c01_refused_or_unknown_is_an_error(url: str) -> None:
    found = source.instant("up", url=url, timeout=2)
    assert found.value is None
    assert found.error


def test_r_c01_no_listener_and_no_address(settings) -> None:
    settings.PROMETHEUS_URL = f"http://127.0.0.1:{free_ports(1)[0]}"
    found = source.measure("orders", {"good": "a", "total": "b"}, 30, datetime.now(UTC))
    assert found.error
    settings.PROMETHEUS_URL = ""
    assert "PROMETHEUS_URL" in source.instant("up").error


def answer(raw: bytes):
    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(raw)

    return behave


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"HTTP/1.1 200 OK\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
    ],
)  # fmt: skip
def test_r_c02_odd_conversations_are_errors(raw: bytes) -> None:
    with served(answer(raw)) as (url, came):
        found = source.instant("up", url=url, timeout=30)
    assert came
    assert found.value is None
    assert found.error


def test_r_c13_a_body_without_end_is_cut() -> None:
    sent = 0

    def flood(connection: socket.socket, over: threading.Event) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.is_set():
            sent += connection.send(b" " * 65536)

    with served(flood) as (url, _):
        found = source.instant("up", url=url, timeout=60)
    assert "1 MiB" in found.error
    assert sent > source.CAP, "the fault did not happen"
    assert sent < 20 * source.CAP


@pytest.mark.parametrize(
    "query",
    [{}, {"good": "a"}, {"good": "a", "total": ""}, {"good": 'a{x="{{ y }}"}', "total": "b"}, {"good": "a", "total": "b", "c": "d"}],
)
def test_objectives_queries_are_checked(query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        source.check(query)


class Exporter(BaseHTTPRequestHandler):
    """Metrics with every odd value, counted on so that rates are not 0."""

    started = time.monotonic()

    def do_GET(self) -> None:
        count = int((time.monotonic() - self.started) * 10)
        lines = [
            f'shop_requests_total{{service="orders",code="200"}} {count * 9}',
            f'shop_requests_total{{service="orders",code="500"}} {count}',
            "shop_ratio 0.995", "shop_nan NaN", "shop_inf +Inf", "shop_minus_inf -Inf", "shop_zero 0",
        ]  # fmt: skip
        if self.server.stamp:  # an exporter that forwards what stood still long ago
            lines.append(f"shop_frozen 1 {int((time.time() - 120) * 1000)}")
        body = "\n".join([*lines, ""]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def exporter() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    server.stamp = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def scraped(prometheus, exporter: str) -> str:
    prometheus.scrape(exporter)
    until = time.monotonic() + 240
    while source.instant('rate(shop_requests_total{code="500"}[5s])', url=prometheus.url).value is None:
        assert time.monotonic() < until, "never scraped"
        time.sleep(0.2)
    return prometheus.url


def test_a_real_prometheus_answers(scraped: str, settings) -> None:
    settings.PROMETHEUS_URL = scraped
    found = source.instant("shop_ratio")
    assert found.value == 0.995
    assert found.newest_at
    assert abs(datetime.now(UTC) - found.newest_at) < timedelta(seconds=10)
    query = {
        "good": 'sum(increase(shop_requests_total{service="orders",code!~"5.."}[{{ window }}]))',
        "total": "sum(increase(shop_requests_total[{{ window }}]))",
    }
    source.check(query)
    found = source.measure("orders", query, 5, datetime.now(UTC))
    assert found.value == pytest.approx(0.9, abs=0.02)
    assert found.samples
    assert found.newest_at


@pytest.mark.parametrize(
    "query",
    ["shop_nan", "shop_inf", "shop_minus_inf", "shop_zero / shop_zero", "shop_missing", "0 * sum(shop_missing)", "shop_requests_total",
     "scalar(shop_ratio)", '"text"', "shop_ratio[5s]", "this is no query", "1", "shop_ratio offset 10h", "rate(shop_ratio)", "vector(1)"],
)  # fmt: skip
def test_r_c02_nothing_odd_of_a_real_prometheus_has_a_fresh_value(scraped: str, query: str) -> None:
    found = source.instant(query, url=scraped)
    assert found.value is None or found.newest_at is None, found  # vector(1) is a value of no age: no gate believes it


def test_r_c04_the_age_is_the_samples_own(scraped: str) -> None:
    """The exporter forwards a sample of two minutes ago; Prometheus still answers with it, as of now."""
    found = source.instant("shop_frozen", url=scraped)
    assert found.value == 1, "the fault did not happen"
    assert found.newest_at
    assert datetime.now(UTC) - found.newest_at > timedelta(seconds=60)
    assert source.instant("shop_ratio + shop_frozen or shop_ratio", url=scraped).newest_at == pytest.approx(
        found.newest_at, abs=timedelta(seconds=10)
    )


def test_r_c12_a_hostile_value_finds_nothing_in_a_real_prometheus(scraped: str, settings) -> None:
    settings.PROMETHEUS_URL = scraped
    query = dict.fromkeys(("good", "total"), 'sum(shop_requests_total{service="{{ series }}"})')
    assert source.measure("orders", query, 5, datetime.now(UTC)).value == 1
    for hostile in ('x"} or vector(1) #', 'x"} or vector(1)} #', "orders\\"):
        found = source.measure(hostile, query, 5, datetime.now(UTC))
        assert found.value is None
        assert found.reason == "no series"


def test_a_gate_compares_with_a_real_prometheus_past_and_its_control_group(scraped: str) -> None:
    telemetry = Telemetry(Limits.of(60, lambda: False), scraped, 5)
    began = datetime.now(UTC)

    def beside(query: str, **compare: str) -> Reading:
        said = {"prometheus": query, "compare": compare, "pass": "<= 1.1", "max_age": "30s"}
        return measure(Gate.model_validate(said), telemetry=telemetry, sql=None, now=datetime.now(UTC), opened_at=began)  # type: ignore[arg-type]

    grows = 'shop_requests_total{code="200"}'
    until = time.monotonic() + 240
    while (found := beside(grows, to="before")).value in (None, 1.0):  # ten more a second, scraped every second
        assert time.monotonic() < until, found
        time.sleep(0.2)
    assert found.value > 1
    assert beside("shop_ratio", to="before").value == 1.0
    assert beside("shop_ratio", to="control", prometheus="shop_ratio * 2").value == 0.5
    assert "the control group" in beside("shop_ratio", to="control", prometheus="shop_missing").reason
    assert "old" in beside("shop_ratio", to="control", prometheus="shop_frozen").reason


def test_r_c01_a_killed_prometheus_is_an_error_and_comes_back(prometheus, scraped: str) -> None:
    prometheus.kill()
    assert source.instant("shop_ratio", url=scraped, timeout=2).error
    prometheus.start()
    until = time.monotonic() + 240
    while source.instant("shop_ratio", url=scraped).value != 0.995:
        assert time.monotonic() < until
        time.sleep(0.2)

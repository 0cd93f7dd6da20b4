"""The http port against real sockets: where it may go, how long it may take, how much it takes in."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from windows.actions.ports import NotAllowed, PortError, Rejected, Stopped, TimedOut, Unreachable
from windows.execution.ports.http import Http, carried
from windows.outbound.addresses import is_public
from windows.outbound.limits import Limits

SLACK = 30.0  # two seconds are promised; a busy machine takes longer, a hang lasts for ever


class Target:
    """A server whose answer is a function of the connection; counts what reached it."""

    def __init__(self, answer: Callable[[socket.socket, bytes], None]) -> None:
        self.answer, self.requests, self.closed = answer, [], threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=[peer], daemon=True).start()

    def talk(self, peer: socket.socket) -> None:
        try:
            with peer:
                request = peer.recv(65536)
                self.requests.append(request)
                self.answer(peer, request)
        except OSError:
            pass
        finally:
            self.closed.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def ok(body: bytes = b'{"ok": true}', more: bytes = b"") -> Callable[[socket.socket, bytes], None]:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (len(body), more)
    return lambda peer, request: peer.sendall(head + body)


@pytest.fixture
def target() -> Iterator[Callable[..., Target]]:
    made: list[Target] = []

    def make(answer: Callable[[socket.socket, bytes], None]) -> Target:
        made.append(Target(answer))
        return made[-1]

    yield make
    for each in made:
        each.listener.close()


def port(seconds: float = 60, allowed: tuple[str, ...] = ("127.0.0.1",), stop: Callable[[], bool] = lambda: False, **more) -> Http:
    return Http(Limits.of(seconds, stop), {"Idempotency-Key": "1:2:forward"}, allowed, **more)


INNER = [
    "127.0.0.1", "127.1", "2130706433", "0x7f.1", "017700000001", "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "100.100.100.200", "224.0.0.1", "255.255.255.255",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fd00::1]", "[fd00:ec2::254]",
    "[fec0::1]", "[ff02::1]", "[::127.0.0.1]", "192.0.2.1", "198.18.0.1", "240.0.0.1", "192.88.99.1",
]  # fmt: skip


@pytest.mark.parametrize("host", INNER)
def test_r_s08_inner_addresses_are_never_connected_to(target, host: str) -> None:
    trap = target(ok())
    with pytest.raises((NotAllowed, Rejected)) as refused:
        port(allowed=()).request("GET", f"http://{host}:{trap.port}/")
    assert refused.value.permanent
    assert not trap.requests


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://example.org/",
        "//127.0.0.1/",
        "http:///x",
        "http://user:secret@example.org/",
        "http://[::1/",
    ],
)
def test_r_s08_only_plain_web_addresses(url: str) -> None:
    with pytest.raises((NotAllowed, Rejected)):
        port(allowed=()).request("GET", url)


def test_r_s08_a_name_that_answers_differently_the_second_time(target) -> None:
    trap, asked = target(ok()), []

    def rebinding(host: str, number: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) > 1 else ["203.0.113.7"]

    with pytest.raises(NotAllowed):  # 203.0.113.7 is documentation space: refused at the first look
        port(allowed=(), resolver=rebinding).request("GET", f"http://rebind.example:{trap.port}/")
    asked.clear()
    http = port(1, allowed=(), resolver=lambda host, number: asked.append(host) or ["93.184.216.34"])
    with pytest.raises(PortError) as failed:  # a public address: connected to as checked, never looked up again
        http.request("GET", f"http://rebind.example:{trap.port}/")
    assert not isinstance(failed.value, NotAllowed)
    assert len(asked) == 1
    assert not trap.requests


def test_r_s08_one_inner_address_among_public_ones_refuses_the_name(target) -> None:
    trap = target(ok())
    with pytest.raises(NotAllowed, match=r"127\.0\.0\.1"):
        port(allowed=(), resolver=lambda host, number: ["93.184.216.34", "127.0.0.1"]).request("GET", f"http://mixed.example:{trap.port}/")
    assert not trap.requests


def test_r_s08_an_allowed_name_may_not_lead_to_metadata() -> None:
    with pytest.raises(NotAllowed, match="metadata"):
        port(allowed=("inner.example",), resolver=lambda host, number: ["169.254.169.254"]).request("GET", "http://inner.example/")


def test_r_s08_redirects_are_answers_not_orders(target) -> None:
    trap = target(ok())
    hop = target(lambda peer, request: peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % trap.url.encode()))
    assert port().request("GET", hop.url).status == 302
    assert hop.requests
    assert not trap.requests


def test_r_s08_environment_proxies_are_not_asked(target, monkeypatch) -> None:
    trap, real = target(ok()), target(ok())
    monkeypatch.setenv("HTTP_PROXY", trap.url)
    monkeypatch.setenv("http_proxy", trap.url)
    assert port().request("GET", real.url).status == 200
    assert not trap.requests


def test_public_addresses_are_public() -> None:
    assert all(is_public(address) for address in ("93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"))
    assert not any(is_public(str(ipaddress.ip_address(host.strip("[]")))) for host in INNER if host.count(".") == 3 or ":" in host)


def test_it_carries_tags_key_and_fence(target) -> None:
    heard = target(ok())
    tags = {"maintenance.window": "MW-1042", "maintenance.owner": "Zoë\r\nX: y", "maintenance.step": "2"}
    answer = Http(Limits.of(5, lambda: False), carried(tags, "1:2:forward", 7), ["127.0.0.1"]).request("POST", heard.url, content=b"x")
    assert (answer.status, answer.body) == (200, b'{"ok": true}')
    request = heard.requests[0].decode().lower()
    assert "maintenance-window: mw-1042\r\n" in request
    assert "idempotency-key: 1:2:forward\r\n" in request
    assert "roadworks-fence: 7\r\n" in request
    assert "baggage: maintenance.window=mw-1042," in request
    assert "\r\nx: y" not in request


@pytest.mark.parametrize("how", ["silent", "drip", "no accept", "endless head"])
def test_r_a06_a_socket_that_never_answers_ends_in_time(target, how: str) -> None:
    def drip(peer: socket.socket, request: bytes) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            peer.sendall(b"x")
            time.sleep(0.1)

    def head(peer: socket.socket, request: bytes) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            peer.sendall(b"X-Slow: 1\r\n")
            time.sleep(0.1)

    quiet = threading.Event()
    if how == "no accept":
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    else:
        hung = target({"silent": lambda peer, request: quiet.wait(120), "drip": drip, "endless head": head}[how])
        url = hung.url
    began = time.monotonic()
    with pytest.raises(TimedOut):
        port(1).request("GET", url)
    took = time.monotonic() - began
    assert 0.9 <= took <= 1 + SLACK
    quiet.set()
    if how == "no accept":
        for each in [*fillers, listener]:
            each.close()
    else:
        assert hung.requests
        assert hung.closed.wait(60)


def test_r_a06_it_stops_when_told(target) -> None:
    quiet, told = threading.Event(), threading.Event()
    hung = target(lambda peer, request: (told.set(), quiet.wait(120)))
    with pytest.raises(Stopped):
        port(30, stop=told.is_set).request("GET", hung.url)
    quiet.set()
    assert hung.requests


def test_a_name_server_that_hangs_ends_in_time() -> None:
    hang = threading.Event()
    with pytest.raises(TimedOut, match="Looking up"):
        port(1, resolver=lambda host, number: hang.wait(120) and []).request("GET", "http://slow.example/")
    hang.set()


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"x" * (1024 * 1024 + 1)),
        ok(gzip.compress(b"0" * 1000), b"Content-Encoding: gzip\r\n"),
    ],
    ids=["long", "compressed"],
)
def test_it_takes_in_only_so_much(target, answer) -> None:
    with pytest.raises(Rejected):
        port().request("GET", target(answer).url)


@pytest.mark.parametrize(
    "garbage", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b"HTTP/1.1 99999999 X\r\n\r\n"]
)
def test_what_is_no_http_is_unreachable(target, garbage: bytes) -> None:
    with pytest.raises(Unreachable):
        port().request("GET", target(lambda peer, request: peer.sendall(garbage)).url)


def test_a_name_that_cannot_be_asked_for() -> None:
    with pytest.raises(Unreachable, match="looked up"):
        port().request("GET", f"http://{'a' * 64}.example/")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        number = gone.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        port().request("GET", f"http://127.0.0.1:{number}/")

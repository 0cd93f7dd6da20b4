"""The `http` kind against a real server: what it sends, what it expects, when trying again can help."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import ValidationError

from tests.kind_context import FakeContext
from windows.actions.kinds import http
from windows.actions.outcomes import Done, Failed, Interrupted
from windows.actions.registry import perform
from windows.execution.ports.http import Http, carried
from windows.outbound.limits import Limits


class Target(BaseHTTPRequestHandler):
    """Answers with the status in its path; honours the idempotency key, refuses an older fence."""

    def answer(self) -> None:
        server = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server.requests.append((self.command, self.path, dict(self.headers), body))
        status = int(self.path.rsplit("/", 1)[1])
        fence = int(self.headers["Roadworks-Fence"])
        if fence < server.fence:
            status = 409
        server.fence = max(server.fence, fence)
        if self.command == "POST" and status == 200:
            server.applied.add(self.headers["Idempotency-Key"])
        text = json.dumps({"state": "ready", "items": [{"n": 1}], "on": True}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Target) as listening:
        listening.requests, listening.applied, listening.fence = [], set(), 0
        thread = threading.Thread(target=listening.serve_forever, args=[0.05], daemon=True)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


def ctx(fence: int = 1, stop=lambda: False) -> FakeContext:
    tags = {
        "maintenance.window": "MW-1042",
        "maintenance.owner": "shop",
        "maintenance.step": "Smoke test",
        "maintenance.scope": "orders/production/eu",
    }
    return FakeContext(http=Http(Limits.of(5, stop), carried(tags, "1:2:forward", fence), ["127.0.0.1"]))


def params(server: ThreadingHTTPServer, status: int = 200, **more: object) -> dict:
    told = {"url": f"http://127.0.0.1:{server.server_address[1]}/{status}", **more}
    return http.Params.model_validate(told).model_dump(mode="json")


def test_x04_it_sends_its_tags_and_is_content(server) -> None:
    told = params(
        server,
        method="POST",
        json={"a": [1, None]},
        headers={"X-Own": "1"},
        expect={"status": [200, 201], "json": {"state": "ready", "items.0.n": 1.0}},
    )
    assert perform("http", told, "run", ctx(fence=4)) == Done("Answered 200.")
    method, _, headers, body = server.requests[0]
    assert (method, json.loads(body)) == ("POST", {"a": [1, None]})
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Own"] == "1"
    assert headers["Idempotency-Key"] == "1:2:forward"
    assert headers["Roadworks-Fence"] == "4"
    assert headers["Maintenance-Window"] == "MW-1042"
    assert headers["Maintenance-Scope"] == "orders/production/eu"
    assert "maintenance.step=Smoke%20test" in headers["Baggage"]


def test_a_repeat_sends_the_same_key(server) -> None:
    for attempt in (1, 2):
        told = ctx()
        told.attempt = attempt
        perform("http", params(server, method="POST"), "run", told)
    assert len(server.requests) == 2
    assert server.applied == {"1:2:forward"}


def test_r_a04_an_older_fence_is_refused_by_the_target(server) -> None:
    assert isinstance(perform("http", params(server), "run", ctx(fence=5)), Done)
    outcome = perform("http", params(server), "run", ctx(fence=4))
    assert isinstance(outcome, Failed)
    assert outcome.permanent


@pytest.mark.parametrize(
    ("status", "permanent"), [(500, False), (503, False), (429, False), (408, False), (404, True), (403, True), (302, True)]
)
def test_whether_trying_again_can_help(server, status: int, permanent: bool) -> None:
    outcome = perform("http", params(server, status), "run", ctx())
    assert isinstance(outcome, Failed)
    assert outcome.permanent is permanent
    assert str(status) in outcome.reason


@pytest.mark.parametrize(
    "expect",
    [
        {"status": 204},
        {"contains": "absent"},
        {"json": {"state": "busy"}},
        {"json": {"items.1.n": 1}},
        {"json": {"on": 1}},
        {"json": {"items.0.n": True}},
        {"json": {"no.such": None}},
    ],
    ids=str,
)
def test_what_differs_is_told(server, expect: dict) -> None:
    outcome = perform("http", params(server, expect=expect), "run", ctx())
    assert isinstance(outcome, Failed)
    assert not outcome.permanent


def look(server: ThreadingHTTPServer, state: str, status: int = 200) -> dict:
    return {"url": f"http://127.0.0.1:{server.server_address[1]}/{status}", "expect": {"json": {"state": state}}}


def test_r_a10_what_somebody_changed_meanwhile_is_not_overwritten(server) -> None:
    as_left = {"only_if": look(server, "ready"), "unless": look(server, "as before")}
    assert perform("http", params(server, method="PUT", **as_left), "run", ctx()) == Done("Answered 200.")
    assert [method for method, *_ in server.requests] == ["GET", "GET", "PUT"]
    assert [headers["Idempotency-Key"] for *_, headers, _ in server.requests][1:] == ["1:2:forward:look", "1:2:forward"]
    server.requests.clear()
    drifted = perform("http", params(server, method="PUT", only_if=look(server, "as we left it")), "run", ctx())
    assert drifted == Failed('It is not as it was left: state is "ready", "as we left it" expected. Nothing was sent.', permanent=True)
    undone = perform("http", params(server, method="PUT", only_if=look(server, "x"), unless=look(server, "ready")), "run", ctx())
    assert undone == Done("It was so already: nothing was sent.")
    for key in ("only_if", "unless"):
        silent = perform("http", params(server, method="PUT", **{key: look(server, "ready", 503)}), "run", ctx())
        assert isinstance(silent, Failed) and not silent.permanent, "a target that cannot say how it is may be asked again"
    assert "PUT" not in [method for method, *_ in server.requests]


def test_it_stops_when_told(server) -> None:
    assert isinstance(perform("http", params(server), "run", ctx(stop=lambda: True)), Interrupted)
    assert not server.requests


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://x/"},
        {"url": "http://"},
        {"url": "http://x/", "headers": {"Host": "y"}},
        {"url": "http://x/", "headers": {"idempotency-key": "y"}},
        {"url": "http://x/", "headers": {"Maintenance-Window": "y"}},
        {"url": "http://x/", "headers": {"A": "b\r\nC: d"}},
        {"url": "http://x/", "headers": {"A:": "b"}},
        {"url": "http://x/", "json": 1, "body": "x"},
        {"url": "http://x/", "method": "TRACE"},
        {"url": "http://x/", "surprise": 1},
        {"url": "http://x/", "only_if": {"url": "file:///etc/passwd"}},
    ],
    ids=str,
)
def test_it_refuses(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        http.Params.model_validate(wrong)

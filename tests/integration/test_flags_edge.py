"""The edge agent before a real nginx with real users: every mode, atomically, proved, and nobody failed who should be served."""

from __future__ import annotations

import subprocess
import threading
import time
from bisect import bisect
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.kind_context import FakeContext
from tests.measured import until
from tests.servers import Server
from tests.traffic import Backend, Edge, Users, backends, remove
from windows.access.roles import SETUP
from windows.actions.gates import Reading
from windows.actions.kinds import drain, flag
from windows.actions.outcomes import Done, Failed, Outcome, Wait
from windows.actions.registry import perform
from windows.execution.ports.flags import Flags
from windows.execution.ports.http import Http, carried
from windows.execution.ports.limits import Limits
from windows.flags import commands
from windows.flags.client import MaintenanceFlag
from windows.flags.edge.configuration import CannotApply, files
from windows.flags.edge.configuration import Edge as Settings

HOSTILE = "</p><script>alert(1)</script> ${host} \"'; } return 200; #"


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with backends("shop", pause=0.002) as made:
        yield made[0]


@pytest.fixture(scope="module")
def nginx(backend: Backend) -> Iterator[Edge]:
    edge = Edge(backend, open=("/healthz",), cached=True)
    yield edge
    remove(edge)


@pytest.fixture
def edge(nginx: Edge, backend: Backend) -> Iterator[Edge]:
    backend.met.clear()
    yield nginx
    nginx.set("normal", 999)


def ask(edge: Edge, method: str = "GET", path: str = "/", **headers: str) -> httpx.Response:
    return httpx.request(method, f"{edge.url}{path}", headers=headers, trust_env=False)


def test_x14_offline_answers_with_a_page_and_when_to_come_back(edge: Edge, backend: Backend) -> None:
    edge.set("offline", 7, retry_after=120, message=HOSTILE)
    page = ask(edge, accept="text/html,*/*")
    assert (page.status_code, page.headers["retry-after"], page.headers["content-type"]) == (503, "120", "text/html")
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    problem = ask(edge, "POST", "/orders")
    assert problem.status_code == 503
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["detail"] == HOSTILE
    assert problem.headers["cache-control"] == "no-store"
    assert ask(edge, path="/healthz").status_code == 200
    assert ask(edge, path="/.roadworks/orders.html").status_code == 404
    assert not [met for met in backend.met if met[1] != "/healthz"]


def test_x15_read_only_lets_no_write_through_whatever_its_path(edge: Edge, backend: Backend) -> None:
    edge.set("read_only", 8, retry_after=5)
    for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        for path in ("/orders", "/a%20/.roadworks/orders.html", "/.roadworks/../orders", "/x /.roadworks/orders.json".replace(" ", "%20")):
            answer = ask(edge, method, path)
            assert answer.status_code == 503, (method, path)
            assert answer.headers["retry-after"] == "5"
    assert ask(edge).text == "shop"
    assert ask(edge, "HEAD").status_code == 200
    assert {method for method, _, _ in backend.met} <= {"GET", "HEAD"}


def test_x14_throttled_lets_in_what_was_agreed_and_tells_the_rest(edge: Edge, backend: Backend) -> None:
    edge.set("throttled", 9, rate=50, retry_after=3)
    with Users(f"{edge.url}/", count=40, rest=0) as users:
        until(lambda: len(backend.met) > 60, "sixty who were let in")
        refused = next(answer for _ in range(50) if (answer := ask(edge)).status_code == 429)
    met = [at for _, _, at in backend.met]
    assert len(met) / (max(met) - min(met)) <= 50 * 2  # ten times as many ask
    assert refused.headers["retry-after"] == "3"
    assert {status for status, _ in users.since()} == {200, 429}
    assert ask(edge, path="/healthz").status_code == 200


def test_degraded_serves_what_it_kept_when_the_service_is_away(edge: Edge, backend: Backend) -> None:
    assert ask(edge, path="/page").text == "shop"
    assert ask(edge, path="/mine", cookie="session=1").text == "shop"
    count = len(backend.met)
    assert ask(edge, path="/page").text == "shop"
    assert len(backend.met) == count + 1  # normally everybody is served anew
    edge.set("degraded", 11)
    backend.is_well = False
    try:
        assert ask(edge, path="/page").text == "shop"
        assert ask(edge, path="/page").status_code == 200
        assert ask(edge, path="/mine").status_code == 503  # what was made for one person is kept for nobody
        assert len(backend.met) == count + 2
    finally:
        backend.is_well = True


def test_rerouted_sends_users_elsewhere_and_refuses_where_there_is_no_elsewhere(edge: Edge) -> None:
    with pytest.raises(CannotApply, match="give --reroute"):
        edge.set("rerouted", 12)
    assert ask(edge).status_code == 200
    edge.agent.edge = Settings("orders", reroute="https://standby.example")
    try:
        edge.set("rerouted", 13)
        answer = ask(edge, "POST", "/orders?a=1")
        assert (answer.status_code, answer.headers["location"]) == (307, "https://standby.example/orders?a=1")
    finally:
        edge.agent.edge = Settings("orders", open=("/healthz",), cache=str(edge.supervisor.logs / "cache"))


def test_changes_under_load_fail_nobody_and_no_write_comes_after_the_receipt(edge: Edge, backend: Backend) -> None:
    late: list[int] = []
    with Users(f"{edge.url}/", count=4) as users:
        edge.set("read_only", 20)
        for version in range(21, 27):
            mode = "read_only" if version % 2 else "normal"
            edge.set(mode, version)
            if mode == "read_only":
                before = backend.writes()
                late += [ask(edge, "POST", "/orders").status_code for _ in range(10)]
                assert backend.writes() == before
    assert set(late) == {503}
    assert not users.failed
    assert sum(users.since().values()) > 50


def test_what_nginx_refuses_changes_nothing_and_is_not_acknowledged(edge: Edge) -> None:
    edge.set("read_only", 30)
    edge.agent.edge = Settings(
        "orders", open=("/healthz",), reroute="https://standby.example; bad", cache=str(edge.supervisor.logs / "cache")
    )
    try:
        with pytest.raises(CannotApply, match="nginx refuses version 31"):
            edge.set("rerouted", 31)
    finally:
        edge.agent.edge = Settings("orders", open=("/healthz",), cache=str(edge.supervisor.logs / "cache"))
    assert subprocess.run([*edge.agent.command, "-t", "-q"], check=False).returncode == 0
    assert ask(edge, "POST", "/orders").status_code == 503
    assert edge.agent.answered().startswith("30 read_only")


def test_old_versions_do_not_pile_up(edge: Edge) -> None:
    for version in range(40, 48):
        edge.agent.write("normal", {}, str(version))
    assert len(list((edge.agent.folder / "versions").iterdir())) <= 6


@pytest.mark.parametrize("junk", [None, "5; }", -1, True, float("nan"), 10**9, [5]])
def test_a_payload_of_the_wrong_kind_never_reaches_the_configuration(junk: Any) -> None:
    made = files(Settings("orders"), "throttled", {"rate": junk, "retry_after": junk}, folder="/x", mark="1")
    assert "rate=10r/s" in made["orders.http.conf"]
    assert "Retry-After 30 always" in made["orders.server.conf"]


class Behind:
    """The edge agent follows a real flag server; `act` carries a `flag` step out as the engine would."""

    def __init__(self, flag_server: Server, edge: Edge) -> None:
        raw = commands.register_node(SETUP, service="orders", environment="production", region="eu", name="edge-1")[1]
        self.edge, place = edge, ("orders", "production", "eu", "edge-1")
        self.node = MaintenanceFlag(flag_server.url, raw, *place, wait=1.0, on_change=edge.agent).start()

    def act(self, mode: str, **more: Any) -> Outcome:
        told = flag.Params.model_validate({"service": "orders", "environment": "production", "mode": mode, **more}).model_dump(mode="json")
        limits = Limits.of(120, lambda: False)
        http = Http(limits, carried({"maintenance.window": "MW-7"}, "1:2:forward", 1), ["127.0.0.1"])
        ctx = FakeContext(flags=Flags("MW-7", timedelta(minutes=1), limits), http=http)
        ctx.now = lambda: datetime.now(UTC)  # type: ignore[method-assign]
        ctx.deadline = ctx.now() + timedelta(seconds=120)
        ctx.sleep = lambda rest: bool(time.sleep(rest))  # type: ignore[method-assign]
        kept: dict[str, Any] = {}
        while True:
            ctx.checkpoint = kept
            outcome = perform("flag", told, "run", ctx)
            kept = {**kept, **(getattr(outcome, "checkpoint", None) or {})}
            if not isinstance(outcome, Wait):
                return outcome
            time.sleep(0.1)


@pytest.fixture
def behind(flag_server: Server, edge: Edge) -> Iterator[Behind]:
    made = Behind(flag_server, edge)
    yield made
    made.node.stop()


def test_x15_read_only_is_tried_on_every_declared_write_path(behind: Behind, backend: Backend) -> None:
    paths = [{"url": f"{behind.edge.url}/orders"}, {"url": f"{behind.edge.url}/baskets/1", "method": "PUT", "json": {}}]
    outcome = behind.act("read_only", write_paths=paths, retry_after=7)
    assert isinstance(outcome, Done), outcome
    assert "1 of 1 nodes" in outcome.note
    assert not backend.writes()
    aside = f"http://127.0.0.1:{backend.port}/orders"  # a way to the service that does not lead through the edge
    outcome = behind.act("read_only", write_paths=[*paths, {"url": aside}], retry_after=8)
    assert outcome == Failed(f"POST {aside} answered 200: writes are not refused there.", checkpoint=outcome.checkpoint)


def fastest(moments: list[float]) -> int:
    """The most of them within any one second."""
    return max(bisect(moments, at + 1.0) - place for place, at in enumerate(moments)) if moments else 0


def test_r_a17_f04_x05_what_waited_comes_back_in_steps_and_the_gate_sees_it_fall(behind: Behind, backend: Backend) -> None:
    """Clients have kept their writes while it was read only, and all come at once. The edge lets in what was agreed."""
    waiting, sizes = deque(range(260)), list[int]()
    assert isinstance(behind.act("read_only", retry_after=1), Done)

    def client() -> None:
        while waiting:
            try:
                one = waiting.popleft()
            except IndexError:
                return
            while ask(behind.edge, "POST", f"/orders/{one}").status_code != 200:
                time.sleep(0.05)

    class Backlog:
        def prometheus(self, query: str) -> Reading:
            sizes.append(len(waiting))
            return Reading(float(len(waiting)), newest_at=datetime.now(UTC))

    def drained(size: int) -> Outcome:
        ctx = FakeContext(telemetry=Backlog())
        ctx.now = lambda: datetime.now(UTC)  # type: ignore[method-assign]
        ctx.deadline = ctx.now() + timedelta(seconds=120)
        told = drain.Params.model_validate({"prometheus": "backlog", "to": size, "interval": "0.2s", "stall": "1m"}).model_dump(mode="json")
        while isinstance(outcome := perform("drain", told, "run", ctx), Wait):
            ctx.checkpoint = {**ctx.checkpoint, **outcome.checkpoint}
            time.sleep(0.2)
        return outcome

    clients = [threading.Thread(target=client, daemon=True) for _ in range(12)]
    for each in clients:
        each.start()
    for rate, size in ((60, 130), (120, 0)):
        before = len(backend.met)
        assert isinstance(behind.act("throttled", rate=rate, retry_after=1), Done)
        assert isinstance(drained(size), Done)
        came = [at for _, _, at in backend.met[before + 20 :]]  # the first few were let in while the step was under way
        assert fastest(came) <= rate * 2  # the backend tells when it saw them, not when they were let in
    assert isinstance(behind.act("normal"), Done)
    for each in clients:
        each.join(90)
    assert sorted(sizes, reverse=True) == sizes
    assert backend.writes() == 260

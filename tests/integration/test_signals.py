"""Logs and traces by OTLP: whose are taken, what is kept near a window, how much and for how long; metrics feed objectives."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.objectives.models import Objective
from slo.telemetry import commands
from slo.telemetry.models import Measurement, Owed, TaggedMinute
from tests import given_signals as sent
from tests import given_windows as given
from tests.callers import token_of
from windows.access.roles import Role, Verb
from windows.audit.clock import clock
from windows.scheduling.models import Window
from windows.signals import nearness, tasks
from windows.signals.commands.measuring import maintained
from windows.signals.models import Room, StoredLine, StoredSpan

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class Exporter:
    """What a service sends with, JSON unless told otherwise."""

    def __init__(self, token: str, client: Any) -> None:
        self.token, self.client = token, client

    def send(self, what: str, body: Any, kind: str = "application/json", **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else sent.as_bytes(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()} | {"Authorization": f"Bearer {self.token}"}
        return self.client.generic("POST", f"/api/v1/{what}", raw, kind, headers=named)

    def keeps(self, what: str, body: Any) -> dict[str, Any]:
        answer = self.send(what, body)
        assert answer.status_code == 200, answer.content
        return dict(json.loads(answer.content))


@pytest.fixture
def exporter(client: Any) -> Exporter:
    given.service("orders")
    given.service("mail", "post")
    return Exporter(token_of(given.person("ada", ("shop", Role.MEMBER)), Verb.MEASURE.value), client)


def ran(slug: str = "orders", *, began: datetime, ended: datetime | None = None) -> Window:
    """A window as it stands in the calendar."""
    made = given.window(given.actor("olga", ("shop", Role.OWNER)), slug)
    told = {"started_at": began, "ended_at": ended, "starts_at": began, "ends_at": ended or began + timedelta(hours=1)}
    Window.objects.filter(pk=made.pk).update(status="completed" if ended else "running", **told)
    return Window.objects.get(pk=made.pk)


def test_what_carries_a_window_or_lies_near_one_is_kept_and_the_rest_let_go(exporter: Exporter) -> None:
    now = clock()
    window = ran(began=now - timedelta(minutes=5))
    assert exporter.keeps("traces", sent.traces(sent.span(now, 1), sent.span(now, 2, parent=1), window=window.reference)) == {}
    assert exporter.keeps("traces", sent.traces(sent.span(now, 3))) == {}, "near: the window is under way"
    assert exporter.keeps("logs", sent.logs(sent.line(now - 2 * DAY), sent.line(now, "near"))) == {}
    rows = StoredSpan.objects.order_by("span_id").values_list("window", "service", "environment", "outcome")
    assert list(rows) == [*[(window.reference, "orders", "production", "unset")] * 2, ("", "orders", "production", "unset")]
    assert list(StoredLine.objects.values_list("text", "window")) == [("near", "")], "two days before is not near"
    holders = {window.reference, f"orders in {window.reference}", f"orders {now:%Y-%m-%d}"}
    assert set(Room.objects.values_list("holder", flat=True)) == holders


def test_a_window_that_nobody_knows_is_no_window(exporter: Exporter) -> None:
    exporter.keeps("traces", sent.traces(sent.span(clock()), window="MW-999999"))
    exporter.keeps("traces", sent.traces(sent.span(clock(), 2), window="a window"))
    assert not StoredSpan.objects.exists()
    ran(began=clock() - timedelta(minutes=5))
    exporter.keeps("traces", sent.traces(sent.span(clock()), window="MW-999999"))
    row = StoredSpan.objects.get()
    assert (row.window, row.tags) == ("", {"window": "MW-999999"}), "what was said of it stays"


def test_the_same_twice_is_kept_once(exporter: Exporter) -> None:
    now = clock()
    window = ran(began=now).reference
    for _ in range(2):
        exporter.keeps("traces", sent.traces(sent.span(now), sent.span(now), window=window))
        exporter.keeps("logs", sent.logs(sent.line(now), sent.line(now, "other"), window=window))
    assert (StoredSpan.objects.count(), StoredLine.objects.count()) == (1, 2)


def test_one_speaks_only_for_services_of_ones_own(exporter: Exporter, client: Any) -> None:
    now = clock()
    window = ran(began=now).reference
    both = sent.traces(sent.span(now), window=window)
    both["resourceSpans"] += sent.traces(sent.span(now, 2), service="mail", window=window)["resourceSpans"]
    both["resourceSpans"] += sent.traces(sent.span(now, 3), service="nobody", window=window)["resourceSpans"]
    told = exporter.keeps("traces", both)["partialSuccess"]
    assert told["rejectedSpans"] == "2" and "mail: you may not" in told["errorMessage"] and "nobody: there is no" in told["errorMessage"]
    assert StoredSpan.objects.get().service == "orders"
    assert exporter.send("traces", sent.traces(sent.span(now), service="mail")).status_code == 403
    assert exporter.send("traces", sent.traces(sent.span(now), service="nobody")).status_code == 200, "and all of it refused"
    ada = given.person("ada")
    assert Exporter(token_of(ada, Verb.READ.value), client).send("logs", b"{").status_code == 403, "before anything is read"
    viewer = given.person("vic", ("shop", Role.VIEWER))
    assert Exporter(token_of(viewer), client).send("metrics", {}).status_code == 403
    assert Exporter("rw_wrong", client).send("logs", {}).status_code == 401
    assert StoredSpan.objects.count() == 1


def test_errors_speak_the_senders_format(exporter: Exporter) -> None:
    answer = exporter.send("traces", b"\xff", "application/x-protobuf")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/x-protobuf")
    assert answer.content.startswith(b"\x08\x03\x12") and b"not a message" in answer.content
    answer = exporter.send("logs", b"{", "application/json; charset=utf-8")
    problem = json.loads(answer.content)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert (problem["code"], problem["message"], problem["status"]) == (3, "The body is not JSON.", 400)
    assert exporter.send("logs", b"<x/>", "text/xml").status_code == 415
    assert exporter.send("logs", b" " * (1024 * 1024 + 1)).status_code == 413
    bomb = exporter.send("logs", gzip.compress(b" " * 5_000_000), Content_Encoding="gzip")
    assert bomb.status_code == 413 and json.loads(bomb.content)["detail"].startswith("A body may unpack to 4 MiB")
    assert exporter.send("traces", b"", "application/x-protobuf").status_code == 200, "nothing sent is nothing wrong"
    assert exporter.send("traces", {}, Accept="text/html").status_code == 200


def test_r_x_room_is_bounded_and_failures_have_half_of_it(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearness, "OF_A_WINDOW", 4000)
    now = clock()
    window = ran(began=now).reference
    told = exporter.keeps("logs", sent.logs(*(sent.line(now, f"{n} {'x' * 300}") for n in range(20)), window=window))
    kept = StoredLine.objects.count()
    assert 0 < kept < 8 and int(told["partialSuccess"]["rejectedLogRecords"]) == 20 - kept
    assert window in told["partialSuccess"]["errorMessage"]
    exporter.keeps("logs", sent.logs(*(sent.line(now, f"bad {n} {'x' * 300}", 17) for n in range(20)), window=window))
    assert 0 < StoredLine.objects.filter(severity=17).count() < 8
    assert Room.objects.get(holder=window).taken <= Room.objects.get(holder=f"orders in {window}").taken <= 3000


def test_one_service_leaves_room_for_the_others_of_its_window(exporter: Exporter, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearness, "OF_A_WINDOW", 4000)
    now = clock()
    window = ran(began=now)
    mail = given.service("mail", "post")
    window.scopes.create(service=mail, environment="production", region="r1", layer="L4", reserved=window.scopes.get().reserved)
    bad = [sent.line(now, f"bad {n} {'x' * 300}", 17) for n in range(20)]
    told = exporter.keeps("logs", sent.logs(*bad, window=window.reference))
    assert f"orders in {window.reference} has its" in told["partialSuccess"]["errorMessage"]
    other = Exporter(token_of(given.person("pia", ("post", Role.MEMBER)), Verb.MEASURE.value), client)
    other.keeps("logs", sent.logs(sent.line(now, "mail is slow", 17), service="mail", window=window.reference))
    assert StoredLine.objects.filter(service="mail", window=window.reference).exists()


def test_who_has_no_part_in_a_window_cannot_put_its_tag_on(exporter: Exporter, client: Any) -> None:
    now = clock()
    window = ran(began=now).reference
    pia = Exporter(token_of(given.person("pia", ("post", Role.MEMBER)), Verb.MEASURE.value), client)
    assert pia.keeps("logs", sent.logs(sent.line(now, "not ours"), service="mail", window=window)) == {}
    assert not StoredLine.objects.exists() and not Room.objects.filter(holder=window).exists()
    given.needs("orders", "mail")
    pia.keeps("logs", sent.logs(sent.line(now, "beside it"), service="mail", window=window))
    assert StoredLine.objects.get().window == window, "what orders calls carries its tag on"
    exporter.keeps("logs", sent.logs(sent.line(now, "its own"), window=window))
    assert StoredLine.objects.filter(window=window).count() == 2


@pytest.mark.parametrize(("passed", "left"), [(6, "all"), (8, "near"), (399, "near"), (401, "none")])
def test_x18_telemetry_near_a_window_outlives_the_rest(exporter: Exporter, passed: int, left: str) -> None:
    """A week for what was near a window that never ran; 400 days for what was in or near one that did. The clock is shifted by days."""
    now = clock()
    window = ran(began=now - timedelta(minutes=30), ended=now)
    planned = given.window(given.actor("olga"), "mail")
    Window.objects.filter(pk=planned.pk).update(status="approved", starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2))
    exporter.token = token_of(given.person("sam", ("post", Role.SRE)))
    exporter.keeps("traces", sent.traces(sent.span(now, 1), window=window.reference))
    exporter.keeps("traces", sent.traces(sent.span(now - timedelta(hours=20), 2)))
    exporter.keeps("logs", sent.logs(sent.line(now, "near what ran")))
    exporter.keeps("logs", sent.logs(sent.line(now, "near what was planned"), service="mail"))
    tasks.forget_at(now + passed * DAY)
    assert StoredLine.objects.filter(stays=True).count() == (left == "near"), "judged once, when it is a week old"
    texts = sorted(StoredLine.objects.values_list("text", flat=True))
    expected = {"all": ["near what ran", "near what was planned"], "near": ["near what ran"], "none": []}[left]
    assert texts == expected and StoredSpan.objects.count() == (0 if left == "none" else 2)
    assert Room.objects.filter(holder=window.reference).exists() is (left != "none")


def test_forgetting_goes_in_batches_of_few_statements(exporter: Exporter, django_assert_num_queries: Callable[..., Any]) -> None:
    now = clock()
    ran(began=now - timedelta(minutes=30), ended=now)
    exporter.keeps("logs", sent.logs(sent.line(now, "near what ran")))
    with django_assert_num_queries(9) as asked:
        assert tasks.forget_at(now + 8 * DAY) == 0
    spared = [one["sql"] for one in asked.captured_queries if "UPDATE" in one["sql"]]
    assert len(spared) == 2 and all("LIMIT 5000" in sql for sql in spared), "a week of telemetry is not locked in one statement"
    assert StoredLine.objects.get().stays


def test_what_is_taken_costs_the_same_however_much_comes(exporter: Exporter) -> None:
    now = clock()
    window = ran(began=now).reference

    def queries(count: int) -> int:
        body = sent.logs(*(sent.line(now, f"{count} {n}") for n in range(count)), *[sent.line(now, f"{count}")], window=window)
        near = sent.logs(*(sent.line(now, f"near {count} {n}") for n in range(count)))
        body["resourceLogs"] += near["resourceLogs"]
        with CaptureQueriesContext(connection) as asked:
            exporter.keeps("logs", body)
        return len(asked)

    queries(1)
    assert queries(2) == queries(200)


# --- metrics ------------------------------------------------------------------------------------------------------------------

SOURCES = {"good": 'http.requests{status!="5*"}', "total": "http.requests"}


def objective(**facts: Any) -> None:
    told = {"slug": "orders-http", "service": "orders", "title": "Orders", "target": "0.99", "source": "otlp", "query": SOURCES}
    Objective.objects.create(**(told | facts))


def counted() -> list[tuple[int, int, str]]:
    return list(Measurement.objects.order_by("minute", "pk").values_list("good", "total", "window"))


def test_deltas_feed_an_objective_as_pushes_do_and_once(exporter: Exporter) -> None:
    objective()
    at = clock().replace(second=0, microsecond=0) - timedelta(minutes=2)
    window = ran(began=at - timedelta(minutes=1)).reference
    body = sent.metrics(
        sent.counter("http.requests", sent.point(at, 95, status=200), sent.point(at, 5, status=503)),
        sent.counter("cpu.time", sent.point(at, 7)), window=window,
    )  # fmt: skip
    for _ in range(2):
        assert exporter.keeps("metrics", body) == {}
    assert counted() == [(95, 100, window)]


def test_running_totals_are_counted_by_what_they_grew(exporter: Exporter) -> None:
    objective(query={"bad": 'http.requests{status="5*"}', "total": "http.requests"})
    at = clock().replace(second=0, microsecond=0) - timedelta(minutes=3)
    since = at - DAY
    for minute, (fine, failed) in enumerate([(1000, 10), (1050, 11), (20, 1)]):
        moment = at + timedelta(minutes=minute)
        told = [sent.point(moment, fine, since, status=200), sent.point(moment, failed, since, status=500)]
        body = sent.metrics(sent.counter("http.requests", *told, temporality=2))
        exporter.keeps("metrics", body)
        exporter.keeps("metrics", body)
    assert counted() == [(50, 51, ""), (20, 21, "")], "the first tells only where they stand; the last began anew"


@pytest.mark.parametrize("tagged", [True, False])
def test_good_and_total_may_come_in_requests_of_their_own_and_again_with_others(exporter: Exporter, tagged: bool) -> None:
    objective(query={"good": "served", "total": "asked"})
    at = clock().replace(second=0, microsecond=0) - timedelta(minutes=2)
    about = {"window": ran(began=at - timedelta(minutes=1)).reference} if tagged else {}
    asked, served = sent.counter("asked", sent.point(at, 100)), sent.counter("served", sent.point(at, 90))
    other = sent.counter("asked", sent.point(at, 7, at - DAY, node="other"), temporality=2)
    for told in ([asked], [served], [asked, served], [served, other], [asked, other]):
        assert exporter.keeps("metrics", sent.metrics(*told, **about)) == {}
    assert counted() == [(90, 100, about.get("window", ""))] and not Owed.objects.exists()
    if tagged:
        assert TaggedMinute.objects.values_list("good", "total").get() == (90, 100)


def test_more_good_than_all_waits_and_is_told_once_its_minute_is_over(exporter: Exporter) -> None:
    objective(query={"good": "served", "total": "asked"})
    at = clock().replace(second=0, microsecond=0) - timedelta(minutes=2)
    assert (
        exporter.keeps("metrics", sent.metrics(sent.counter("served", sent.point(at, 9)), sent.counter("asked", sent.point(at, 8)))) == {}
    )
    assert counted() == [(8, 8, "")]
    told = exporter.keeps("metrics", sent.metrics(sent.counter("asked", sent.point(at + timedelta(minutes=1), 1))))
    assert told["partialSuccess"] == {
        "rejectedDataPoints": "1",
        "errorMessage": "1 refused: orders-http: in the last hour there were minutes with more that was good than there was in all",
    }
    exporter.keeps("metrics", sent.metrics(sent.counter("asked", sent.point(at + timedelta(seconds=1), 3))))
    assert counted() == [(9, 11, ""), (0, 1, "")] and not Owed.objects.exists()


def test_counters_without_end_are_refused_and_those_there_are_go_on(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COUNTERS", 2)
    objective(query={"good": "served", "total": "asked"})
    at = clock().replace(second=0, microsecond=0) - timedelta(minutes=2)

    def say(second: int, **told: str) -> dict[str, Any]:
        moment = at + timedelta(seconds=second)
        return exporter.keeps("metrics", sent.metrics(*(sent.counter(name, sent.point(moment, 1, **told)) for name in ("asked", "served"))))

    assert say(0, user="a") == {}
    told = say(1, user="b")["partialSuccess"]
    assert "counters are counted, select by fewer attributes" in told["errorMessage"] and told["rejectedDataPoints"] == "2"
    both = [sent.counter(name, sent.point(at + timedelta(seconds=2), 1, user=user)) for name in ("asked", "served") for user in "ab"]
    assert exporter.keeps("metrics", sent.metrics(*both))["partialSuccess"]["rejectedDataPoints"] == "2", "the others of it count"
    assert counted() == [(2, 2, "")]


def test_what_no_objective_asks_for_is_passed_over(exporter: Exporter) -> None:
    objective(query={"good": "served", "total": "asked"})
    at = clock()
    assert exporter.keeps("metrics", sent.metrics(sent.counter("other", sent.point(at, 9)))) == {}
    Objective.objects.update(source="push", query={})
    assert exporter.keeps("metrics", sent.metrics(sent.counter("served", sent.point(at, 9)))) == {}, "nobody asked for it"


def test_tags_are_asked_for_while_a_window_is_under_way_and_some_minutes_after(django_assert_num_queries: Callable[..., Any]) -> None:
    now = clock()
    first = ran("orders", began=now - timedelta(hours=3)).reference
    second = ran("mail", began=now - timedelta(hours=1), ended=now - timedelta(minutes=8)).reference
    ran("search", began=now - timedelta(hours=1), ended=now - timedelta(minutes=11))
    given.window(given.actor("olga", ("shop", Role.OWNER)), "payments")
    with django_assert_num_queries(1):
        assert maintained(now) == {("orders", "production"): {first}, ("mail", "production"): {second}}

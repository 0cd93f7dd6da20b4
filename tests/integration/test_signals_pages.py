"""Logs and traces on the debug board, one trace as a waterfall, and whose eyes they are for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.celery import use_broker
from tests import given_runs as runs
from tests import given_signals as sent
from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import ENGINE, Actor, Role
from windows.audit.clock import clock
from windows.errors import NotFound
from windows.execution.commands.transitions import become
from windows.execution.models import Run
from windows.execution.ports.http import carried
from windows.execution.spans import traceparent
from windows.execution.states import RunStatus
from windows.scheduling.models import Window
from windows.signals.models import StoredSpan
from windows.signals.queries import Wanted, lines, trace, traces

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def away(settings: Any) -> Any:
    use_broker("redis://127.0.0.1:1/0")
    yield
    use_broker(settings.CELERY_BROKER_URL)


@pytest.fixture
def ada() -> Actor:
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def under_way(ada: Actor, **facts: Any) -> Window:
    made = given.window(ada)
    begin = clock() - 5 * MINUTE
    told = {"status": "running", "started_at": begin, "starts_at": begin, "ends_at": begin + timedelta(hours=1)} | facts
    Window.objects.filter(pk=made.pk).update(**told)
    return Window.objects.get(pk=made.pk)


def told(ada: Actor, window: str) -> None:
    """A request that fails in its database, a word about it, one that goes well."""
    at, program = clock() - MINUTE, caller(ada)
    event = {"timeUnixNano": str(sent.nano(at)), "name": "exception", "attributes": sent.attributes({"exception.type": "CheckViolation"})}
    body = sent.traces(
        sent.span(at, 1, failed=True, seconds=0.2, name="POST /orders"),
        sent.span(at + 0.05 * timedelta(seconds=1), 2, parent=1, failed=True, name="insert <orders>", events=[event],
                  status={"code": 2, "message": "violates a rule"}, attributes=sent.attributes({"db.system": "postgresql"})),
        sent.span(at - MINUTE, 3, name="GET /orders", traceId="ab" * 16), window=window, step="Migrate",
    )  # fmt: skip
    assert program.post("/traces", body).status_code == 200
    near = sent.logs(sent.line(at, "an ordinary line"))
    failed = sent.line(at, "could not <b>place</b> it", 17, traceId=sent.TRACE)
    near["resourceLogs"] += sent.logs(failed, window=window, step="Migrate")["resourceLogs"]
    assert program.post("/logs", near).status_code == 200


def test_the_board_shows_what_carries_the_windows_tag_and_what_is_near(ada: Actor) -> None:
    window = under_way(ada).reference
    told(ada, window)
    page = browser(ada).get(f"/dashboards/debug/?window={window}").content.decode()
    for word in ("POST /orders", "violates a rule", "GET /orders", "could not &lt;b&gt;place", "an ordinary line", f"/traces/{sent.TRACE}"):
        assert word in page, word
    assert page.index("POST /orders") < page.index("GET /orders"), "what failed stands first, though it is not the newest alone"
    for panel in ("traces", "logs"):
        assert browser(ada).get(f"/dashboards/debug/{panel}?window={window}").status_code == 200


def test_an_empty_board_says_what_to_do(ada: Actor) -> None:
    window = under_way(ada).reference
    page = browser(ada).get(f"/dashboards/debug/?window={window}").content.decode()
    assert f"Nothing sent a trace with the tag {window}" in page and "/api/v1/logs" in page


def test_a_trace_is_a_waterfall_and_a_table(ada: Actor, settings: Any) -> None:
    told(ada, under_way(ada).reference)
    settings.TRACES_URL = "https://traces.example/trace/{trace_id}"
    page = browser(ada).get(f"/dashboards/debug/traces/{sent.TRACE}").content.decode()
    assert '<rect x="0" y="2" width="1000" height="12"/>' in page and '<rect x="250" y="2" width="500" height="12"/>' in page
    assert page.index("POST /orders") < page.index("insert &lt;orders&gt;") and "CheckViolation" in page and "postgresql" in page
    assert f"https://traces.example/trace/{sent.TRACE}" in page and "could not &lt;b&gt;place" in page
    assert "style=" not in page.split("<main", 1)[1] and "<script" not in page.split("<main", 1)[1]
    assert browser(ada).get(f"/dashboards/debug/traces/{'0' * 32}").status_code == 404


def test_a_confidential_windows_traces_are_for_its_own(ada: Actor) -> None:
    window = under_way(ada, confidential=True).reference
    told(ada, window)
    eve = given.actor("eve", ("find", Role.MEMBER))
    wanted = Wanted("", ["orders"], clock() - timedelta(hours=1), clock())
    assert [one.text for one in lines(eve, wanted)] == ["an ordinary line"] and not traces(eve, wanted)
    with pytest.raises(NotFound):
        trace(eve, sent.TRACE)
    assert len(traces(ada, wanted)) == 2 and len(trace(ada, sent.TRACE)[0]) == 2
    assert browser(eve).get(f"/dashboards/debug/traces/{sent.TRACE}").status_code == 404


def test_a_list_costs_the_same_however_much_is_kept(ada: Actor) -> None:
    window = under_way(ada).reference
    wanted = Wanted(window, ["orders"], clock() - timedelta(hours=1), clock() + MINUTE)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            traces(ada, wanted)
            lines(ada, wanted)
        return len(asked)

    told(ada, window)
    before = queries()
    program = caller(ada)
    for n in range(5):
        program.post(
            "/traces", sent.traces(*(sent.span(clock(), k, failed=True, traceId=f"{n + 1:032x}") for k in range(1, 40)), window=window)
        )
    assert queries() <= before and len(traces(ada, wanted)) == 7


def test_a_run_of_ours_is_a_trace_that_its_calls_take_part_in(ada: Actor) -> None:
    at = clock()
    done = runs.step(status="compensated", name="Migrate", intended_at=at, ended_at=at, undo_started_at=at, undo_ended_at=at)
    run = runs.run_of(done, runs.step(status="failed", name="Validate", intended_at=at, ended_at=at, outcome="too slow"), runs.step())
    Run.objects.filter(pk=run.pk).update(status="rolling_back", started_at=at)
    run.refresh_from_db()
    with transaction.atomic():
        become(run, RunStatus.ROLLED_BACK, ENGINE, reason="Validate failed", now=clock())
    spans = list(StoredSpan.objects.order_by("id"))
    assert [(one.name, one.outcome) for one in spans] == [
        (f"run 1 of {run.window.reference}", "error"), ("1 · Migrate", "ok"), ("undo 1 · Migrate", "ok"), ("2 · Validate", "error"),
    ]  # fmt: skip
    assert {one.window for one in spans} == {run.window.reference} and {one.service for one in spans} == {"roadworks"}
    assert spans[3].message == "too slow" and spans[3].tags["step"] == "Validate" and spans[3].tags["owner"]
    assert {one.parent_id for one in spans[1:]} == {spans[0].span_id}
    headers = carried({}, f"{run.pk}:1:forward", 1)
    assert headers["Traceparent"] == f"00-{spans[1].trace_id}-{spans[1].span_id}-01" == traceparent(f"{run.pk}:1:forward")

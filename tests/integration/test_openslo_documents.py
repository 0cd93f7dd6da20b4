"""OpenSLO by API and in the browser: all or nothing, guarded and audited as any definition, faults beside their lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from slo.budget import Ratio
from slo.intervals import Interval
from slo.objectives.commands import slice_next, slicing
from slo.objectives.models import Objective
from slo.objectives.queries import health, promise
from slo.objectives.tasks import slice_up
from slo.telemetry.queries import ratios
from slo.telemetry.readings import Push
from tests import given_windows as given
from tests.callers import browser
from tests.unit.test_openslo import FULL, SIMPLE
from windows.access.roles import Actor, Role
from windows.audit.models import AuditEntry
from windows.catalogue.commands.objectives import define_as_written, push_measurements
from windows.catalogue.views.openslo import BLANK
from windows.errors import Forbidden
from windows.texts.problems import SpecError

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
SLICED = FULL.replace("99.9", "50").replace("counter: true", "counter: false").replace("type: Prometheus", "type: push")


@pytest.fixture
def ada() -> Actor:
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def test_a_text_is_declared_once_and_comes_back_as_it_was(ada: Actor) -> None:
    text = FULL + "---\n" + SIMPLE
    assert [changed for _, changed in define_as_written(ada, text)] == [True, True]
    assert [changed for _, changed in define_as_written(ada, text)] == [False, False], "the same text again changes nothing"
    assert AuditEntry.objects.filter(kind="objective.created").count() == 2
    caller = browser(ada)
    answer = caller.get("/objectives/orders-writes/openslo.yaml")
    assert "attachment" in answer["Content-Disposition"]
    assert [changed for _, changed in define_as_written(ada, answer.content.decode())] == [False], "downloaded, it is the same objective"


def test_all_or_nothing_and_what_the_objective_itself_refuses_has_its_line(ada: Actor) -> None:
    with pytest.raises(SpecError) as refused:
        define_as_written(ada, FULL + "---\n" + SIMPLE.replace("service: orders", "service: nowhere").replace("p99", "'{{ x }}'"))
    assert [(one.field, bool(one.line)) for one in refused.value.problems] == [("service", True)]
    with pytest.raises(SpecError, match=r"Line 10: .*time zone"):
        define_as_written(ada, SIMPLE.replace("28d, isRolling: true", "1M, calendar: {startTime: '2026-01-01 00:00:00', timeZone: Mars}"))
    assert not Objective.objects.exists()
    with pytest.raises(Forbidden):
        define_as_written(given.actor("eve", ("search", Role.OWNER)), FULL)


def test_the_page_checks_keeps_and_shows_faults_beside_their_lines(ada: Actor) -> None:
    caller = browser(ada)
    assert "short-name" in caller.get("/objectives/upload").content.decode()
    page = caller.post("/objectives/upload", {"text": SIMPLE, "act": "check"}).content.decode()
    assert "1 objective. Nothing is kept yet" in page
    answer = caller.post("/objectives/upload", {"text": SIMPLE.replace("lte", "eq")})
    assert answer.status_code == 422
    assert 'id="line-12"' in answer.content.decode() and "<script" not in answer.content.decode().split("<main")[1].split("</main")[0]
    answer = caller.post("/objectives/upload", {"text": SIMPLE})
    assert answer["Location"] == "/services/orders"
    assert promise("latency").query["op"] == "lte"
    assert "its-service" in BLANK


def test_the_form_keeps_what_it_has_no_field_for(ada: Actor) -> None:
    define_as_written(ada, FULL)
    caller, was = browser(ada), promise("orders-writes")
    page = caller.get("/objectives/orders-writes/edit").content.decode()
    assert "1M from 2026-01-01 00:00:00 Europe/Berlin" in page
    sent = {
        "title": "Better", "target": "99.5", "environment": "production", "window_days": "31", "source": "prometheus", "version": "1",
        "good": was.query["good"], "total": was.query["total"], "maintenance": "count", "slice_minutes": "5", "slice_target": "95",
    }  # fmt: skip
    assert caller.post("/objectives/orders-writes/edit", sent).status_code == 302
    now = promise("orders-writes")
    assert (now.title, now.target, now.maintenance) == ("Better", Decimal("0.995"), "count")
    assert (now.calendar, now.rules, now.labels, now.slicing) == (was.calendar, was.rules, was.labels, was.slicing)


def test_timeslices_are_judged_as_they_fill_and_again_where_late_data_comes(ada: Actor) -> None:
    """Slices of five minutes, good at 95 %: a late good minute mends one; the burn rates and the budget count slices."""
    define_as_written(ada, SLICED)
    one = promise("orders-writes")
    assert one.slicing and one.frame(NOW).start < NOW
    begin = one.slicing.begin(NOW - timedelta(minutes=30))

    def pushed(key: str, minute: int, good: int, total: int) -> None:
        push_measurements(ada, one.slug, [Push(key, begin + timedelta(minutes=minute), good, total)])

    def slices() -> list[Ratio]:
        five = [Interval(begin + timedelta(minutes=n), begin + timedelta(minutes=n + 5)) for n in (0, 5, 10)]
        return ratios([(one.series, piece) for piece in five])

    pushed("a", 0, 90, 100)
    pushed("b", 7, 95, 100)
    assert slices() == [Ratio(0, 1), Ratio(1, 1), Ratio()], "exactly on the target is good; without events there is no slice"
    pushed("c", 3, 900, 900)
    assert slices() == [Ratio(1, 1), Ratio(1, 1), Ratio()]
    pushed("d", 6, 0, 1)
    assert slices() == [Ratio(1, 1), Ratio(0, 1), Ratio()]
    if one.frame(NOW).start < begin:
        (told,) = health([one], NOW)
        assert (told.figures.raw.good, told.figures.raw.total) == (1, 2)


def test_an_objective_that_comes_to_count_slices_counts_those_measured_before(ada: Actor) -> None:
    whole = SLICED.replace("Timeslices", "Occurrences").replace("      timeSliceTarget: 0.95\n      timeSliceWindow: 5m\n", "")
    define_as_written(ada, whole)
    push_measurements(ada, "orders-writes", [Push("a", NOW - timedelta(days=3), 9, 10), Push("b", NOW - timedelta(days=2), 10, 10)])
    define_as_written(ada, SLICED)
    there = promise("orders-writes")
    assert there.slices_from is not None and there.slices_from.date() == (NOW - timedelta(days=3)).date()
    wanted = [(there.series, Interval(NOW - timedelta(days=4), NOW))]
    assert ratios(wanted) == [Ratio()], "who uploads a text does not wait until a month of minutes is judged"
    assert "are being judged: done up to" in browser(ada).get("/objectives/orders-writes/edit").content.decode()
    assert slice_next() and ratios(wanted) == [Ratio(0, 1)], "a day at a time"
    while slice_next():
        pass
    assert ratios(wanted) == [Ratio(1, 2)] and promise("orders-writes").slices_from is None


def test_an_objective_whose_slices_cannot_be_judged_holds_up_no_other(ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    define_as_written(ada, SLICED)
    waits = Objective.objects.get(slug="orders-writes")
    Objective.objects.filter(pk=waits.pk).update(slices_from=NOW - timedelta(days=1))
    Objective.objects.create(
        slug="broken",
        service="orders",
        title="Broken",
        target="0.9",
        slice_minutes=5,
        slice_target="0.9",
        slices_from=NOW - timedelta(days=9),
    )

    def judged(series: str, *_: Any) -> None:
        if series == "broken":
            raise ValueError("what no slicing can judge")

    monkeypatch.setattr(slicing, "slice_day", judged)
    slice_up()
    assert promise("orders-writes").slices_from is None
    assert promise("broken").slices_from is not None


def test_the_api_takes_and_gives_the_same_text(ada: Actor, client: Any) -> None:
    caller = browser(ada)
    answer = caller.post("/api/v1/openslo", {"text": SIMPLE}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json() == [{"objective": "latency", "version": 1, "changed": True}]
    assert caller.get("/api/v1/objectives/latency/openslo").content.startswith(b"apiVersion: openslo/v1")
    refused = caller.post("/api/v1/openslo", {"text": SIMPLE.replace("lte", "eq")}, content_type="application/json")
    assert refused.status_code == 422
    assert refused.json()["errors"][0] | {"message": ""} == {"message": "", "field": "spec.objectives[0].op", "line": 12, "column": 21}
    assert caller.get("/objectives/nothing/openslo.yaml").status_code == 404

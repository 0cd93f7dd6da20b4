"""X20: what a window costs is estimated and counted; what it left running is listed at its end, belongs to somebody, and is remembered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import Role
from windows.audit.models import AuditEntry
from windows.catalogue.models import Service
from windows.delivery.models import Message
from windows.errors import Conflict, Invalid
from windows.execution.models import Run, clock
from windows.execution.queries.expected import expected_in
from windows.reviews.commands.closing import close_reviewed
from windows.reviews.commands.follow_ups import end_follow_up, note_follow_up
from windows.reviews.commands.leftovers import remind_of_leftovers
from windows.reviews.models import FollowUp
from windows.reviews.queries.cost import cost_of, costs_of
from windows.reviews.states import FollowUpStatus
from windows.runbooks.commands.versions import upload_runbook
from windows.runbooks.spec import SpecError, parse
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
TEXT = """\
runbook: doubles
title: Doubles the group
parameters:
  name: {type: string, default: blue}
  place: {type: string, default: production}
expected_alerts:
  - {alert: OrdersSlow, service: orders, environment: "{{ place }}", end: 30, because: the index is rebuilt}
  - {alert: OrdersSlow, service: orders, environment: elsewhere, end: 30, because: not its scope}
cost:
  people: 3
  cloud_per_hour: 12.5
  leftovers:
    - {what: "the group {{ name }}", within: 2d, cost_per_hour: 4}
steps:
  - name: Wait
    wait: {duration: 1s}
"""


def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def window(db: None) -> Window:
    given.service("orders")
    version = upload_runbook(olga(), "doubles", TEXT, team="shop")
    return given.window(olga(), runbook_version_id=version.pk, hours=2)


def ended(window: Window, status: str = "completed", *, ago: timedelta = timedelta()) -> None:
    now = clock() - ago
    Window.objects.filter(pk=window.pk).update(status=status, started_at=now - timedelta(hours=1), ended_at=now)


def test_x20_the_estimate_is_on_the_window_before_it_begins(window: Window) -> None:
    found = cost_of(window.pk, clock())
    assert (found.estimate.people_hours, found.estimate.cloud, found.actual) == (6.0, Decimal("25.00"), None)
    page = browser(olga()).get(f"/windows/{window.reference}/part/impact").content.decode()
    assert "25.00" in page and "12.5 an hour, as the runbook says" in page
    told = caller(olga()).get(f"/windows/{window.reference}/cost").json()
    assert (told["estimate"], told["actual"]) == ({"people_hours": 6.0, "cloud": "25.00", "leftovers": "0"}, None)


def test_x20_without_a_runbook_s_figure_the_services_say_and_unknown_is_said(db: None) -> None:
    window = given.window(olga())
    assert cost_of(window.pk, clock()).estimate.cloud is None
    assert "not known" in browser(olga()).get(f"/windows/{window.reference}/part/impact").content.decode()
    Service.objects.filter(slug="orders").update(cost_per_hour="8.00")
    assert cost_of(window.pk, clock()).estimate.cloud == Decimal("8.00")
    page = browser(olga()).get(f"/windows/{window.reference}/part/impact").content.decode()
    assert "8.00 an hour, as its services say" in page and "1 at once: its coordinator<" in page


def test_x20_whoever_began_held_or_answered_a_run_took_part_in_it(window: Window) -> None:
    ended(window)
    now = clock()
    kept = {"window": window, "started_by": "x", "window_ends_at": now, "ended_at": now}
    runs = [
        Run.objects.create(number=1, status="succeeded", started_at=now - timedelta(hours=1), **kept),
        Run.objects.create(number=2, status="succeeded", started_at=now, rehearsal="dry_run", **kept),
        Run.objects.create(number=3, status="blocked", **kept),
    ]

    def acted(run: Run, kind: str, person: str | None, at: timedelta) -> None:
        told = {"actor": person or "the engine", "actor_id": given.person(person).pk if person else None, "run_id": run.pk}
        AuditEntry.objects.create(at=now + at, kind=kind, via="test", subject=window.reference, window=window.reference, **told)

    def said() -> str:
        return browser(olga()).get(f"/windows/{window.reference}/part/review").content.decode()

    acted(runs[1], "rehearsal.created", "ron", timedelta(minutes=-2))
    acted(runs[2], "run.created", "bea", timedelta(minutes=-90))
    assert cost_of(window.pk, now).people is None and "who took part is not known" in said()
    acted(runs[0], "run.started", None, timedelta(hours=-1))
    assert cost_of(window.pk, now).people == 0
    assert "nobody took part: it ran by itself" in said() and "0 took part" not in said() and "0.0 h" not in said()
    acted(runs[0], "run.created", "carl", timedelta(minutes=-61))
    acted(runs[0], "run.held", "olga", timedelta(minutes=-30))
    acted(runs[0], "run.resumed", "olga", timedelta(minutes=-20))
    acted(runs[0], "step.attested", "dora", timedelta(minutes=1))
    found = cost_of(window.pk, now)
    assert found.people == 3 and found.actual is not None and found.actual.people_hours == 3.0
    Window.objects.filter(pk=window.pk).update(started_at=clock() - timedelta(seconds=30), ended_at=clock())
    assert "less than 0.1 h" in said() and "0.0 h" not in said(), "half a minute of three people is not nothing"
    assert "3 took part" in said() and caller(olga()).get(f"/windows/{window.reference}/cost").json()["took_part"] == 3


def test_x20_what_was_left_running_is_noted_at_the_end_once_and_keeps_the_window_open(window: Window) -> None:
    ended(window, ago=timedelta(hours=2))
    close_reviewed()
    close_reviewed()
    row = FollowUp.objects.get()
    assert (row.title, row.kind, row.cost_per_hour) == ("Tear down: the group blue", "leftover", Decimal("4.00"))
    assert row.owner_id == window.owner_id and row.due_on == (clock() - timedelta(hours=2) + timedelta(days=2)).date()
    assert AuditEntry.objects.get(kind="leftover.noted").window == window.reference
    window.refresh_from_db()
    assert window.closed_at is None
    actual = cost_of(window.pk, clock()).actual
    assert actual is not None and actual.cloud == Decimal("12.50") and actual.leftovers == Decimal("8.00")
    assert actual.people_hours is None, "the trail tells of no run: who took part is not known, and not nobody"
    client = browser(olga())
    for page in (f"/windows/{window.reference}/part/review", "/reviews/weekly/", "/follow-ups/?kind=leftover"):
        assert "Tear down: the group blue" in client.get(page).content.decode(), page
    end_follow_up(olga(), row.pk, FollowUpStatus.DONE)
    window.refresh_from_db()
    assert window.closed_at is not None, "nothing is left to tear down"


def test_x20_what_was_rolled_back_left_nothing(window: Window) -> None:
    ended(window, "rolled_back")
    close_reviewed()
    assert not FollowUp.objects.exists()


def test_x20_its_owner_is_reminded_once_when_the_day_is_near(window: Window) -> None:
    ended(window)
    close_reviewed()
    assert remind_of_leftovers() == 0
    FollowUp.objects.update(due_on=clock().date())
    assert remind_of_leftovers() == 1 and remind_of_leftovers() == 0
    said = Message.objects.get(recipient="olga@example.org", title__contains="Tear down")
    assert "4.00 an hour" in said.body
    assert AuditEntry.objects.filter(kind="leftover.reminded").count() == 1


def test_x20_a_person_notes_one_by_page_and_api(window: Window) -> None:
    day = (clock() + timedelta(days=3)).date().isoformat()
    asked = {"title": "Old volumes", "owner_id": str(olga().person_id), "due_on": day, "kind": "leftover", "cost_per_hour": "1.25"}
    client = browser(olga())
    assert "Something to tear down" in client.get(f"/windows/{window.reference}/follow-ups/new").content.decode()
    assert client.post(f"/windows/{window.reference}/follow-ups/new", asked).status_code == 302
    wrong = client.post(f"/windows/{window.reference}/follow-ups/new", asked | {"title": "More", "cost_per_hour": "a lot"})
    assert wrong.status_code == 422 and "Write an amount" in wrong.content.decode()
    program = caller(olga())
    made = program.post("/follow-ups", asked | {"window": window.reference, "owner_id": olga().person_id, "title": "Old disks"}).json()
    assert (made["kind"], made["cost_per_hour"]) == ("leftover", "1.25")
    assert {one["title"] for one in program.get("/follow-ups?kind=leftover").json()["items"]} == {"Old volumes", "Old disks"}
    said = {"title": "Old disks", "owner_id": olga().person_id, "due_on": day}
    with pytest.raises(Conflict):
        note_follow_up(olga(), window.reference, **said, kind="leftover")
    with pytest.raises(Invalid) as refused:
        note_follow_up(olga(), window.reference, **said, cost_per_hour=Decimal(1))
    assert refused.value.field == "cost_per_hour"


def test_x20_costs_of_many_windows_cost_a_constant_number_of_queries(window: Window, django_assert_num_queries: Any) -> None:
    others = [
        given.window(olga(), "orders", starts_at=given.soon(100 + 10 * n), runbook_version_id=window.runbook_version_id) for n in range(3)
    ]
    now = clock()
    with django_assert_num_queries(4):
        costs_of([window.pk], now)
    with django_assert_num_queries(4):
        assert len(costs_of([window.pk, *(one.pk for one in others)], now)) == 4


def test_every_window_from_a_runbook_expects_its_alerts_in_its_scope(window: Window) -> None:
    (one,) = expected_in(window)
    assert (one["alert"], one["environment"], one["begin"], one["end"]) == ("OrdersSlow", "production", 0, 30)
    window.expected_alerts = [{**one, "end": 90, "because": "said for this one"}]
    assert [each["end"] for each in expected_in(window)] == [90], "what is said for the window goes before"
    page = browser(olga()).get(f"/windows/{window.reference}/part/alerts").content.decode()
    assert "OrdersSlow" in page and "the index is rebuilt" in page


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("people: 3", "people: 0", "cost.people"),
        ("cloud_per_hour: 12.5", "cloud_per_hour: 12.555", "cost.cloud_per_hour"),
        ("cloud_per_hour: 12.5", "cloud_per_hour: -1", "cost.cloud_per_hour"),
        ("{{ name }}", "{{ moon }}", "cost.leftovers[0].what"),
        ("within: 2d", "within: 2000d", "cost.leftovers[0].within"),
        ("end: 30, because: the", "end: 0, because: the", "expected_alerts[0].end"),
        ("{{ place }}", "{{ moon }}", "expected_alerts[0].environment"),
        ("alert: OrdersSlow", "alert: '.*'", "expected_alerts[0].alert"),
    ],
)  # fmt: skip
def test_a_runbook_s_mistakes_about_cost_and_alerts_have_their_line(before: str, after: str, field: str) -> None:
    with pytest.raises(SpecError) as refused:
        parse(TEXT.replace(before, after, 1))
    problem = refused.value.problems[0]
    assert (problem.field, bool(problem.line)) == (field, True)

"""The debug board: each figure from stored rows, filters, what is not known, queries constant in the number of windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.celery import app, use_broker
from portal.charts.deviation import deviation
from portal.dashboards import objectives
from portal.dashboards.debug import NAMES, Asked, debug, narrowed
from portal.dashboards.queues import queues
from portal.dashboards.replication import replication
from slo.objectives.models import Adjustment, Objective
from slo.objectives.queries import health, promises
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Actor, Role
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.execution.models import Run, StepLog
from windows.scheduling.models import Window
from windows.scheduling.queries.accounts import accounts_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def away(settings: Any) -> Any:
    """No broker, unless a test brings one."""
    use_broker("redis://127.0.0.1:1/0")
    yield
    use_broker(settings.CELERY_BROKER_URL)


@pytest.fixture
def ada() -> Actor:
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def objective(slug: str = "orders-writes", service: str = "orders") -> None:
    Objective.objects.create(slug=slug, service=service, title=slug, target="0.9")


def pushed(slug: str, *told: tuple[timedelta, int, int], now: datetime = NOW) -> None:
    push(slug, [Push(f"{now}{n}", now - before, good, total) for n, (before, good, total) in enumerate(told)])


def ended(ada: Actor, slug: str = "orders", *, ago: timedelta = timedelta(hours=5), length: float = 1, **facts: Any) -> Window:
    window = given.window(ada, slug, **facts)
    run = runs.run_of(runs.step(status="succeeded", intended_at=clock(), ended_at=clock(), name="Migrate"), window=window)
    begin = clock() - ago
    end = begin + timedelta(hours=length)
    Run.objects.filter(pk=run.pk).update(status="succeeded", wake_at=None, ended_at=end)
    Window.objects.filter(pk=window.pk).update(status="completed", started_at=begin, ended_at=end, starts_at=begin, ends_at=end)
    return Window.objects.get(pk=window.pk)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_the_budgets_line_ends_where_the_budget_stands(ada: Actor) -> None:
    objective()
    pushed("orders-writes", (hours(100), 90, 100), (hours(50), 99, 100), (hours(1), 98, 100))
    at, (told,) = objectives.spending(promises(), NOW)
    (now_,) = health(promises(), NOW)
    assert told.left[-1] == pytest.approx(now_.figures.raw.remaining)
    assert told.left[-1] == pytest.approx(1 - 13 / 30)
    assert sum(share is None for share in told.left) == len(at) - 3, "a stretch without events is a gap"


def test_burn_rates_look_back_an_hour_and_six(ada: Actor) -> None:
    objective()
    pushed("orders-writes", (hours(0.5), 50, 100), (hours(3), 100, 100))
    _, told = objectives.burning(promises(), NOW)
    hour, six = told["orders-writes"][-1]
    assert hour == pytest.approx(5.0)
    assert six == pytest.approx(2.5)
    assert told["orders-writes"][0] == (None, None)


def test_a_slack_that_was_agreed_shows_in_the_adjusted_figure_only(ada: Actor) -> None:
    objective()
    window = ended(ada, slack=0.5)
    assert window.started_at and window.ended_at
    Adjustment.objects.create(
        objective="orders-writes", window=window.reference, starts_at=window.started_at, ends_at=window.ended_at, policy="allow",
        slack=0.5, authority="Request 1.", is_example=True,
    )  # fmt: skip
    pushed("orders-writes", (timedelta(minutes=1), 0, 4), now=window.started_at + hours(0.5))
    pushed("orders-writes", (timedelta(0), 96, 96), now=window.started_at - hours(2))
    now = clock()
    (told,) = objectives.left(promises(), now)
    assert told.raw == pytest.approx(0.6)
    assert told.adjusted == pytest.approx(1.0)


def test_deviation_compares_with_the_same_hours_and_says_what_it_took(ada: Actor) -> None:
    objective()
    window = ended(ada, slack=0.1)
    assert window.started_at
    inside = window.started_at + hours(0.5)
    push("orders-writes", [Push("in", inside, 50, 100), *(Push(f"w{n}", inside - timedelta(weeks=n), 99 - n, 100) for n in (1, 2))])
    now = clock()
    (told,) = objectives.strayed(promises(), objectives.ran(ada, now - hours(24), now))
    assert (told.actual, told.usual, told.lowest, told.highest, told.weeks) == (0.5, 0.975, 0.97, 0.98, 2)
    assert told.spent == told.over == pytest.approx(50 / 30), "nothing of it is on the record of what was agreed"
    assert (told.bad, told.charged) == (50, 50)


def test_deviation_is_judged_as_the_account_and_counts_the_same_events(ada: Actor) -> None:
    objective()
    window = ended(ada)
    assert window.started_at and window.ended_at
    first = window.started_at.replace(second=0, microsecond=0)
    Window.objects.filter(pk=window.pk).update(started_at=first + timedelta(seconds=30))
    push("orders-writes", [Push("in", first, 97, 100), Push("ago", first - hours(2), 900, 900)])
    Adjustment.objects.create(
        objective="orders-writes", window=window.reference, starts_at=first, ends_at=window.ended_at, policy="exclude",
        authority="Request 1.", is_example=True,
    )  # fmt: skip
    (told,) = objectives.strayed(promises(), objectives.ran(ada, clock() - hours(24), clock()))
    (account,) = accounts_of([window.pk], clock())
    assert (told.bad, told.charged, told.over) == (account.raw, account.charged, account.spent) == (3, 0, 0)
    assert told.actual == 0.97, "the minute in which it began counts, as in its account"
    assert deviation([told]).headline == f"0 of 1 objective in {window.reference} took more budget than agreed"


def test_error_rates_are_filtered_by_the_window_and_shaded(ada: Actor) -> None:
    objective()
    objective("baskets-writes", "baskets")
    window, other = ended(ada), ended(ada, "baskets", ago=hours(4))
    assert window.started_at
    pushed("orders-writes", (timedelta(0), 90, 100), now=window.started_at + hours(0.5))
    _, panels = debug(ada, clock(), Asked(window=window.reference))
    chart = next(panel.chart for panel in panels if panel.name == "error-rates")
    assert chart and chart.columns == ("Time, UTC", "orders-writes, %")
    assert [band["name"] for band in chart.figure["layout"]["shapes"]] == [window.reference], f"{other.reference} touches baskets"
    assert chart.headline == "Highest: 10.00 %"
    _, panels = debug(ada, clock(), Asked(service="baskets"))
    chart = next(panel.chart for panel in panels if panel.name == "error-rates")
    assert chart and chart.is_empty


def test_the_board_opens_on_the_newest_window_that_was_measured(ada: Actor) -> None:
    assert debug(ada, clock(), Asked())[0].window == "", "no window ever ran"
    bare = ended(ada, ago=hours(9))
    assert debug(ada, clock(), Asked())[0].window == bare.reference, "better one without figures than none"
    objective()
    older, newer, unmeasured = ended(ada, ago=hours(8)), ended(ada, ago=hours(5)), ended(ada, ago=hours(2))
    assert older.started_at and newer.started_at
    pushed("orders-writes", (timedelta(0), 9, 10), now=older.started_at + hours(0.5))
    pushed("orders-writes", (timedelta(0), 9, 10), now=newer.started_at + hours(0.5))
    choices, _ = debug(ada, clock(), Asked())
    assert choices.window == newer.reference
    assert unmeasured.reference in {one.reference for one in choices.windows}, "it can be chosen all the same"


def test_logs_and_timeline_are_of_the_windows_last_run(ada: Actor) -> None:
    window = ended(ada)
    run = Run.objects.get(window=window)
    StepLog.objects.create(run=run, position=1, text="12 rows <b>moved</b>")
    page = browser(ada).get(f"/dashboards/debug/?window={window.reference}").content.decode()
    assert "12 rows &lt;b&gt;moved&lt;/b&gt;" in page
    assert f"Timeline of {window.reference} run 1" in page
    assert "1 · Migrate" in page
    zoned = given.actor("zoe", ("shop", Role.OWNER))
    Person.objects.filter(pk=zoned.person_id).update(timezone="Asia/Tokyo")
    page = browser(zoned).get(f"/dashboards/debug/?window={window.reference}").content.decode()
    assert window.started_at and "Time, Asia/Tokyo" in page and "Began, JST" in page
    assert f"{window.started_at.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M} JST" in page


def test_a_window_not_for_these_eyes_is_not_there(ada: Actor) -> None:
    window = ended(ada, confidential=True, title="Secret work")
    vera = browser(given.actor("vera", ("other", Role.VIEWER)))
    assert vera.get(f"/dashboards/debug/?window={window.reference}").status_code == 404
    assert window.reference not in vera.get("/dashboards/debug/").content.decode()
    assert browser(ada).get("/dashboards/debug/?service=none").status_code == 422
    assert browser(ada).get("/dashboards/debug/?window=x").status_code == 404


def test_the_board_costs_as_many_queries_for_ten_windows_as_for_one(ada: Actor) -> None:
    objective()
    client = browser(ada)

    def page() -> int:
        with CaptureQueriesContext(connection) as told:
            assert client.get("/dashboards/debug/").status_code == 200
        return len(told)

    ended(ada)
    one = page()
    for n in range(9):
        ended(ada, ago=hours(6 + 2 * n))
    assert page() == one
    assert one <= 35


@pytest.mark.parametrize("panel", NAMES)
def test_every_panel_has_an_address(ada: Actor, panel: str) -> None:
    objective()
    window = ended(ada)
    assert browser(ada).get(f"/dashboards/debug/{panel}?window={window.reference}").status_code == 200


def test_a_broker_that_is_away_leaves_the_lengths_unknown(ada: Actor) -> None:
    assert {queue.length for queue in queues()} == {None}
    page = browser(ada).get("/dashboards/debug/queues").content.decode()
    assert page.count("not known") == 5
    assert "The broker does not answer" in page


@pytest.mark.parametrize("broker_server", ["valkey", "rabbitmq"], indirect=True)
def test_messages_that_wait_are_counted(broker: str, eventually: Any) -> None:
    assert {queue.length for queue in queues()} == {0}, "a queue that nobody has asked for holds nothing"
    with app.connection_for_write() as connection_, connection_.channel() as channel:
        app.amqp.queues["execute"](channel).declare()
    for _ in range(3):
        app.send_task("execution.advance_run", args=[1], queue="execute")

    def told() -> dict[str, int | None]:
        return {queue.name: queue.length for queue in queues()}

    eventually(lambda: told()["execute"] == 3)
    assert told() == {"execute": 3, "sweep": 0, "measure": 0, "notify": 0, "outside": 0}


def test_a_database_without_standby_says_so(ada: Actor) -> None:
    assert replication().standbys == ()
    assert "No replica." in browser(ada).get("/dashboards/debug/replication").content.decode()


def test_the_board_is_narrowed_to_the_environment_of_the_frame(ada: Actor) -> None:
    objective("orders-production")
    Objective.objects.create(slug="orders-staging", service="orders", environment="staging", title="Staging", target="0.9")
    for chosen, names in (("", {"orders-production", "orders-staging"}), ("staging", {"orders-staging"}), ("moon", set())):
        told = narrowed(promises(), Asked(service="orders", environment=chosen), None)
        assert {one.slug for one in told} == names
        _, panels = debug(ada, clock(), Asked(service="orders", environment=chosen))
        assert {panel.name for panel in panels} >= {"error-rates", "queues"}, "an empty board still stands"

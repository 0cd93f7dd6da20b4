"""Objectives: who defines them, what a budget and its burn rates are, how few statements that costs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from slo.budget import Policy, Ratio
from slo.errors import Invalid, Missing
from slo.intervals import Interval
from slo.objectives.commands import Definition
from slo.objectives.commands.fetching import fetch_all
from slo.objectives.models import Objective
from slo.objectives.queries import Treatment, budget, burn_rates, health, promises, reading, strayed
from slo.telemetry import commands, registry
from slo.telemetry.queries import tagged
from slo.telemetry.readings import Push, Reading
from windows.access.roles import SETUP, Actor, Role
from windows.audit.models import AuditEntry
from windows.catalogue.commands.objectives import define_objective, push_measurements
from windows.catalogue.commands.services import define_service
from windows.catalogue.commands.teams import define_team
from windows.errors import Forbidden, NotFound, Stale

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
ADA = Actor(name="Ada", person_id=1, roles=frozenset({("payments", Role.OWNER)}))


def defined(slug: str = "orders-writes", **more) -> Objective:
    if not AuditEntry.objects.filter(kind="service.created").exists():
        define_team(SETUP, "payments", "Payments")
        define_service(SETUP, "orders", "Orders", "payments")
    return define_objective(ADA, Definition(slug, "orders", "Writes succeed", Decimal("0.999"), **more))


def measured(slug: str, *rows: tuple[float, int, int]) -> None:
    """(minutes ago, good, total)"""
    commands.push(slug, [Push(f"{ago}", NOW - timedelta(minutes=ago), good, total) for ago, good, total in rows])


def test_define_is_guarded_audited_and_versioned() -> None:
    objective = defined()
    assert objective.version == 1
    assert defined().version == 1  # nothing changed: no entry
    assert define_objective(ADA, Definition("orders-writes", "orders", "Writes succeed", Decimal("0.99")), 1).version == 2
    with pytest.raises(Stale):
        define_objective(ADA, Definition("orders-writes", "orders", "Writes succeed", Decimal("0.95")), 1)
    entries = list(AuditEntry.objects.filter(subject="objective:orders-writes").order_by("id"))
    assert [entry.kind for entry in entries] == ["objective.created", "objective.edited"]
    assert entries[1].data["changed"] == {"target": ["0.999000", "0.99"]}
    stranger = Actor(name="Eve", person_id=2, roles=frozenset({("search", Role.OWNER), ("payments", Role.MEMBER)}))
    with pytest.raises(Forbidden):
        define_objective(stranger, Definition("orders-reads", "orders", "Reads", Decimal("0.9")))
    with pytest.raises(NotFound):
        define_objective(ADA, Definition("x", "nothing", "Reads", Decimal("0.9")))


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("slug", {"slug": "Orders Writes"}),
        ("target", {"target": Decimal(1)}),
        ("target", {"target": Decimal("NaN")}),
        ("target", {"target": Decimal("0.9999999")}),
        ("window_days", {"window_days": 0}),
        ("title", {"title": " "}),
        ("source", {"source": "oracle"}),
        ("query", {"query": {"good": "x"}}),
        ("query", {"source": "prometheus"}),
    ],
)
def test_definitions_are_checked(field: str, more: dict) -> None:
    defined()
    wanted = {"slug": "a", "service": "orders", "title": "A", "target": Decimal("0.99"), **more}
    with pytest.raises(Invalid) as refused:
        define_objective(ADA, Definition(**wanted))
    assert refused.value.field == field


def test_pushing_is_guarded() -> None:
    defined()
    sample = [Push("1", NOW, 1, 1)]
    assert push_measurements(ADA, "orders-writes", sample) == 1
    assert push_measurements(ADA, "orders-writes", sample) == 0
    for nobody in (
        Actor(name="Eve", person_id=2, roles=frozenset({("search", Role.OWNER)})),
        Actor(name="Vic", person_id=3, roles=frozenset({("payments", Role.VIEWER)})),
        Actor(name="Ada", person_id=1, roles=ADA.roles, scopes=frozenset({"read"})),
    ):
        with pytest.raises(Forbidden):
            push_measurements(nobody, "orders-writes", [Push("2", NOW, 0, 1000)])
    with pytest.raises(Missing):
        push_measurements(ADA, "nothing", sample)


def test_r_c09_bad_minutes_inside_and_outside_a_window() -> None:
    """100,000 events, 40 bad outside and 50 inside a window of an hour: 100 are allowed."""
    defined()
    measured("orders-writes", (5000, 89_960, 90_000), (3000, 9_950, 10_000), (60 * 24 * 30, 0, 10**6))
    window = Interval(NOW - timedelta(minutes=3030), NOW - timedelta(minutes=2970))
    told = budget("orders-writes", NOW, [Treatment(Policy.EXCLUDE, [window])])
    assert (told.raw.spent, told.raw.total, told.raw.remaining) == (90, 100_000, pytest.approx(0.1))
    assert (told.adjusted.spent, told.adjusted.total) == (40, 90_000)
    assert told.adjusted.remaining == pytest.approx(1 - 40 / 90)
    told = budget("orders-writes", NOW, [Treatment(Policy.ALLOW, [window], 0.3)])
    assert told.raw.remaining == pytest.approx(0.1)
    assert told.adjusted.spent == 60
    assert budget("orders-writes", NOW).adjusted == budget("orders-writes", NOW).raw


def test_overlapping_treatments_count_once() -> None:
    defined()
    measured("orders-writes", (100, 900, 1000), (50, 900, 1000))
    both = [
        Treatment(Policy.EXCLUDE, [Interval(NOW - timedelta(minutes=110), NOW - timedelta(minutes=40))]),
        Treatment(Policy.EXCLUDE, [Interval(NOW - timedelta(minutes=60), NOW)]),
    ]
    told = budget("orders-writes", NOW, both)
    assert told.excluded == Ratio(1800, 2000)
    assert told.adjusted.remaining is None  # nothing is left to judge: unknown, not 100 %


def test_r_c05_no_events_no_budget() -> None:
    defined()
    assert budget("orders-writes", NOW).raw.remaining is None
    assert set(burn_rates("orders-writes", NOW).values()) == {None}
    with pytest.raises(Missing):
        budget("nothing", NOW)


def test_r_c07_burn_rates_follow_the_table() -> None:
    """14.4 times the allowed errors for an hour, nothing bad before."""
    defined()
    measured("orders-writes", *[(ago, 98_560, 100_000) for ago in range(1, 61)], *[(ago, 100_000, 100_000) for ago in range(61, 361)])
    rates = burn_rates("orders-writes", NOW)
    slow = pytest.approx(2.4)
    assert rates == {"5m": 14.4, "30m": 14.4, "1h": 14.4, "2h": pytest.approx(7.2), "6h": slow, "1d": slow, "3d": slow}
    (found,) = health(promises(slugs=["orders-writes"]), NOW)
    assert [(rule.urgency, rule.long) for rule in found.judgement.burning] == [("page", "1h"), ("ticket", "3d")]
    excluded = burn_rates("orders-writes", NOW, [Interval(NOW - timedelta(minutes=60), NOW)])
    assert excluded == {"5m": None, "30m": None, "1h": None, "2h": 0, "6h": 0, "1d": 0, "3d": 0}


def test_fifty_objectives_cost_three_statements(django_assert_num_queries) -> None:
    defined()
    Objective.objects.bulk_create([Objective(slug=f"o{n}", service="orders", title="x", target=Decimal("0.99")) for n in range(50)])
    holes = {f"o{n}": [Treatment(Policy.EXCLUDE, [Interval(NOW - timedelta(hours=9), NOW - timedelta(hours=8))])] for n in range(50)}
    with django_assert_num_queries(3):
        assert len(health(promises(), NOW, holes)) == 51
    with django_assert_num_queries(3):
        budget("orders-writes", NOW)


def test_deviation_from_past_weeks() -> None:
    defined()
    week = 7 * 24 * 60
    measured("orders-writes", (30, 900, 1000), (30 + week, 999, 1000), (30 + 2 * week, 997, 1000))
    found = strayed("orders-writes", Interval(NOW - timedelta(minutes=60), NOW))
    assert (found.actual, found.usual, found.weeks, found.is_outside) == (0.9, 0.998, 2, True)


def test_readings_come_from_the_objective_s_own_source(settings) -> None:
    settings.PROMETHEUS_URL = "http://127.0.0.1:1"
    defined()
    push_measurements(ADA, "orders-writes", [Push("1", datetime.now(UTC), 99, 100)])
    assert reading("orders-writes", 60, datetime.now(UTC)).value == 0.99
    defined("orders-reads", source="prometheus", query={"good": "a[{{ window }}]", "total": "b"})
    assert reading("orders-reads", 60, datetime.now(UTC)).error
    assert reading("nothing", 60, datetime.now(UTC)).error


def test_measure_fetches_finished_minutes_once_and_makes_up_for_a_failure(monkeypatch) -> None:
    defined("orders-reads", source="prometheus", query={"good": "a", "total": "b"})
    asked: list[datetime] = []
    answers: list[Ratio | Reading] = [Reading(None, error="refused")]

    def events(series: str, query: object, minute: datetime) -> Ratio | Reading:
        asked.append(minute)
        return answers[0]

    monkeypatch.setattr(registry.known()["prometheus"], "events", events)
    monkeypatch.setattr(registry.known()["prometheus"], "tags", lambda *_: pytest.fail("no window, no tags to be asked for"))
    fetch_all(NOW + timedelta(seconds=20), {})
    assert len(asked) == 1
    answers[0] = Ratio(9, 10)
    fetch_all(NOW + timedelta(seconds=20), {("orders", "staging"): {"MW-1"}})
    fetch_all(NOW + timedelta(seconds=20), {})
    assert len(set(asked)) == 3 == len(asked) - 1
    assert max(asked) == NOW - timedelta(minutes=2)  # the last minute has not settled yet
    assert budget("orders-reads", NOW).raw.total == 30


def test_only_the_tags_of_the_services_own_windows_count(monkeypatch) -> None:
    defined("orders-reads", source="prometheus", query={"good": "a", "total": "b"})
    monkeypatch.setattr(registry.known()["prometheus"], "events", lambda *_: Ratio(9, 10))
    monkeypatch.setattr(registry.known()["prometheus"], "tags", lambda *_: {"MW-1": Ratio(4, 5), "MW-2": Ratio(2, 2)})
    fetch_all(NOW + timedelta(seconds=20), {("orders", "production"): {"MW-1"}})
    assert budget("orders-reads", NOW).raw.total == 30
    frame = Interval(NOW - timedelta(minutes=10), NOW)
    assert tagged([("orders-reads", frame, "MW-1"), ("orders-reads", frame, "MW-2")]) == [Ratio(15, 30), Ratio(0, 30)]

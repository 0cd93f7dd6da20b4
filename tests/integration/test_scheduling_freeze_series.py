"""Freezes that recur, bind tiers, and know exceptions."""

from datetime import timedelta
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid
from windows.scheduling.commands.freeze_series import (
    create_freeze_series,
    due_freezes,
    except_from_freeze,
    extend_freezes,
    lift_freeze_series,
    withdraw_exception,
)
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze
from windows.scheduling.models import Freeze, FreezeSeries, Window
from windows.scheduling.queries import conflicts_of, freezes_for

pytestmark = pytest.mark.django_db(transaction=True)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def sam() -> Any:
    return given.actor("sam", ("platform", Role.SRE))


def draft(window: Window, **said: Any) -> FreezeDraft:
    return FreezeDraft(**({"title": "Peak", "starts_at": window.starts_at - HOUR, "ends_at": window.ends_at + HOUR} | said))


def met(window: Window) -> list[str]:
    return [finding.severity for finding in conflicts_of(window.pk) if finding.kind == "freeze"]


def test_a_freeze_that_recurs_is_met_every_time_until_it_is_lifted(ada: Any, sam: Any) -> None:
    window, later = given.window(ada), given.window(ada, starts_at=given.soon() + 5 * WEEK)
    first = create_freeze_series(sam, draft(window), "FREQ=WEEKLY;COUNT=10")
    told = AuditEntry.objects.get(kind="freeze.created").data
    assert (told["times"], told["rrule"]) == (10, "FREQ=WEEKLY;COUNT=10") and Freeze.objects.count() == 10
    assert met(window) == met(later) == ["hard"]
    assert [f.title for f in freezes_for(later.pk, later.starts_at)] == ["Peak"]
    fourth = Freeze.objects.order_by("starts_at")[4]
    assert lift_freeze_series(sam, fourth.pk, "The season is over.") == 6
    assert met(window) == ["hard"] and met(later) == []
    assert lift_freeze_series(sam, first.pk, "All of it.") == 4
    with pytest.raises(Conflict):
        lift_freeze_series(sam, first.pk, "Again.")


def test_further_times_are_made_as_they_come_near(ada: Any, sam: Any) -> None:
    create_freeze_series(sam, draft(given.window(ada)), "FREQ=MONTHLY")
    series, made = FreezeSeries.objects.get(), Freeze.objects.count()
    assert 12 <= made <= 14 and extend_freezes(series.pk) == 0
    FreezeSeries.objects.update(made_until=series.made_until - timedelta(days=63))
    Freeze.objects.filter(starts_at__gte=series.made_until - timedelta(days=63)).delete()
    assert extend_freezes(series.pk) >= 2 and Freeze.objects.count() == made


def test_a_rule_that_names_no_further_time_is_left_alone(ada: Any, sam: Any) -> None:
    create_freeze_series(sam, draft(given.window(ada)), "FREQ=MONTHLY;COUNT=2")
    for _ in range(2):
        FreezeSeries.objects.update(made_until=clock())
        for pk in due_freezes(clock()):
            extend_freezes(pk)
    assert FreezeSeries.objects.get().ended_at is not None and Freeze.objects.count() == 2
    assert AuditEntry.objects.filter(kind="freeze.extended").count() == 1


@pytest.mark.parametrize(
    ("rule", "zone", "field"),
    [
        ("FREQ=SECONDLY", "UTC", "rrule"),
        ("FREQ=HOURLY", "UTC", "rrule"),
        ("FREQ=WEEKLY;BYMONTHDAY=31;BYMONTH=2", "UTC", "rrule"),
        ("nonsense", "UTC", "rrule"),
        ("FREQ=WEEKLY", "Mars/Olympus", "timezone"),
    ],
)
def test_r_s14_a_hostile_rule_is_refused_by_name(ada: Any, sam: Any, rule: str, zone: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_freeze_series(sam, draft(given.window(ada)), rule, zone)
    assert refused.value.field == field and not Freeze.objects.exists()


def test_a_freeze_binds_only_its_tiers(ada: Any, sam: Any) -> None:
    window = given.window(ada)  # its service is of tier 3
    create_freeze(sam, draft(window, tiers=(1, 2)))
    assert met(window) == []
    create_freeze(sam, draft(window, tiers=(3,), severity="soft"))
    assert met(window) == ["soft"]
    with pytest.raises(Invalid) as refused:
        create_freeze(sam, draft(window, tiers=(1, 7)))
    assert refused.value.field == "tiers[1]"


def test_an_exception_has_a_reason_and_a_person_and_can_be_taken_back(ada: Any, sam: Any) -> None:
    window, other = given.window(ada), given.window(ada, "mail")
    freeze = create_freeze(sam, draft(window))
    with pytest.raises(Forbidden):  # whoever may not freeze everything may not open it either
        except_from_freeze(ada, freeze.pk, "We must.", window=window.pk)
    one = except_from_freeze(sam, freeze.pk, "The certificate runs out.", window=window.pk)
    assert met(window) == [] and freezes_for(window.pk, window.starts_at) == [] and met(other) == ["hard"]
    withdraw_exception(sam, freeze.pk, one.pk)
    assert met(window) == ["hard"]
    except_from_freeze(sam, freeze.pk, "They may.", team="shop")
    assert met(window) == met(other) == []
    told = AuditEntry.objects.filter(kind="freeze.excepted").order_by("id").first()
    assert told is not None and (told.actor, told.data["reason"]) == ("Sam", "The certificate runs out.")


def test_an_exception_of_a_confidential_window_is_not_for_every_eye(ada: Any, sam: Any) -> None:
    secret = given.window(ada, confidential=True)
    freeze = create_freeze(sam, draft(secret))
    except_from_freeze(sam, freeze.pk, "It must.", window=secret.pk)
    answer = browser(given.person("zoe")).get("/api/v1/freezes")
    assert answer.status_code == 200 and answer.json()[0]["exceptions"] == []
    assert secret.reference not in str(AuditEntry.objects.get(kind="freeze.excepted").data)

"""Series: each occurrence a window of its own, made 13 months ahead; one, or this and all that follow, moved, skipped, edited, approved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals.commands import amend_window, decide, request_window
from windows.approvals.commands.series import amend_following, decide_following, request_following
from windows.approvals.models import ApprovalRequest, Policy
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.errors import Conflict, Forbidden, Invalid, Stale
from windows.scheduling import vevent
from windows.scheduling.commands.drafts import cancel_window, discard_draft, edit_draft
from windows.scheduling.commands.following import edit_following
from windows.scheduling.commands.occurrences import extend_series
from windows.scheduling.commands.series import Pattern, create_series, skip_following
from windows.scheduling.commands.transitions import facts_of
from windows.scheduling.models import Series, Window, WindowScope
from windows.scheduling.queries import conflicts_of
from windows.scheduling.queries.series import HORIZON, STEP, due_series, occurrences_of, series_view
from windows.scheduling.tasks import sweep

pytestmark = pytest.mark.django_db(transaction=True)
BERLIN = ZoneInfo("Europe/Berlin")
WEEK = timedelta(days=7)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


def draft(ada: Any, hour: int = 22, slug: str = "orders", **said: Any) -> Window:
    begins = (given.soon(72).astimezone(BERLIN)).replace(hour=hour, minute=0)
    return given.window(ada, slug, starts_at=begins, timezone="Europe/Berlin", **said)


def weekly(ada: Any, rrule: str = "FREQ=WEEKLY", **said: Any) -> tuple[Series, list[Window]]:
    window = draft(ada, **said)
    series = create_series(ada, window.pk, Pattern(rrule=rrule), window.version)
    return series, list(Window.objects.filter(series=series).order_by("recurrence_id"))


def wall(window: Window) -> datetime:
    return window.starts_at.astimezone(BERLIN).replace(tzinfo=None)


def test_each_occurrence_is_a_window_of_its_own(ada: Any) -> None:
    series, made = weekly(ada)
    until = clock() + HORIZON
    assert 55 < len(made) < 63 and made[-1].starts_at > until - WEEK
    assert {wall(one).time().hour for one in made} == {22}  # summer and winter
    assert {one.starts_at.astimezone(UTC).hour for one in made} == {20, 21}
    assert len({one.uid for one in made}) == len(made) == len({one.reference for one in made})
    assert {one.ends_at - one.starts_at for one in made} == {timedelta(hours=1)}
    assert all(one.recurrence_id == wall(one).isoformat() == one.wall_start and bytes(one.vevent) for one in made)
    assert {(s.service.slug, s.holds_slot) for s in WindowScope.objects.filter(window__in=made).select_related("service")} == {
        ("orders", False)
    }
    assert AuditEntry.objects.filter(kind="window.created", data__series=series.pk).count() == len(made) - 1
    request_window(ada, made[3].pk)
    assert [*Window.objects.filter(series=series).exclude(status="draft")] == [made[3]]
    assert list(WindowScope.objects.filter(holds_slot=True).values_list("window", flat=True)) == [made[3].pk]


def test_more_is_made_once_as_the_horizon_moves(ada: Any) -> None:
    series, made = weekly(ada)
    assert due_series(clock()) == [] and extend_series(series.pk) == []
    Window.objects.filter(pk__in=[one.pk for one in made[20:]]).delete()
    Series.objects.filter(pk=series.pk).update(known_until=made[20].starts_at)
    again, before = made[:20], AuditEntry.objects.count()
    sweep()
    sweep()
    now = [*Window.objects.filter(series=series).order_by("recurrence_id")]
    assert now[:20] == again and [one.recurrence_id for one in now] == [one.recurrence_id for one in made]
    assert AuditEntry.objects.count() == before + len(made) - 20 + 1
    series.refresh_from_db()
    assert series.known_until is not None and series.known_until > clock() + HORIZON + STEP - timedelta(minutes=5)
    with pytest.raises(IntegrityError), transaction.atomic():
        Window.objects.filter(pk=now[1].pk).update(recurrence_id=now[0].recurrence_id)


def test_a_series_that_has_an_end_is_known_whole(ada: Any) -> None:
    series, made = weekly(ada, "FREQ=WEEKLY;COUNT=3")
    assert len(made) == 3 and series.known_until is None and due_series(clock() + 2 * HORIZON) == []


def test_a_series_that_cannot_go_on_says_why_and_stops_no_other(ada: Any) -> None:
    bob = given.person("bob", ("shop", Role.MEMBER))
    stuck, _ = weekly(ada, coordinator_id=bob.pk)
    other, made = weekly(ada, hour=4)
    Person.objects.filter(pk=bob.pk).update(is_active=False)
    Series.objects.update(known_until=clock() + timedelta(days=300))
    Window.objects.filter(series=other, starts_at__gt=clock() + timedelta(days=300)).delete()
    sweep()
    sweep()
    stuck.refresh_from_db()
    assert stuck.stalled == "coordinator_id: There is no such person."
    assert AuditEntry.objects.filter(kind="series.stalled").count() == 1
    assert Window.objects.filter(series=other).count() == len(made)


REFUSED = [
    ({"rrule": "FREQ=HOURLY"}, "rrule", "The limit is 1000"),
    ({"rrule": "FREQ=MINUTELY"}, "rrule", "The limit is FREQ=HOURLY"),
    ({"rrule": "FREQ=WEEKLY;INTERVAL=0"}, "rrule", "from 1 to 1000"),
    ({"rrule": "FREQ=WEEKLY;COUNT=1001"}, "rrule", "from 1 to 1000"),
    ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "rrule", "does not name"),
    ({"rrule": "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=3"}, "rrule", "The first time it names is"),
    ({"rrule": "FREQ=DAILY;BYHOUR=22;BYMINUTE=0,30"}, "rrule", "would begin before"),
    ({}, "rrule", "Say how it recurs"),
    ({"rdates": ("2027-13-01T10:00",)}, "rdates[0]", "Write a local time"),
    ({"rdates": ("2027-12-01T10:00:00Z",)}, "rdates[0]", "without an offset"),
    ({"rrule": "FREQ=DAILY", "exdates": ("x",)}, "exdates[0]", "Write a local time"),
]


@pytest.mark.parametrize(("said", "field", "words"), REFUSED)
def test_r_s14_a_pattern_is_refused_with_the_limit_it_passes(ada: Any, said: Any, field: str, words: str) -> None:
    window = draft(ada)
    with pytest.raises(Invalid) as refused:
        create_series(ada, window.pk, Pattern(**said), window.version)
    assert refused.value.field == field and words in refused.value.detail
    assert not Series.objects.exists() and Window.objects.count() == 1


def test_only_a_draft_by_itself_recurs_and_only_for_who_may_plan_it(ada: Any) -> None:
    window = draft(ada)
    with pytest.raises(Forbidden):
        create_series(given.actor("eve", ("find", Role.OWNER)), window.pk, Pattern(rrule="FREQ=WEEKLY"), 1)
    with pytest.raises(Stale):
        create_series(ada, window.pk, Pattern(rrule="FREQ=WEEKLY"), 7)
    create_series(ada, window.pk, Pattern(rrule="FREQ=WEEKLY;COUNT=2"), 1)
    for one in Window.objects.all():
        with pytest.raises(Conflict):
            create_series(ada, one.pk, Pattern(rrule="FREQ=WEEKLY"), one.version)
    other = draft(ada, hour=3)
    request_window(ada, other.pk)
    with pytest.raises(Conflict):
        create_series(ada, other.pk, Pattern(rrule="FREQ=WEEKLY"), 2)


def test_r_e04_a_series_meets_a_one_off_within_the_horizon_and_the_horizon_is_told(ada: Any) -> None:
    series, made = weekly(ada)
    one_off = given.window(ada, starts_at=made[30].starts_at + timedelta(minutes=30))
    request_window(ada, one_off.pk)
    met = [one.reference for one in made if conflicts_of(one.pk, ada)]
    assert met == [made[30].reference]
    outcomes = request_following(ada, made[29].pk).outcomes
    assert [(one.status, bool(one.refused)) for one in outcomes[:3]] == [("requested", False), ("draft", True), ("requested", False)]
    assert one_off.reference in outcomes[1].refused
    assert series_view(series.pk, ada).known_until == series.known_until


def test_one_occurrence_is_skipped_moved_edited_alone(ada: Any) -> None:
    series, made = weekly(ada)
    discard_draft(ada, made[2].pk)
    moved = edit_draft(ada, made[3].pk, {"starts_at": made[3].starts_at + 2 * WEEK / 7, "ends_at": made[3].ends_at + 2 * WEEK / 7}, 1)
    request_window(ada, made[4].pk)
    cancel_window(ada, made[4].pk, "not needed")
    series.refresh_from_db()
    assert series.exdates == [made[2].recurrence_id]
    assert moved.recurrence_id == made[3].recurrence_id and moved.strayed_at is not None
    Series.objects.filter(pk=series.pk).update(known_until=clock())
    assert extend_series(series.pk) == []  # neither comes back
    shown = occurrences_of(series.pk, ada, limit=5)
    assert [(one.status, one.strayed) for one in shown[:4]] == [("draft", False), ("draft", False), ("draft", True), ("cancelled", False)]


def test_this_and_all_that_follow_are_moved_and_edited(ada: Any) -> None:
    """Drafts at once; what was approved by an amendment of its own, whose approvals lapse; what strayed stays."""
    Policy.objects.create(name="One", position=1, match={}, requires=[{"role": "owner", "quorum": 1, "team": "owner"}])
    series, made = weekly(ada)
    vera = given.actor("vera", ("shop", Role.OWNER))
    discard_draft(ada, made[12].pk)
    strayed = edit_draft(ada, made[14].pk, {"title": "Alone"}, 1)
    for one in made[8:10]:
        request_window(ada, one.pk)
        decide(vera, one.pk, "approved")
    version = Window.objects.get(pk=made[8].pk).version
    told = amend_following(
        ada,
        made[8].pk,
        {"title": "Later", "starts_at": made[8].starts_at + timedelta(hours=3), "ends_at": made[8].ends_at + timedelta(hours=4)},
        version,
    )
    later, series = Series.objects.get(pk=told.series_id), Series.objects.get(pk=series.pk)
    assert later.follows == series and told.strayed == (strayed.reference,)
    before, after = ([*Window.objects.filter(series=one).order_by("recurrence_id")] for one in (series, later))
    assert [one.pk for one in before] == [one.pk for one in made[:8]] and {one.title for one in before} == {"Migrate the schema"}
    same = [one.pk for one in made[8:] if one.pk != made[12].pk]
    assert [one.pk for one in after][: len(same)] == same
    own = [one for one in after if one.pk != strayed.pk]
    assert (
        {wall(one).hour for one in own} == {1}
        and {one.title for one in own} == {"Later"}
        and {one.ends_at - one.starts_at for one in own} == {timedelta(hours=2)}
    )
    assert [one.status for one in after[:3]] == ["requested", "requested", "draft"]
    assert ApprovalRequest.objects.filter(status="lapsed").count() == 2
    assert not any(one.strayed_at for one in own)
    Series.objects.update(known_until=clock())
    sweep()
    assert Window.objects.filter(series__in=[series, later]).count() == len(before) + len(after)  # neither makes what the other has


def test_one_act_amends_a_bounded_number_and_names_where_to_go_on(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windows.approvals.commands.series.MOST", 2)
    Policy.objects.create(name="None", position=1, match={}, requires=[])
    _, made = weekly(ada, "FREQ=WEEKLY;COUNT=5")
    for one in made[:5]:
        request_window(ada, one.pk)
    first = amend_following(ada, made[0].pk, {"title": "Later"}, Window.objects.get(pk=made[0].pk).version)
    assert [one.reference for one in first.outcomes] == [one.reference for one in made[:2]] and first.left == made[2].reference
    onward = amend_following(ada, made[2].pk, {"title": "Later"}, Window.objects.get(pk=made[2].pk).version)
    assert len(onward.outcomes) == 2 and onward.left == made[4].reference
    assert [*Window.objects.order_by("recurrence_id").values_list("title", flat=True)].count("Later") == 4


def test_a_new_rule_from_one_occurrence_on(ada: Any) -> None:
    _, made = weekly(ada, "FREQ=WEEKLY;COUNT=10")
    version = made[4].version
    day = made[4].starts_at.astimezone(BERLIN) + timedelta(days=1)
    with pytest.raises(Invalid) as refused:  # the rule does not name another weekday by itself
        edit_following(
            ada,
            made[4].pk,
            {"starts_at": day},
            version,
            rrule=f"FREQ=WEEKLY;BYDAY={['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'][made[4].starts_at.astimezone(BERLIN).weekday()]}",
        )
    assert refused.value.field == "rrule"
    split = edit_following(ada, made[4].pk, {"starts_at": day}, version, rrule="FREQ=WEEKLY;INTERVAL=2;COUNT=3")
    after = [*Window.objects.filter(series=split.series).order_by("recurrence_id")]
    assert [one.pk for one in after] == [one.pk for one in made[4:7]]
    assert [wall(one).date() - wall(after[0]).date() for one in after] == [timedelta(0), 2 * WEEK, 4 * WEEK]
    assert not Window.objects.filter(pk__in=[one.pk for one in made[7:]]).exists()  # drafts without a time


def test_what_was_asked_for_and_has_no_time_under_a_new_rule_refuses_it(ada: Any) -> None:
    _, made = weekly(ada, "FREQ=WEEKLY;COUNT=10")
    request_window(ada, made[9].pk)
    with pytest.raises(Conflict) as refused:
        edit_following(ada, made[4].pk, {}, made[4].version, rrule="FREQ=WEEKLY;COUNT=2")
    assert refused.value.rival == made[9].reference and Series.objects.count() == 1


def test_this_and_all_that_follow_are_taken_away(ada: Any) -> None:
    series, made = weekly(ada)
    request_window(ada, made[6].pk)
    skip_following(ada, made[5].pk, "the system is retired")
    assert [one.pk for one in Window.objects.filter(series=series, status="draft").order_by("recurrence_id")] == [
        one.pk for one in made[:5]
    ]
    assert Window.objects.get(pk=made[6].pk).status == "cancelled"
    Series.objects.update(known_until=clock())
    sweep()
    assert Window.objects.filter(series=series).count() == 6 and Series.objects.get().known_until is None


def test_this_and_all_that_follow_are_asked_for_and_signed_by_somebody_else(ada: Any) -> None:
    Policy.objects.create(name="One", position=1, match={}, requires=[{"role": "owner", "quorum": 1, "team": "owner"}])
    _, made = weekly(ada, "FREQ=WEEKLY;COUNT=4")
    vera = given.actor("vera", ("shop", Role.OWNER))
    assert [one.status for one in request_following(ada, made[1].pk).outcomes] == ["requested"] * 3
    assert all("second person" in one.refused for one in decide_following(ada, made[1].pk, "approved").outcomes)
    assert [one.status for one in decide_following(vera, made[2].pk, "approved").outcomes] == ["approved"] * 2
    assert [one.status for one in Window.objects.order_by("recurrence_id")] == ["draft", "requested", "approved", "approved"]


def test_an_amendment_of_one_occurrence_strays_it(ada: Any) -> None:
    _, made = weekly(ada, "FREQ=WEEKLY;COUNT=3")
    request_window(ada, made[1].pk)
    amended = amend_window(ada, made[1].pk, {"title": "Alone"}, Window.objects.get(pk=made[1].pk).version)
    assert amended.strayed_at is not None
    told = edit_following(ada, made[0].pk, {"title": "All"}, made[0].version)
    assert told.strayed == (made[1].reference,)
    assert [one.title for one in Window.objects.order_by("recurrence_id")] == ["All", "Alone", "All"]


def test_who_plans_for_one_team_takes_nothing_from_another_nor_files_in_its_name(ada: Any) -> None:
    series, made = weekly(ada)
    given.team("post")
    with pytest.raises(Forbidden):
        edit_following(ada, made[5].pk, {"team": "post"}, made[5].version)
    Window.objects.filter(pk=made[7].pk).update(team=given.team("post"), owner=given.person("mia"), coordinator=given.person("mia"))
    WindowScope.objects.filter(window=made[7]).update(service=given.service("mail", "post"))
    with pytest.raises(Forbidden):
        skip_following(ada, made[5].pk, "the system is retired")
    assert Window.objects.filter(series=series, status="draft").count() == len(made)


def test_pages_of_occurrences_go_on_behind_those_that_one_may_not_see(ada: Any) -> None:
    series, made = weekly(ada)
    Window.objects.filter(pk__in=[one.pk for one in made[1:4]]).update(confidential=True)
    eve = given.actor("eve", ("post", Role.MEMBER))
    page = occurrences_of(series.pk, eve, limit=2)
    assert [one.reference for one in page] == [made[n].reference for n in (0, 4, 5)]


def test_p_c_a_daily_series_is_made_in_a_bounded_number_of_statements(ada: Any, django_assert_max_num_queries: Any) -> None:
    window = given.window(ada)
    with django_assert_max_num_queries(60):
        series = create_series(ada, window.pk, Pattern(rrule="FREQ=DAILY"), window.version)
    made = Window.objects.filter(series=series)
    assert made.count() > 390 and not made.filter(vevent=b"").exists()
    entries = AuditEntry.objects.filter(kind="window.created", data__series=series.pk)
    assert entries.count() == made.count() - 1 and all(entry.subject == entry.window for entry in entries)
    one = made.order_by("starts_at")[7]
    assert bytes(one.vevent) == vevent.block(facts_of(one))

"""Series in the browser's plain manner: a preview, a series made from a draft, its page, and all that follow changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.catalogue.models import Person
from windows.scheduling.commands.series import Pattern, create_series
from windows.scheduling.models import Series, Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def page(ada: Any) -> Client:
    return browser(Person.objects.get(pk=ada.person_id))


def test_a_series_is_made_from_a_draft(ada: Any, page: Client) -> None:
    window = given.window(ada, timezone="Europe/Berlin")
    path = f"/windows/{window.reference}/repeat"
    assert (
        "every month on the last day" in page.get(f"{path}/preview", {"how": "own", "own": "FREQ=MONTHLY;BYMONTHDAY=-1"}).content.decode()
    )
    assert "Let it recur" in page.get(f"/windows/{window.reference}").content.decode()
    refused = page.post(path, {"how": "own", "own": "FREQ=MINUTELY", "version": "1"})
    assert refused.status_code == 422 and b"The limit is FREQ=HOURLY" in refused.content and not Series.objects.exists()
    made = page.post(path, {"how": "weekly", "interval": "2", "version": "1"})
    series = Series.objects.get()
    assert made["Location"] == f"/windows/series/{series.pk}" and series.windows.count() > 25
    assert f"/windows/series/{series.pk}" in page.get(f"/windows/{window.reference}").content.decode()


def test_the_page_of_a_series_tells_states_and_conflicts_in_a_bounded_number_of_queries(
    ada: Any, page: Client, django_assert_max_num_queries: Any
) -> None:
    window = given.window(ada)
    series = create_series(ada, window.pk, Pattern(rrule="FREQ=WEEKLY"), 1)
    third = series.windows.order_by("recurrence_id")[2]
    rival = given.window(ada, starts_at=third.starts_at)
    request_window(ada, rival.pk)
    with django_assert_max_num_queries(25):
        shown = page.get(f"/windows/series/{series.pk}").content.decode()
    assert shown.count("This and following") == 26 and shown.count("works on the same service") == 1
    assert rival.reference in shown and "nothing is known yet" in shown and "Recurs every week" in shown
    hidden = browser(given.person("eve"))
    Window.objects.filter(series=series).update(confidential=True)
    Series.objects.update(said={**series.said, "confidential": True})
    assert hidden.get(f"/windows/series/{series.pk}").status_code == 404


def test_this_and_all_that_follow_in_the_browser(ada: Any, page: Client) -> None:
    window = given.window(ada)
    series = create_series(ada, window.pk, Pattern(rrule="FREQ=WEEKLY;COUNT=4"), 1)
    made = list(series.windows.order_by("recurrence_id"))
    path = f"/windows/{made[2].reference}/following"
    given_now = {"title": made[2].title, "starts_at": made[2].recurrence_id[:16], "minutes": "60", "version": "1"}
    assert page.get(path).status_code == 200
    assert page.post(path, {**given_now, "act": "no"}).status_code == 422
    told = page.post(path, {**given_now, "act": "change", "title": "Other"}).content.decode()
    assert (
        "What became of them" in told
        and [w.title for w in Window.objects.order_by("starts_at")] == ["Migrate the schema"] * 2 + ["Other"] * 2
    )
    told = page.post(path, {**given_now, "act": "request"}).content.decode()
    assert told.count("Requested") >= 2
    assert page.post(f"{path}/skip", {"reason": "retired"}).status_code == 302
    assert [w.status for w in Window.objects.order_by("starts_at")] == ["draft", "draft", "cancelled", "cancelled"]

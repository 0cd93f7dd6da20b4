"""N15 in full: what must be rehearsed is a policy, breaking the glass is counted and reviewed by somebody else, and closes last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import given_starts
from tests import given_windows as given
from tests.callers import browser, caller
from tests.given_starts import answers, begins_now, started
from tests.integration.test_execution_rehearsals import driven, measured, olga, version, window  # noqa: F401 - fixtures
from windows.access.roles import Role
from windows.actions.gates import Answer
from windows.audit.models import AuditEntry
from windows.catalogue.models import Environment, Service
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.execution.commands.rehearsal_policy import save_rehearsal_policy
from windows.execution.commands.rehearsals import break_glass, rehearse
from windows.execution.models import Run, clock
from windows.execution.queries.rehearsals import rule
from windows.reviews.commands.closing import AT_ONCE, close_reviewed, sign_off
from windows.reviews.queries.broken_glass import broken_glass, glass_by_team
from windows.reviews.queries.closing import review_tasks_of, review_tasks_of_all
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
no_broker = given_starts.no_broker


def sam() -> Any:
    return given.actor("sam", ("ops", Role.SRE))


def administrator() -> Any:
    return given.actor("root", administrator=True)


@pytest.fixture
def broken(window: Window) -> Window:  # noqa: F811
    break_glass(olga(), window.pk, "The patch cannot wait.")
    return window


def ended(window: Window, status: str = "completed") -> None:  # noqa: F811
    now = clock()
    Window.objects.filter(pk=window.pk).update(status=status, started_at=now - timedelta(hours=1), ended_at=now)


def test_n15_which_work_must_be_rehearsed_is_a_policy(window: Window) -> None:  # noqa: F811
    Environment.objects.get_or_create(slug="production", defaults={"name": "Production"})
    begins_now(window)
    run = started(window)
    assert answers(run)["rehearsed"].verdict is Answer.FAIL
    root = administrator()
    save_rehearsal_policy(root, tier=0, environments=[], good_for_days=90)
    assert answers(run)["rehearsed"].verdict is Answer.PASS
    Service.objects.filter(slug="orders").update(tier=3)
    save_rehearsal_policy(root, tier=3, environments=["production"], good_for_days=30)
    assert answers(run)["rehearsed"].verdict is Answer.FAIL
    assert AuditEntry.objects.filter(kind="rehearsal_policy.edited").last().data["after"] == rule().told  # type: ignore[union-attr]
    with pytest.raises(Forbidden):
        save_rehearsal_policy(olga(), tier=0, environments=[], good_for_days=90)
    for field, said in {
        "tier": {"tier": 5}, "environments": {"environments": ["moon"]}, "good_for_days": {"good_for_days": 0},
        "since": {"since": clock() + timedelta(days=1)},
    }.items():  # fmt: skip
        with pytest.raises(Invalid) as refused:
            save_rehearsal_policy(root, **({"tier": 1, "environments": ["production"], "good_for_days": 90} | said))
        assert refused.value.field == field


def test_n15_a_major_change_makes_older_rehearsals_count_no_more(window: Window, measured: None) -> None:  # noqa: F811
    held = driven(rehearse(olga(), window.pk))
    begins_now(window)
    run = started(window)
    assert answers(run)["rehearsed"].verdict is Answer.PASS
    Environment.objects.get_or_create(slug="production", defaults={"name": "Production"})
    save_rehearsal_policy(administrator(), tier=1, environments=["production"], good_for_days=90, since=clock())
    found = answers(run)["rehearsed"]
    assert found.verdict is Answer.FAIL and f"RH-{held.pk} rehearsed it before the major change" in found.reason


def test_n15_the_policy_is_a_page_and_an_address_of_the_api(window: Window) -> None:  # noqa: F811
    Environment.objects.get_or_create(slug="production", defaults={"name": "Production"})
    root = administrator()
    client = browser(root)
    assert "Save the policy" in client.get("/settings/rehearsals/").content.decode()
    assert "Save the policy" not in browser(olga()).get("/settings/rehearsals/").content.decode()
    said = {"tier": "2", "environments": ["production"], "good_for_days": "60", "since": "2020-01-01T10:00"}
    assert client.post("/settings/rehearsals/", said).status_code == 302
    assert caller(root).get("/rehearsal-policy").json()["told"] == rule().told
    assert "tiers 1 to 2 in production must have been rehearsed within 60 days" in rule().told
    refused = client.post("/settings/rehearsals/", said | {"tier": "0", "good_for_days": "x"})
    assert refused.status_code == 422 and "whole number" in refused.content.decode()


def test_n15_a_broken_glass_keeps_its_window_open_until_somebody_else_has_reviewed_it(broken: Window) -> None:
    (task,) = review_tasks_of(broken.pk)
    assert "It was never rehearsed with its rollback." in task.said
    ended(broken)
    assert close_reviewed() is None
    broken.refresh_from_db()
    assert broken.closed_at is None
    with pytest.raises(Forbidden, match="their own"):
        sign_off(olga(), broken.reference, task.key, "all is well")
    with pytest.raises(Forbidden):
        sign_off(given.actor("vic", ("shop", Role.VIEWER)), broken.reference, task.key, "all is well")
    with pytest.raises(Invalid) as refused:
        sign_off(sam(), broken.reference, task.key, " ")
    assert refused.value.field == "finding"
    with pytest.raises(NotFound):
        sign_off(sam(), broken.reference, "glass-0", "all is well")
    sign_off(sam(), broken.reference, task.key, "The patch was urgent; the game day is on Friday.")
    broken.refresh_from_db()
    assert broken.closed_at is not None
    assert AuditEntry.objects.get(kind="window.closed").window == broken.reference
    with pytest.raises(Conflict, match="already"):
        sign_off(sam(), broken.reference, task.key, "again")


def test_n15_what_was_reviewed_before_the_end_is_closed_after_it(broken: Window) -> None:
    (task,) = review_tasks_of(broken.pk)
    sign_off(sam(), broken.reference, task.key, "Agreed beforehand.")
    broken.refresh_from_db()
    assert broken.closed_at is None, "it has not run"
    ended(broken)
    close_reviewed()
    close_reviewed()
    broken.refresh_from_db()
    assert broken.closed_at is not None and AuditEntry.objects.filter(kind="window.closed").count() == 1


def test_a_rolled_back_window_is_closed_by_its_postmortem(window: Window) -> None:  # noqa: F811
    ended(window, "rolled_back")
    (task,) = review_tasks_of(window.pk)
    assert (task.key, task.by_hand) == ("postmortem", False)
    with pytest.raises(Conflict):
        sign_off(sam(), window.reference, "postmortem", "done")
    close_reviewed()
    window.refresh_from_db()
    assert window.closed_at is None


def test_tasks_of_many_windows_cost_a_constant_number_of_queries(window: Window, django_assert_num_queries: Any) -> None:  # noqa: F811
    with django_assert_num_queries(7):
        review_tasks_of_all([window.pk])
    with django_assert_num_queries(7):
        review_tasks_of_all([window.pk, *range(1, AT_ONCE)])


def test_n15_who_when_why_and_how_often_are_shown(broken: Window, django_assert_num_queries: Any) -> None:
    now = clock() + timedelta(seconds=1)
    viewer = sam()
    with django_assert_num_queries(2):
        (one,) = broken_glass(viewer, now - timedelta(days=91), now)
    assert (one.window, one.person, one.team, one.times, one.is_reviewed) == (broken.reference, "Olga", "shop", 1, False)
    assert one.because == "It was never rehearsed with its rollback."
    assert [(row.team, row.times, row.people, row.open) for row in glass_by_team(sam(), now - timedelta(days=91), now)] == [
        ("shop", 1, 1, 1)
    ]
    assert broken_glass(sam(), now - timedelta(days=91), now, team="other") == []
    client = browser(sam())
    for place in (f"/windows/{broken.reference}", f"/windows/{broken.reference}/part/review", "/reviews/weekly/", "/dashboards/executive/"):
        page = client.get(place).content.decode()
        assert "The patch cannot wait." in page and "never rehearsed" in page, place
    told = caller(sam()).get("/broken-glass").json()["items"][0]
    assert (told["person"], told["times"], told["reason"]) == ("Olga", 1, "The patch cannot wait.")


def test_n15_a_confidential_window_s_glass_is_not_for_all_eyes(broken: Window) -> None:
    Window.objects.filter(pk=broken.pk).update(confidential=True)
    stranger = given.actor("eve", ("other", Role.OWNER))
    assert caller(stranger).get("/broken-glass").json()["items"] == []
    assert "The patch cannot wait." not in browser(stranger).get("/dashboards/executive/").content.decode()


def test_n15_it_is_reviewed_from_the_page_and_over_the_api(broken: Window) -> None:
    ended(broken)
    reference = broken.reference
    (task,) = caller(sam()).get(f"/windows/{reference}/review-tasks").json()
    assert (task["key"][:6], task["is_done"], task["signed_by"]) == ("glass-", False, None)
    page = browser(olga()).get(f"/windows/{reference}/part/review").content.decode()
    assert "Somebody else must review it." in page
    client = browser(sam())
    assert f"/windows/{reference}/review-tasks/{task['key']}" in client.get(f"/windows/{reference}/part/review").content.decode()
    assert "The patch cannot wait." in client.get(f"/windows/{reference}/review-tasks/{task['key']}").content.decode()
    assert client.post(f"/windows/{reference}/review-tasks/{task['key']}", {"reason": "Seen."}).status_code == 302
    assert caller(sam()).get(f"/windows/{reference}/review-tasks").json()[0]["signed_by"] == "Sam"


def test_n15_where_it_bars_the_window_page_rehearses_by_one_click(window: Window, measured: None, no_broker: None) -> None:  # noqa: F811
    client = browser(olga())
    page = client.get(f"/windows/{window.reference}").content.decode()
    assert "Its runbook must be rehearsed before it may begin." in page and "Rehearse it now" in page
    answer = client.post(f"/windows/{window.reference}/rehearse", {"choice": "game_day"})
    run = Run.objects.get()
    assert answer["Location"] == f"/runs/{run.pk}/report"
    assert f"Follow RH-{run.pk}" in client.get(f"/windows/{window.reference}").content.decode()
    driven(run)
    assert "must be rehearsed" not in client.get(f"/windows/{window.reference}").content.decode()

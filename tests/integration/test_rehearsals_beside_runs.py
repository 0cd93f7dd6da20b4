"""A rehearsal does not block the real run of its window: one live run that is none, one live rehearsal, each with its own surfaces."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from portal.dashboards.on_call import on_call
from portal.strip import strip
from tests import given_starts
from tests.callers import browser
from tests.given_starts import begins_now
from tests.integration.test_execution_rehearsals import driven, measured, olga, version, window  # noqa: F401 - fixtures
from windows.errors import Conflict
from windows.execution.commands.rehearsals import rehearse
from windows.execution.commands.starting import start_run
from windows.execution.commands.surfaces import want
from windows.execution.engine import loop
from windows.execution.models import BreakGlass, Run, clock
from windows.execution.ports.context import build, tags_of
from windows.execution.ports.limits import Limits
from windows.execution.ports.surfaces import Surfaces
from windows.execution.queries.due import due_windows, missed_windows
from windows.execution.queries.surfaces import derived, surfaces_of
from windows.flags.models import FlagVersion
from windows.live.models import LiveScope
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
no_broker = given_starts.no_broker


@pytest.fixture
def held(window: Window, measured: None) -> Run:  # noqa: F811
    """A rehearsal that waits for a person."""
    run = driven(rehearse(olga(), window.pk, faults=[{"fault": "metrics_vanish"}]))
    assert run.status == "held", run.reason
    return run


def may_begin(window: Window) -> None:  # noqa: F811
    begins_now(window)
    BreakGlass.objects.create(window=window, runbook_version=window.runbook_version, person_id=olga().person_id, reason="a try")


def test_n15_a_held_rehearsal_does_not_keep_the_real_run_from_beginning(window: Window, held: Run, no_broker: None) -> None:  # noqa: F811
    may_begin(window)
    Window.objects.filter(pk=window.pk).update(starts_itself=True)
    assert due_windows(clock()) == [window.pk]
    run = driven(start_run(olga(), window.pk))
    assert run.status == "succeeded", (run.reason, list(run.steps.values_list("outcome", flat=True)))
    held.refresh_from_db()
    window.refresh_from_db()
    assert (held.status, window.status) == ("held", "completed")


def test_n15_a_rehearsal_begins_while_the_window_is_due_and_its_run_is_asked(window: Window, measured: None, no_broker: None) -> None:  # noqa: F811
    may_begin(window)
    run = start_run(olga(), window.pk)
    tried = driven(rehearse(olga(), window.pk))
    run.refresh_from_db()
    assert (tried.status, run.status) == ("rolled_back", "preflight")
    assert missed_windows(clock()) == []


def test_n15_there_is_one_of_each(window: Window, held: Run, no_broker: None) -> None:  # noqa: F811
    may_begin(window)
    run = start_run(olga(), window.pk)
    with pytest.raises(Conflict, match=f"^RH-{held.pk} of {window.reference} is under way already"):
        rehearse(olga(), window.pk, "dry_run")
    with pytest.raises(Conflict, match="under way already"):
        start_run(olga(), window.pk)
    for rehearsal, barred in (("", "one_live_run"), ("dry_run", "one_live_rehearsal")):
        with pytest.raises(IntegrityError, match=barred), transaction.atomic():
            Run.objects.create(window=window, number=90, rehearsal=rehearsal, started_by="x", window_ends_at=run.window_ends_at)


def test_n15_what_is_shown_live_is_the_real_run(window: Window, held: Run, measured: None, no_broker: None) -> None:  # noqa: F811
    assert strip(olga()) == []
    may_begin(window)
    run = start_run(olga(), window.pk)
    loop.advance(run.pk, build)
    driven(run)
    seen = on_call(olga(), clock())
    assert [one["id"] for one in seen["rehearsals"]] == [held.pk]
    page = browser(olga()).get("/dashboards/on-call/").content.decode()
    assert "Rehearsals under way" in page and f"RH-{held.pk}" in page
    overview = browser(olga()).get(f"/windows/{window.reference}").content.decode()
    assert f"RH-{held.pk}, game day" in overview or run.status == "succeeded"


def test_n15_the_step_of_a_rehearsal_is_not_shown_as_the_window_s(window: Window, measured: None, no_broker: None) -> None:  # noqa: F811
    may_begin(window)
    LiveScope.objects.create(
        window=window.reference, run_id=0, title="", service="orders", environment="production", region="", layer="L4", mode="normal",
        owner="", step="Freeze", since=clock(), until=clock(), coordinator="", team="shop",
    )  # fmt: skip
    driven(rehearse(olga(), window.pk))
    assert LiveScope.objects.get().step == "Freeze"


def test_n15_each_has_surfaces_of_its_own(window: Window, held: Run, no_broker: None) -> None:  # noqa: F811
    may_begin(window)
    run = start_run(olga(), window.pk)
    mine, tried = want(run.pk, "silence", "orders: Slow", {"at": 1}), want(held.pk, "silence", "orders: Slow", {"at": 2})
    assert mine.pk != tried.pk
    assert [row.id for row in surfaces_of(window.pk)] == [mine.pk], "the window's page shows what the window holds"
    limits = Limits.of(5, lambda: False)
    assert Surfaces(run, limits).wanted("silence", "orders: Slow") == {"at": 1}
    assert Surfaces(held, limits).wanted("silence", "orders: Slow") == {"at": 2}


def test_n15_a_rehearsal_s_credential_and_tags_bear_its_own_name(window: Window, held: Run, no_broker: None) -> None:  # noqa: F811
    assert tags_of(held, None)["maintenance.window"] == f"RH-{held.pk}"
    may_begin(window)
    assert tags_of(start_run(olga(), window.pk), None)["maintenance.window"] == window.reference


def test_n15_a_silence_that_names_no_environment_lies_outside_a_game_day(window: Window, held: Run) -> None:  # noqa: F811
    surfaces = Surfaces(held, Limits.of(5, lambda: False))
    assert surfaces.covers("orders", "staging")
    assert not surfaces.covers("orders", ""), "it would be production's as well"
    assert not surfaces.covers("orders", "production")


def test_n15_flags_of_the_rehearsal_are_no_surfaces_of_the_run(window: Window, held: Run, no_broker: None) -> None:  # noqa: F811
    assert FlagVersion.objects.filter(flag__environment="staging", mode="read_only").exists()
    may_begin(window)
    run = start_run(olga(), window.pk)
    assert [kind for kind, _, _ in derived(run) if kind == "flag"] == []

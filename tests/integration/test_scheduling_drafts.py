"""Drafts: what is filed, what is refused and how it is told, who may."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests import given_runs as runs
from tests import given_windows as given
from windows.access.roles import ENGINE, Role
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from windows.execution.models import Run
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands import drafts
from windows.scheduling.commands.drafts import ScopeRow, create_draft
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import Window, WindowScope
from windows.scheduling.queries import window_view
from windows.scheduling.times import from_wall

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.MEMBER))


def test_a_draft_expands_its_wildcards_and_is_told_to_the_trail(ada: Any) -> None:
    given.service("orders", environments=("production", "staging"), regions=("r1", "r2"))
    window = create_draft(ada, given.draft_of(ada, scope=(ScopeRow("orders", "production", "*", ("L5", "L3")),)))
    assert window.reference == f"MW-{window.pk}" and window.pk >= 1001
    assert [(s.region, s.layer, s.holds_slot) for s in WindowScope.objects.order_by("region", "layer")] == [
        ("r1", "L3", False), ("r1", "L5", False), ("r2", "L3", False), ("r2", "L5", False)
    ]  # fmt: skip
    assert AuditEntry.objects.get(kind="window.created").window == window.reference
    view = window_view(window.pk, ada)
    assert (view.status, view.team, view.coordinator.name, len(view.scope)) == ("draft", "shop", "Ada", 4)


NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
BAD = {
    "end before start": ({"ends_at": "starts_at"}, "ends_at"),
    "naive start": ({"starts_at": datetime(2090, 1, 1)}, "starts_at"),  # noqa: DTZ001
    "short offset": ({"starts_at": "2090-01-01T10:00:00+00"}, "starts_at"),
    "leap second": ({"starts_at": "2090-01-01T23:59:60Z"}, "starts_at"),
    "no such day": ({"starts_at": "2027-02-30T10:00:00Z"}, "starts_at"),
    "year 9999": ({"starts_at": "9999-12-31T22:00:00Z", "ends_at": "9999-12-31T23:00:00Z"}, "starts_at"),
    "below the calendar": ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
    "a number for a time": ({"starts_at": 1_800_000_000}, "starts_at"),
    "in the past": ({"starts_at": "2020-01-01T10:00:00Z", "ends_at": "2020-01-01T11:00:00Z"}, "starts_at"),
    "1733 hours": ({"hours": 1733}, "ends_at"),
    "no scope": ({"scope": ()}, "scope"),
    "unknown service": ({"scope": (ScopeRow("nothing", "production"),)}, "scope.0.service"),
    "unknown environment": ({"scope": (ScopeRow("orders", "production"), ScopeRow("orders", "moon"))}, "scope.1.environment"),
    "unknown region": ({"scope": (ScopeRow("orders", "production", "r9"),)}, "scope.0.region"),
    "unknown layer": ({"scope": (ScopeRow("orders", "production", "r1", "L11"),)}, "scope.0.layers"),
    "NUL in a service": ({"scope": (ScopeRow("or\0ders", "production"),)}, "scope.0.service"),
    "unknown zone": ({"timezone": "Mars/Olympus"}, "timezone"),
    "zone as a path": ({"timezone": "../../etc/passwd"}, "timezone"),
    "unknown mode": ({"mode": "half"}, "mode"),
    "unknown change type": ({"change_type": "secret"}, "change_type"),
    "no title": ({"title": "  "}, "title"),
    "title of two lines": ({"title": "a\r\nATTENDEE:mailto:x"}, "title"),
    "title too long": ({"title": "x" * 201}, "title"),
    "lone surrogate": ({"title": "\ud800"}, "title"),
    "no reason": ({"reason": ""}, "reason"),
    "unknown person": ({"coordinator_id": 999_999}, "coordinator_id"),
    "person of 20 digits": ({"coordinator_id": 10**20}, "coordinator_id"),
    "unknown team": ({"team": "nobody"}, None),
    "slack of 101 %": ({"slack": 1.01}, "slack"),
    "slack not a number": ({"slack": float("nan")}, "slack"),
    "slack true": ({"slack": True}, "slack"),
    "negative users": ({"expected_users": -1}, "expected_users"),
    "unknown runbook version": ({"runbook_version_id": 5}, "runbook_version_id"),
    "parameters as a list": ({"parameters": []}, "parameters"),
    "NUL in a parameter": ({"parameters": {"a": ["x\0"]}}, "parameters.a[0]"),
    "infinite parameter": ({"parameters": {"a": float("inf")}}, "parameters.a"),
    "yes for true": ({"confidential": "yes"}, "confidential"),
}


@pytest.mark.parametrize("case", BAD)
def test_r_e14_bad_input_names_its_field_and_leaves_nothing(ada: Any, case: str) -> None:
    said, field = BAD[case]
    given.service("orders")
    draft = given.draft_of(ada, **{"hours": said.get("hours", 1)})
    draft = replace(draft, **{name: draft.starts_at if value == "starts_at" else value for name, value in said.items() if name != "hours"})
    with pytest.raises(Invalid if field else Forbidden) as refused, transaction.atomic():
        drafts.create_draft.__wrapped__(ada, draft)
    assert getattr(refused.value, "field", None) == field
    assert not Window.objects.exists() and not AuditEntry.objects.exists()


SHORT_TEXTS, LONG_TEXTS = ["title", "external_ref"], ["reason", "expected_impact"]
CONTROLS = [*(chr(c) for c in [*range(0x20), 0x7F, 0x85, 0x2028] if chr(c) not in "\n\t"), "\ud83d"]
CASES = [(field, control) for field in SHORT_TEXTS + LONG_TEXTS for control in CONTROLS]
CASES += [(field, "\r\nX:1") for field in SHORT_TEXTS]  # in long text a line break is allowed, and escaped in feeds


@pytest.mark.parametrize(("field", "control"), CASES)
def test_r_s11_control_characters_are_refused_in_every_text(ada: Any, field: str, control: str) -> None:
    given.service("orders")
    with pytest.raises(Invalid) as refused:
        create_draft(ada, given.draft_of(ada, **{field: f"a{control}b"}))
    assert refused.value.field == field


def test_r_s11_the_database_refuses_them_too(ada: Any) -> None:
    window = given.window(ada)
    with pytest.raises(IntegrityError, match="window_title_plain"), transaction.atomic():
        Window.objects.filter(pk=window.pk).update(title="a\r\nb")


def test_who_may_file_and_edit(ada: Any) -> None:
    window = given.window(ada)
    stranger = given.actor("eve", ("other", Role.OWNER))
    with pytest.raises(Forbidden):
        create_draft(stranger, given.draft_of(stranger))
    with pytest.raises(Forbidden):
        drafts.edit_draft(stranger, window.pk, {"title": "mine"}, window.version)
    with pytest.raises(Forbidden):
        drafts.edit_draft(ada, window.pk, {"team": "other"}, window.version)
    with pytest.raises(Forbidden):
        create_draft(ENGINE, given.draft_of(ada))
    with pytest.raises(NotFound):
        drafts.edit_draft(ada, 7, {}, 1)


def test_confidential_windows_are_not_there_for_strangers(ada: Any) -> None:
    window = given.window(ada, confidential=True)
    with pytest.raises(NotFound):
        window_view(window.pk, given.actor("eve", ("other", Role.OWNER)))
    assert window_view(window.pk, given.actor("sre", ("platform", Role.SRE))).confidential


def test_what_a_discarded_confidential_draft_said_is_in_no_entry(ada: Any) -> None:
    window = given.window(ada, confidential=True, title="Project Quince", reason="Project Quince", expected_impact="Project Quince")
    drafts.edit_draft(ada, window.pk, {"title": "Quince two"}, 1)
    drafts.discard_draft(ada, window.pk)
    entries = list(AuditEntry.objects.filter(window=window.reference).values_list("kind", "data"))
    assert [kind for kind, _ in entries] == ["window.created", "window.edited", "window.discarded"] and "Quince" not in str(entries)


def test_r_e12_a_second_editor_is_told_what_changed(ada: Any) -> None:
    window = given.window(ada)
    drafts.edit_draft(ada, window.pk, {"title": "First"}, 1)
    with pytest.raises(Stale) as stale:
        drafts.edit_draft(ada, window.pk, {"title": "Second", "mode": "offline"}, 1)
    assert stale.value.facts == {"current": 2, "changed": {"title": "First"}}
    assert Window.objects.get().title == "First"


def test_an_edit_moves_version_sequence_and_scope(ada: Any) -> None:
    window = given.window(ada)
    later = window.starts_at + timedelta(hours=2)
    given.service("search")
    edited = drafts.edit_draft(
        ada, window.pk, {"starts_at": later, "ends_at": later + timedelta(hours=1), "scope": (ScopeRow("search", "production"),)}, 1
    )
    assert (edited.version, edited.sequence) == (2, 1)
    scope = WindowScope.objects.get(window=window)
    assert (scope.service.slug, scope.reserved.lower) == ("search", later)
    assert set(AuditEntry.objects.get(kind="window.edited").data["changed"]) == {"starts_at", "ends_at", "scope"}
    assert drafts.edit_draft(ada, window.pk, {"mode": edited.mode}, 2).version == 2  # nothing changed, nothing told


def test_unknown_and_read_only_fields_are_refused(ada: Any) -> None:
    window = given.window(ada)
    for name in ("status", "vevent", "created_by_id", "version", "uid", "pk"):
        with pytest.raises(Invalid) as refused:
            drafts.edit_draft(ada, window.pk, {name: 1}, 1)
        assert refused.value.field == name


def test_external_reference_is_taken_once(ada: Any) -> None:
    first = given.window(ada, external_ref="jira-1")
    with pytest.raises(Conflict) as refused:
        given.window(ada, external_ref="jira-1")
    assert (refused.value.field, refused.value.rival) == ("external_ref", first.reference)


def test_move_refuses_what_the_table_lacks_and_what_has_moved(ada: Any) -> None:
    window = given.window(ada)
    with transaction.atomic():
        move(window.pk, WindowStatus.REQUESTED, ada, "window.requested", expected=WindowStatus.DRAFT)
    assert WindowScope.objects.get(window=window).holds_slot
    for to, expected in ((WindowStatus.APPROVED, WindowStatus.DRAFT), (WindowStatus.COMPLETED, WindowStatus.REQUESTED)):
        with pytest.raises(Conflict), transaction.atomic():
            move(window.pk, to, ada, "x", expected=expected)
    with pytest.raises(Conflict):
        drafts.edit_draft(ada, window.pk, {"title": "x"}, 2)
    cancelled = drafts.cancel_window(ada, window.pk, "Not needed any more.")
    assert (cancelled.status, cancelled.sequence) == ("cancelled", 2)
    assert not WindowScope.objects.get(window=window).holds_slot
    assert b"STATUS:CANCELLED" in bytes(cancelled.vevent)


def test_a_draft_is_discarded_but_not_after_it_was_asked_for(ada: Any) -> None:
    window = given.window(ada)
    drafts.discard_draft(ada, window.pk)
    assert not Window.objects.exists() and AuditEntry.objects.filter(kind="window.discarded").exists()
    other = given.window(ada)
    with transaction.atomic():
        move(other.pk, WindowStatus.REQUESTED, ada, "window.requested", expected=WindowStatus.DRAFT)
        move(other.pk, WindowStatus.DRAFT, ada, "window.withdrawn", expected=WindowStatus.REQUESTED)
    with pytest.raises(Conflict):
        drafts.discard_draft(ada, other.pk)


def test_r_e05_moment_zone_and_wall_clock_are_kept(ada: Any) -> None:
    """Across the end of summer time in Berlin: two hours by its clock, three in truth. A rule that changes later is noticed."""
    given.service("orders")
    begins = from_wall("2030-10-27T01:30", "Europe/Berlin", "starts_at")
    ends = from_wall("2030-10-27T03:30", "Europe/Berlin", "ends_at")
    window = create_draft(ada, given.draft_of(ada, starts_at=begins, ends_at=ends, timezone="Europe/Berlin"))
    window.refresh_from_db()
    assert window.ends_at - window.starts_at == timedelta(hours=3) and window.starts_at.utcoffset() == timedelta(0)
    assert (window.wall_start, window.wall_end) == ("2030-10-27T01:30:00", "2030-10-27T03:30:00")
    assert not window_view(window.pk, ada).clock_moved
    Window.objects.update(wall_end="2030-10-27T02:30:00")  # as if the rules had been others when it was planned
    assert window_view(window.pk, ada).clock_moved
    assert WindowScope.objects.get().reserved.upper == ends


def test_a_draft_that_was_rehearsed_is_not_thrown_away(ada: Any) -> None:
    window = given.window(ada)
    run = runs.run_of(runs.step(status="succeeded"), window=window)
    Window.objects.filter(pk=window.pk).update(status="draft", published_at=None)
    with pytest.raises(Conflict) as refused:
        drafts.discard_draft(ada, window.pk)
    assert refused.value.field == "status" and "was rehearsed" in refused.value.detail
    assert Run.objects.filter(pk=run.pk).exists() and not AuditEntry.objects.filter(kind="window.discarded").exists()

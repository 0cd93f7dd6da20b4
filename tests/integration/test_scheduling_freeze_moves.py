"""A freeze lands on many windows: where each could go is shown, then each is moved by itself, and what could not move is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.approvals.commands.moving import Moved, Wanted, move_out_of_freeze
from windows.approvals.commands.series import request_following
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.errors import Conflict, Invalid, NotFound
from windows.scheduling.commands.freeze_series import create_freeze_series
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze, lift_freeze
from windows.scheduling.commands.series import Pattern, create_series
from windows.scheduling.models import Freeze, Window
from windows.scheduling.queries import conflicts_of
from windows.scheduling.queries.freeze_moves import proposals_for_freeze

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def sre() -> Any:
    return given.actor("sam", ("platform", Role.SRE))


def asked(actor: Any, slug: str, **said: Any) -> Window:
    """One that waits for approval."""
    return request_window(actor, given.window(actor, slug, **said).pk)


def frozen(sre: Any, **said: Any) -> Freeze:
    told: dict[str, Any] = {"title": "Peak", "starts_at": given.soon(20), "ends_at": given.soon(40)}
    return create_freeze(sre, FreezeDraft(**(told | said)))


def test_each_window_gets_a_free_slot_of_its_own(ada: Any, sre: Any, django_assert_max_num_queries: Any) -> None:
    ben = given.actor("ben", ("shop", Role.OWNER))
    first, second = asked(ada, "orders", starts_at=given.soon(24), hours=2), asked(ben, "orders", starts_at=given.soon(30))
    beyond = asked(given.actor("cas", ("shop", Role.OWNER)), "orders", starts_at=given.soon(41))
    given.service("keys", "vault")
    secret = asked(given.actor("vic", ("vault", Role.OWNER)), "keys", team="vault", confidential=True)
    given.window(ada, "orders")  # a draft is not hit
    freeze = frozen(sre)
    with django_assert_max_num_queries(25):
        found = proposals_for_freeze(freeze.pk, ada, clock())
    end = freeze.ends_at
    assert [(row.id, row.to_starts_at, row.to_ends_at, row.may_move) for row in found.rows] == [
        (first.pk, end + 2 * HOUR, end + 4 * HOUR, True),  # too long for the hour before `beyond`
        (second.pk, end, end + HOUR, True),
    ]
    assert (found.hidden, found.after) == (1, None) and secret.pk not in {row.id for row in found.rows}
    assert beyond.pk not in {row.id for row in found.rows}
    with django_assert_max_num_queries(25):  # however many lie in it
        first_page = proposals_for_freeze(freeze.pk, sre, clock(), limit=1)
    assert [row.id for row in first_page.rows] == [first.pk]
    rest = proposals_for_freeze(freeze.pk, sre, clock(), after=first_page.after or 0)
    assert {row.id for row in rest.rows} == {second.pk, secret.pk} and rest.after is None


def test_two_that_want_the_same_hour_are_put_one_behind_the_other(ada: Any, sre: Any) -> None:
    ben = given.actor("ben", ("shop", Role.OWNER))
    windows = [asked(one, "orders", starts_at=given.soon(24 + n)) for n, one in enumerate((ada, ben, ada))]
    freeze = frozen(sre)
    found = proposals_for_freeze(freeze.pk, ada, clock())
    assert [row.to_starts_at for row in found.rows] == [freeze.ends_at + n * HOUR for n in range(3)]
    moved = move_out_of_freeze(ada, freeze.pk, [Wanted(row.id, row.version, row.to_starts_at) for row in found.rows])
    assert [one.starts_at for one in moved] == [freeze.ends_at + n * HOUR for n in range(3)]
    for window in windows:
        assert [f for f in conflicts_of(window.pk) if f.severity != "advisory"] == []
    assert AuditEntry.objects.filter(kind="window.amended").count() == 3
    assert proposals_for_freeze(freeze.pk, ada, clock()).rows == ()


def test_what_cannot_move_is_told_and_stops_no_other(ada: Any, sre: Any) -> None:
    vic, ben = given.actor("vic", ("vault", Role.OWNER)), given.actor("ben", ("shop", Role.OWNER))
    changed, foreign, good = (
        asked(ada, "orders", starts_at=given.soon(24)),
        asked(vic, "keys", team="vault", starts_at=given.soon(24)),
        asked(ben, "mail", starts_at=given.soon(24)),
    )
    outside, stuck = asked(ben, "web", starts_at=given.soon(60)), asked(ben, "bank", starts_at=given.soon(30))
    freeze = frozen(sre)
    frozen(sre, title="Audit", starts_at=freeze.ends_at, ends_at=freeze.ends_at + timedelta(days=40), services=("bank",))
    Window.objects.filter(pk=changed.pk).update(version=changed.version + 1)
    rows = {row.id: row for row in proposals_for_freeze(freeze.pk, ada, clock()).rows}
    assert rows[stuck.pk].to_starts_at is None and not rows[foreign.pk].may_move and rows[good.pk].may_move
    wanted = [Wanted(changed.pk, changed.version), Wanted(foreign.pk, foreign.version), Wanted(outside.pk, outside.version)]
    wanted += [Wanted(stuck.pk, stuck.version), Wanted(10**12, 1), Wanted(good.pk, rows[good.pk].version)]
    moved = move_out_of_freeze(ada, freeze.pk, wanted)
    assert [one.field for one in moved] == ["stale", "forbidden", "freeze", "starts_at", "not-found", ""]
    assert moved[-1] == Moved(window_id=good.pk, starts_at=freeze.ends_at, ends_at=freeze.ends_at + HOUR)
    for window in (changed, foreign, outside, stuck):
        before = window.starts_at
        window.refresh_from_db()
        assert window.starts_at == before


@pytest.mark.parametrize(("count", "field"), [(0, "moves"), (61, "moves")])
def test_a_bulk_is_bounded(ada: Any, sre: Any, count: int, field: str) -> None:
    freeze = frozen(sre)
    with pytest.raises(Invalid) as refused:
        move_out_of_freeze(ada, freeze.pk, [Wanted(n, 1) for n in range(count)])
    assert refused.value.field == field


def test_over_is_over(ada: Any, sre: Any) -> None:
    freeze = frozen(sre)
    lift_freeze(sre, freeze.pk, "It is called off.")
    for act in (lambda: proposals_for_freeze(freeze.pk, ada, clock()), lambda: move_out_of_freeze(ada, freeze.pk, [Wanted(1, 1)])):
        with pytest.raises(Conflict):
            act()
    with pytest.raises(NotFound):
        proposals_for_freeze(freeze.pk + 1, ada, clock())


def test_programs_preview_and_move(ada: Any, sre: Any) -> None:
    window = asked(ada, "orders", starts_at=given.soon(24))
    freeze, program = frozen(sre), caller(ada)
    page = program.get(f"/api/v1/freezes/{freeze.pk}/moves").json()
    (row,) = page["items"]
    assert (row["window"], page["hidden"], page["next_after"]) == (window.reference, 0, None)
    assert datetime.fromisoformat(row["to_starts_at"]) == freeze.ends_at
    sent = {"moves": [{"window": row["window"], "version": row["version"], "starts_at": row["to_starts_at"]}]}
    (moved,) = program.post(f"/api/v1/freezes/{freeze.pk}/moves", sent).json()
    assert moved["moved"] and datetime.fromisoformat(moved["starts_at"]) == freeze.ends_at and moved["refused"] == ""
    (again,) = program.post(f"/api/v1/freezes/{freeze.pk}/moves", sent).json()
    assert not again["moved"] and again["field"] == "freeze"
    assert program.post(f"/api/v1/freezes/{freeze.pk}/moves", {"moves": []}).status_code in (400, 422)
    assert program.get(f"/api/v1/freezes/{freeze.pk}/moves?after=x").status_code == 422


def test_a_series_moves_out_of_a_freeze_that_recurs_in_one_act(ada: Any, sre: Any, django_assert_max_num_queries: Any) -> None:
    begins = given.soon(24)
    draft = given.window(ada, "orders", starts_at=begins)
    series = create_series(ada, draft.pk, Pattern(rrule="FREQ=WEEKLY;COUNT=4"), draft.version)
    request_following(ada, draft.pk)
    freeze = create_freeze_series(
        sre, FreezeDraft(title="Batch", starts_at=begins - HOUR, ends_at=begins + 2 * HOUR), "FREQ=WEEKLY;COUNT=3"
    )
    assert len(proposals_for_freeze(freeze.pk, ada, clock()).rows) == 1, "this time alone"
    with django_assert_max_num_queries(25):
        found = proposals_for_freeze(freeze.pk, ada, clock(), every_time=True)
    week = timedelta(days=7)
    assert found.times == 3 and [row.to_starts_at for row in found.rows] == [begins + 2 * HOUR + n * week for n in range(3)]
    page, reader = f"/settings/freezes/{freeze.pk}/moves", browser(Person.objects.get(pk=ada.person_id))
    assert f'href="{page}?times=all"' in reader.get(page).content.decode()
    assert f'href="{page}?times=all"' in reader.get(f"/settings/freezes/{freeze.pk}").content.decode()
    assert "3 in all" in reader.get(f"{page}?times=all").content.decode()
    ticked = [f"{row.id} {row.version} {row.to_starts_at.isoformat()}" for row in found.rows if row.to_starts_at]
    shown = reader.post(f"{page}?times=all", {"move": ticked, "reason": ""}).content.decode()
    assert "It stays" not in shown and "No window that could be moved lies in it." in shown
    assert [one.starts_at for one in series.windows.order_by("id")] == [
        *(begins + 2 * HOUR + n * week for n in range(3)),
        begins + 3 * week,
    ]
    program = caller(ada)
    assert program.get(f"/api/v1/freezes/{freeze.pk}/moves?times=all").json()["items"] == []
    assert program.get(f"/api/v1/freezes/{freeze.pk}/moves?times=some").status_code == 422

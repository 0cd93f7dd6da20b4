"""N1 and N2 with the real servers: one record and every surface; a suppression that lapses when nobody of us is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import browser
from tests.given_runs import people, run_of, step
from tests.servers import Alertmanager
from tests.traffic import Balancer, backends
from tests.traffic import remove as take_away
from tests.workers import Workers
from windows.access.roles import ENGINE
from windows.audit.queries import trail
from windows.execution import reconciling
from windows.execution.commands.surfaces import accept
from windows.execution.models import Run, Surface, clock
from windows.flags.commands import set_flag
from windows.flags.routing import FlagKey
from windows.live.models import LiveScope

pytestmark = pytest.mark.django_db(transaction=True)


def silencing() -> dict[str, Any]:
    params = {"service": "orders", "alerts": ["OrdersSlow"], "environment": "production", "labels": {}, "matching": {}}
    return step(kind="silence", params=params, name="Expect noise")


def waiting() -> dict[str, Any]:
    return step(kind="manual", params={"prompt": "Is it done?"}, undo=None, no_undo_reason="nothing to undo", name="Look")


def active(alertmanager: Alertmanager, run: Run) -> list[dict[str, Any]]:
    return [each for each in alertmanager.silences("active") if f"[{run.window.reference} " in each["comment"]]


def drifts(run: Run) -> list[tuple[str, str]]:
    told = [entry for entry in trail(window=run.window.reference) if entry.kind in ("surface.drifted", "surface.mended")]
    return [(entry.kind, entry.data["surface"]) for entry in told]


def look() -> None:
    Surface.objects.filter(due_at__isnull=False).update(due_at=clock())
    reconciling.derive()
    for surface_id, _ in reconciling.due(clock()):
        reconciling.reconcile(surface_id)


def test_n01_one_record_every_surface(workers: Workers, alertmanager: Alertmanager, eventually: Any) -> None:
    """The silence is deleted by hand while the window runs: seen, told, put right; the flag, traffic, feed and metrics are untouched."""
    run = run_of(silencing(), moving(), waiting(), window=people())
    with backends("blue", "green") as pair:
        edge = Balancer({each.name: each.port for each in pair})
        told = {"ALERTMANAGER_URL": alertmanager.url, "BALANCER_EDGE": edge.address, "ROADWORKS_RECONCILE": "0.5"}
        try:
            workers.start("worker", "execute,outside", 1, wait=False, **told)
            workers.start("beat", wait=False, **told)
            workers.start("sweeper", "sweep", wait=False, **told)
            workers.ready()
            set_flag(ENGINE, FlagKey("orders", "production"), "read_only", window=run.window.reference)
            eventually(lambda: Surface.objects.filter(window=run.window, status="in_place").count() == 5)
            before = {row.kind: (row.observed, row.drifted_at) for row in Surface.objects.filter(window=run.window).exclude(kind="silence")}
            [silence] = active(alertmanager, run)
            earlier = len(drifts(run))
            alertmanager.take_away(silence["id"])
            row = eventually(lambda: Surface.objects.filter(kind="silence", drifted_at__isnull=False, status="in_place").first())
            assert row.drift == {"state": "expired"}
            assert len(active(alertmanager, run)) == 1
            after = {r.kind: (r.observed, r.drifted_at) for r in Surface.objects.filter(window=run.window).exclude(kind="silence")}
            assert after == before
            assert set(after) == {"traffic", "flag", "live", "feed"}
            assert drifts(run)[earlier:] == [("surface.drifted", "silence"), ("surface.mended", "silence")]
            page = browser(given.person("carl")).get(f"/windows/{run.window.reference}")
            assert page.status_code == 200
            text = page.content.decode()
            assert "and was put right." in text
            assert "alertname=~OrdersSlow" in text
        finally:
            take_away(edge)


def moving() -> dict[str, Any]:
    params = {
        "balancer": "edge", "backend": "shop", "servers": {"blue": {"state": None, "weight": 10}}, "shift": None, "idle": False,
        "empty": False, "on_drift": "mend",
    }  # fmt: skip
    return step(kind="traffic", params=params, name="Move users")


def test_n01_each_surface_is_mended_or_shown_and_a_person_may_accept() -> None:
    """Live rows that vanished are written again; a flag set by hand is a person's decision: shown, and accepted by name."""
    run = run_of(waiting())
    key = FlagKey("orders", "production")
    set_flag(ENGINE, key, "read_only", window=run.window.reference)
    look()
    sam = given.actor("sam")
    set_flag(sam, key, "degraded", reason="users must write")
    LiveScope.objects.filter(window=run.window.reference).delete()
    run.window.__class__.objects.filter(pk=run.window_id).update(vevent=b"")
    look()
    rows = {row.kind: row for row in Surface.objects.filter(window=run.window)}
    assert {kind: row.status for kind, row in rows.items()} == {"flag": "drifted", "live": "in_place", "feed": "in_place"}
    assert LiveScope.objects.filter(window=run.window.reference).exists()
    assert "Sam set it to degraded" in rows["flag"].observed_note
    page = browser(given.person("olga")).get(f"/windows/{run.window.reference}").content.decode()
    assert "Drifted" in page
    assert "it is left as it is" in page
    olga = browser(given.person("olga"))
    address = f"/windows/{run.window.reference}/surfaces/{rows['flag'].pk}/accept"
    assert b"Wanted: mode read-only" in olga.get(address).content
    assert olga.post(address, {"reason": ""}).status_code in (200, 422)
    assert olga.post(address, {"reason": "Sam is right"}).status_code == 302
    look()
    flag = Surface.objects.get(kind="flag")
    assert (flag.status, flag.accepted_by, flag.accepted_reason) == ("accepted", "Olga", "Sam is right")
    set_flag(sam, key, "offline", reason="worse")
    look()
    assert Surface.objects.get(kind="flag").status == "drifted"  # further than what was accepted
    with pytest.raises(Exception, match="may not"):
        accept(given.actor("zoe"), flag.pk, "because")


def test_n02_a_silence_lapses_with_its_last_worker_and_is_adopted_again(
    workers: Workers, alertmanager: Alertmanager, eventually: Any, settings: Any
) -> None:
    """Every process is killed in mid-window. Whoever returns in time prolongs the same silence by its stored name; when nobody does, it
    lapses by itself, and whoever returns then says so and places it anew."""
    short = {"silence_ttl": 10, "silence_renew": 1, "reconcile": 0.5}
    told = {"ALERTMANAGER_URL": alertmanager.url, **{f"ROADWORKS_{name.upper()}": str(value) for name, value in short.items()}}
    run = run_of(silencing(), waiting(), window=people())
    roles = {"worker": "execute,outside", "sweeper": "sweep", "beat": ""}
    for role, queue in roles.items():
        workers.start(role, queue, wait=False, **told)
    workers.ready()
    [first] = eventually(lambda: active(alertmanager, run))
    eventually(lambda: ends(active(alertmanager, run)[0]) > ends(first))  # renewed in place
    for role in roles:
        workers.kill(role)
    settings.ALERTMANAGER_URL = alertmanager.url
    settings.ROADWORKS = replace(settings.ROADWORKS, **{name: timedelta(seconds=value) for name, value in short.items()})
    known = ends(active(alertmanager, run)[0])
    again = eventually(lambda: look() or [each for each in active(alertmanager, run) if ends(each) > known], every=0.5)
    assert [each["id"] for each in again] == [first["id"]] == [Surface.objects.get(kind="silence").handle]
    eventually(lambda: not active(alertmanager, run))  # nobody of us is left
    look()
    [new] = active(alertmanager, run)
    row = Surface.objects.get(kind="silence")
    assert (row.handle, row.status, row.drift["state"]) == (new["id"], "in_place", "expired")  # on record that it was away


def ends(silence: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(silence["endsAt"].replace("Z", "+00:00"))

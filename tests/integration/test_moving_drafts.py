"""A draft gets another time: by the form, and as a dragged bar posts it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def browser(name: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(email=f"{name}@example.org"))
    return client


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


def test_the_form_and_the_dragged_bar_reach_the_same_command(ada: Any) -> None:
    draft = given.window(ada, starts_at=given.soon(48), hours=2, timezone="Europe/Berlin")
    client, path = browser("ada"), f"/windows/{draft.reference}/move"
    text = client.get(path).content.decode()
    shown = re.search(r'name="starts_at" type="datetime-local" value="([^"]+)"', text)
    assert shown and "Nothing stands in its way." in text
    local = shown[1]
    sent = {"starts_at": local[:11] + "23:15", "ends_at": local[:11] + "23:45", "version": draft.version}
    assert client.post(path, sent)["Location"] == f"/windows/{draft.reference}"
    draft.refresh_from_db()
    assert draft.wall_start.endswith("T23:15:00") and draft.ends_at - draft.starts_at == HOUR / 2
    begins = given.soon(72)
    sent = {"starts_at": begins.isoformat().replace("+00:00", "Z"), "ends_at": (begins + HOUR).isoformat(), "version": draft.version}
    assert client.post(path, sent).status_code == 302
    draft.refresh_from_db()
    assert (draft.starts_at, draft.ends_at) == (begins, begins + HOUR)
    assert AuditEntry.objects.filter(kind="window.edited", window=draft.reference).count() == 2
    stale = client.post(path, sent | {"version": draft.version - 1})
    assert stale.status_code == 412 and 'role="alert"' in stale.content.decode()
    backwards = client.post(path, {"starts_at": sent["ends_at"], "ends_at": sent["starts_at"], "version": draft.version})
    assert backwards.status_code == 422 and "The end must come after the start." in backwards.content.decode()


def test_what_would_stand_in_the_way_is_told_and_nothing_changed(ada: Any) -> None:
    rival = given.window(ada, starts_at=given.soon(48), title="Payments database")
    request_window(ada, rival.pk)
    draft = given.window(ada, starts_at=given.soon(72))
    path, before = f"/windows/{draft.reference}/move/meaning", AuditEntry.objects.count()
    there = {"starts_at": rival.starts_at.isoformat(), "ends_at": rival.ends_at.isoformat()}
    assert rival.reference in browser("ada").get(path, there).content.decode()
    assert "lasts at most" in browser("ada").get(path, there | {"ends_at": (rival.starts_at + 90 * HOUR).isoformat()}).content.decode()
    assert "Write a local time as" in browser("ada").get(path).content.decode()
    assert AuditEntry.objects.count() == before and Window.objects.get(pk=draft.pk).starts_at == draft.starts_at


def test_only_a_draft_and_only_by_who_plans(ada: Any) -> None:
    draft = given.window(ada, starts_at=given.soon(72))
    given.actor("eve", ("other", Role.OWNER))
    calendar = f"/calendar/panel?on={draft.starts_at:%Y-%m-%d}"
    assert f'data-move="/windows/{draft.reference}/move" data-version="{draft.version}"' in browser("ada").get(calendar).content.decode()
    assert draft.reference in (hers := browser("eve").get(calendar).content.decode()) and "data-move" not in hers
    for path in (f"/windows/{draft.reference}/move", f"/windows/{draft.reference}/move/meaning"):
        assert browser("eve").get(path).status_code == 403
    assert browser("eve").post(f"/windows/{draft.reference}/move", {}).status_code == 403
    request_window(ada, draft.pk)
    assert browser("ada").get(f"/windows/{draft.reference}/move").status_code == 409
    assert "data-move" not in browser("ada").get(calendar).content.decode()

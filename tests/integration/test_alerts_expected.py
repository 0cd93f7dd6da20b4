"""What a window expects: said in the request, inside its scope, approved with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import given_windows as given
from tests.callers import browser, caller
from tests.given_alerts import SLOW
from windows.access.roles import Role
from windows.approvals.policy import digest
from windows.approvals.queries.material import material_of
from windows.catalogue.models import Person
from windows.errors import Invalid
from windows.scheduling.commands.drafts import edit_draft
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db


def test_r_g01_it_is_declared_for_the_windows_own_scope_only() -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    window = given.window(olga, expected_alerts=(SLOW,))
    assert Window.objects.get().expected_alerts == [SLOW]
    with pytest.raises(Invalid, match="which this window does not touch"):
        edit_draft(olga, window.pk, {"expected_alerts": [SLOW | {"service": "mail"}]}, window.version)
    with pytest.raises(Invalid, match="no alert's name"):
        edit_draft(olga, window.pk, {"expected_alerts": [SLOW | {"alert": ".*"}]}, window.version)


def test_n05_what_is_expected_is_part_of_what_is_approved() -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    window = given.window(olga)
    before = material_of(window.pk)
    assert "expected_alerts" not in before, "an approval given before this field existed still stands"
    edit_draft(olga, window.pk, {"expected_alerts": [SLOW]}, window.version)
    assert digest(material_of(window.pk)) != digest(before)


def test_the_form_takes_lines_and_says_which_cannot_be_read() -> None:
    given.window(olga := given.actor("olga", ("shop", Role.OWNER)))
    me, begins = str(olga.person_id), (given.soon() + timedelta(days=2)).astimezone(ZoneInfo("UTC"))
    form: dict[str, Any] = {
        "title": "Reindex", "reason": "Slow", "team": "shop", "mode": "degraded", "change_type": "normal", "owner_id": me,
        "coordinator_id": me, "starts_at": f"{begins:%Y-%m-%dT%H:%M}", "minutes": "60", "timezone": "UTC", "service_0": "orders",
        "environment_0": "production", "layers_0": "L5", "draft": "5f0c8f0e-6f0b-4a3e-9a55-0a4a9d1f4b11", "then": "done",
        "expected_alerts": "OrdersSlow orders/production 0-30 the index is rebuilt",
    }  # fmt: skip
    page = browser(Person.objects.get(pk=olga.person_id))
    wrong = page.post("/windows/new", form | {"expected_alerts": "OrdersSlow everywhere"})
    assert wrong.status_code == 422 and "Line 1 cannot be read" in wrong.content.decode()
    assert page.post("/windows/new", form).status_code == 302
    made = Window.objects.get(title="Reindex")
    assert made.expected_alerts == [SLOW]
    assert "OrdersSlow orders/production 0-30 the index is rebuilt" in page.get(f"/windows/{made.reference}/edit").content.decode()
    answer = caller(olga).get(f"/windows/{made.reference}").json()
    assert answer["expected_alerts"] == [SLOW]
    sent = caller(olga).patch(f"/windows/{made.reference}", {"expected_alerts": []}, If_Match=f'"{answer["version"]}"')
    assert sent.status_code == 200 and Window.objects.get(pk=made.pk).expected_alerts == []

"""The form of a saved window begins from its scope as somebody said it, in as few rows as say it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
SAID = {"service": "orders", "environment": "production", "region": "*", "layers": ["L3", "L4"]}


@pytest.fixture
def ada() -> Any:
    given.service("orders", regions=("r1", "r2"))
    return given.actor("ada", ("shop", Role.OWNER))


def rows_in(client: Any, window: Window) -> list[tuple[str, str, list[str]]]:
    """Service, region and layers of each row that is filled in."""
    text = client.get(f"/windows/{window.reference}/edit").content.decode()
    found = []
    for row in re.findall(r'<fieldset class="scope-row">(.*?)</fieldset>', text, re.DOTALL):
        service, _, region = [re.findall(r'<option value="([^"]+)" selected', one) for one in row.split("</select>")[:3]]
        if service:
            found.append((service[0], region[0] if region else "", re.findall(r'value="(L\d+)" checked', row)))
    return found


def test_every_region_stays_one_row_when_it_is_edited(ada) -> None:
    client = browser(ada)
    window = given.window(ada, scope=(ScopeRow("orders", "production", "*", ("L3", "L4")),))
    assert window.scopes.count() == 4 and rows_in(client, window) == [("orders", "", ["L3", "L4"])]
    Window.objects.update(scope_said=[])
    assert rows_in(client, window) == [("orders", "", ["L3", "L4"])], "filed before that was kept: all there is, in one row"


def test_what_was_said_is_not_offered_where_it_would_mean_other_places_now(ada) -> None:
    client, window = browser(ada), given.window(ada, scope=(ScopeRow("orders", "production", "r1", ("L3", "L4")),))
    Window.objects.update(scope_said=[SAID])
    assert rows_in(client, window) == [("orders", "r1", ["L3", "L4"])]
    Window.objects.update(scope_said=[{**SAID, "service": "gone"}])
    assert rows_in(client, window) == [("orders", "r1", ["L3", "L4"])]
    each = given.window(ada, starts_at=given.soon(72), scope=[ScopeRow("orders", "production", region, "L3") for region in ("r1", "r2")])
    assert [region for _, region, _ in rows_in(client, each)] == ["r1", "r2"], "who named each region meant each"

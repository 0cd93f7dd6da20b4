"""Ticks of a checklist: by a named person, where no machine knows, with time and trail."""

from __future__ import annotations

from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import Role
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.reviews.commands.ticks import tick, untick
from windows.reviews.models import Tick
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
KEY = "communication-templates-ready"


def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def window(db: None) -> Window:
    return given.window(olga())


def item(window: Window, key: str = KEY) -> dict[str, Any]:
    lists = caller(olga()).get(f"/windows/{window.reference}/checklists").json()
    return next(one for each in lists for one in each["items"] if one["key"] == key)


def test_a_named_person_says_what_no_machine_knows(window: Window) -> None:
    assert (item(window)["state"], item(window)["ticked_by"]) == ("unknown", None)
    tick(olga(), window.reference, KEY, "The banner text is agreed.")
    found = item(window)
    assert (found["state"], found["ticked_by"], found["said"]) == ("done", "Olga", "The banner text is agreed.")
    entry = AuditEntry.objects.get(kind="checklist.ticked")
    assert entry.window == window.reference and entry.data["item"] == "Communication templates ready"
    with pytest.raises(Conflict, match="Olga has ticked it"):
        tick(olga(), window.reference, KEY, "again")
    untick(olga(), window.reference, KEY)
    assert item(window)["state"] == "unknown" and AuditEntry.objects.filter(kind="checklist.unticked").exists()
    with pytest.raises(NotFound):
        untick(olga(), window.reference, KEY)


def test_what_a_machine_knows_nobody_ticks_away(window: Window) -> None:
    assert item(window, "ownership-and-approvals")["state"] == "not"
    with pytest.raises(Conflict, match="on record"):
        tick(olga(), window.reference, "ownership-and-approvals", "I say so")
    Tick.objects.create(window=window, item="ownership-and-approvals", person_id=olga().person_id, note="I say so")
    assert item(window, "ownership-and-approvals")["state"] == "not"


def test_who_may_and_what_is_refused(window: Window) -> None:
    with pytest.raises(Forbidden):
        tick(given.actor("eve", ("other", Role.OWNER)), window.reference, KEY, "x")
    with pytest.raises(Invalid):
        tick(olga(), window.reference, KEY, "  ")
    with pytest.raises(NotFound):
        tick(olga(), window.reference, "moon", "x")


def test_from_the_page_and_over_the_api(window: Window) -> None:
    client, at = browser(olga()), f"/windows/{window.reference}/checklists/{KEY}"
    assert f"{at}/tick" in client.get(f"/windows/{window.reference}/part/review").content.decode()
    assert "How you know" in client.get(f"{at}/tick").content.decode()
    assert client.post(f"{at}/tick", {"reason": "Agreed."}).status_code == 302
    page = client.get(f"/windows/{window.reference}/part/review").content.decode()
    assert "ticked by Olga" in page and f"{at}/untick" in page
    assert client.post(f"{at}/untick").status_code == 302
    program = caller(olga())
    assert program.post(f"{at}/tick", {"note": "Agreed."}).status_code == 204
    assert program.send("DELETE", f"{at}/tick").status_code == 204
    reader = browser(given.actor("vic", ("shop", Role.VIEWER)))
    assert f"{at}/tick" not in reader.get(f"/windows/{window.reference}/part/review").content.decode()

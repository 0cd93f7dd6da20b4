"""One query layer, many faces: the calendar, the list and the feeds tell of the same windows to the same eyes."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from tests import given_windows as given
from windows.access.roles import Role
from windows.lifecycle.states import WindowStatus
from windows.scheduling import ical
from windows.scheduling.commands.feeds import issue_feed
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import Window
from windows.scheduling.queries import CalendarFilter, calendar, window_view
from windows.scheduling.queries.listing import windows

pytestmark = pytest.mark.django_db


def test_the_same_windows_on_every_face() -> None:
    ada: Any = given.actor("ada", ("shop", Role.MEMBER))
    given.service("bank", "finance")
    for number in range(12):
        window = given.window(ada, "bank" if number % 3 else "orders", starts_at=given.soon(2 * number), confidential=number % 2 == 1)
        if number % 4:
            with transaction.atomic():
                move(window.pk, WindowStatus.REQUESTED, ada, "window.requested", expected=WindowStatus.DRAFT)
    now = datetime.now(UTC)
    for viewer, seen in (
        (ada, 12),
        (given.actor("fin", ("finance", Role.VIEWER)), 10),
        (given.actor("eve", ("other", Role.OWNER)), 6),
        (given.actor("sam", ("x", Role.SRE)), 12),
    ):
        entries = calendar(CalendarFilter(since=now, until=now + timedelta(days=9)), viewer)
        listed = windows(viewer, {}, limit=100)
        assert len(entries) == seen
        assert {entry.reference for entry in entries} == {row["reference"] for row in listed}
        shown = {entry.reference: (entry.title, entry.status, entry.starts_at, entry.ends_at) for entry in entries}
        for row in listed:
            assert shown[row["reference"]] == (row["title"], row["status"], row["starts_at"], row["ends_at"])
        for entry in entries:
            view = window_view(entry.id, viewer)
            assert shown[view.reference] == (view.title, view.status, view.starts_at, view.ends_at)
        fed = ical.feed(issue_feed(viewer, "all")[0], viewer, now).decode()
        assert set(re.findall(r"SUMMARY:(MW-\d+)", fed)) == {entry.reference for entry in entries if entry.status != "draft"}
    assert Window.objects.count() == 12

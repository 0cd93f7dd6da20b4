"""Mail says times by the clock of who reads it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from tests import given_windows as given
from windows.access.roles import Role
from windows.catalogue.models import Person
from windows.delivery.commands import Saying, reach, send_due
from windows.delivery.commands.configuring import ChannelDraft, add_channel
from windows.delivery.commands.reaching import stand_in
from windows.delivery.models import Message, Urgency

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(settings: Any) -> Any:
    settings.HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    given.person("otto", ("shop", Role.ON_CALL))
    Person.objects.filter(email="otto@example.org").update(timezone="Asia/Tokyo")
    return given.actor("olga", ("shop", Role.OWNER))


def got() -> dict[str, tuple[str, str]]:
    mail.outbox.clear()
    send_due()
    return {one.to[0]: (one.subject, one.body.splitlines()[0]) for one in mail.outbox}


def test_a_person_reads_their_own_clock_a_channel_that_of_the_window_and_utc_stands_beside(olga: Any) -> None:
    add_channel(olga, ChannelDraft(team="shop", kind="email", name="All", address="team@example.org"))
    words = ("Begins 2026-11-24 01:00 UTC", "From 2026-11-24 01:00 UTC to 2026-11-24 02:00 UTC.")
    said = Saying("page:1", Urgency.PAGE, *words, timezone="Europe/Berlin")
    with transaction.atomic():
        reach(said, ["otto@example.org", "olga@example.org", "nobody@example.org"], ["shop"])
    kept = Message.objects.values_list("title", "body").distinct()
    assert list(kept) == [words], "what is kept, and told in their place, is in UTC"
    beside = "(2026-11-24 01:00 UTC to 2026-11-24 02:00 UTC)."
    berlin = ("Begins Tue 24 Nov 02:00 CET", f"From Tue 24 Nov 02:00 to 03:00 CET {beside}")
    assert got() == {
        "otto@example.org": ("Begins Tue 24 Nov 10:00 JST", f"From Tue 24 Nov 10:00 to 11:00 JST {beside}"),
        "olga@example.org": ("Begins Tue 24 Nov 01:00 UTC", words[1]),
        "nobody@example.org": berlin,
        "team@example.org": berlin,
    }


def test_who_is_told_in_anothers_place_reads_the_windows_clock_too(olga: Any) -> None:
    with transaction.atomic():
        reach(Saying("page:2", Urgency.PAGE, "t", "At 2026-11-24 01:00 UTC.", timezone="Europe/Berlin"), ["olga@example.org"], ["shop"])
        stand_in(Message.objects.get())
    assert set(Message.objects.values_list("timezone", flat=True)) == {"Europe/Berlin"}


def test_a_zone_that_is_no_more_keeps_no_mail_back(olga: Any) -> None:
    with transaction.atomic():
        reach(Saying("page:3", Urgency.PAGE, "t", "At 2026-11-24 01:00 UTC.", timezone="Mars/Olympus"), ["nobody@example.org"], [])
    assert got() == {"nobody@example.org": ("t", "At 2026-11-24 01:00 UTC.")}

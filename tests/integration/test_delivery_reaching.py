"""What is said to a window's people goes to their team's channels of that urgency too, and a page has a second way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from tests import given_windows as given
from windows.access.roles import Actor, Role
from windows.approvals.commands.comments import comment
from windows.delivery.commands.configuring import ChannelDraft, add_channel
from windows.delivery.commands.reaching import stand_in
from windows.delivery.models import Message, Urgency
from windows.execution.commands.asking import page_not_begun
from windows.scheduling.commands.moving import ask_to_move
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(settings: Any) -> Actor:
    settings.HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    given.person("otto", ("shop", Role.ON_CALL))
    return given.actor("olga", ("shop", Role.OWNER))


def does_not_begin(_: Actor, window: Window) -> None:
    with transaction.atomic():
        page_not_begun(window, "A freeze.")


def is_commented(_: Actor, window: Window) -> None:
    comment(given.actor("sue", ("shop", Role.MEMBER)), window.pk, "@olga, look")


def is_asked_to_move(_: Actor, window: Window) -> None:
    mia = given.actor("mia", ("post", Role.OWNER))
    given.service("mail", "post")
    ask_to_move(mia, given.window(mia, "mail", team="post").pk, window.pk, "Please.")


@pytest.mark.parametrize(
    ("act", "urgency"), [(does_not_begin, Urgency.PAGE), (is_commented, Urgency.NOTICE), (is_asked_to_move, Urgency.TICKET)]
)
def test_the_channels_of_the_team_hear_of_its_window(act: Callable[[Actor, Window], None], urgency: Urgency, olga: Actor) -> None:
    window = given.window(olga)
    for one in Urgency:
        add_channel(
            olga, ChannelDraft(team="shop", kind="email", name=one.value, address=f"{one.value}@example.org", urgencies=(one.value,))
        )
    act(olga, window)
    told = set(Message.objects.filter(window=window.reference).values_list("recipient", "urgency"))
    assert told == {("olga@example.org", urgency.value), (f"{urgency.value}@example.org", urgency.value)}


def test_a_page_that_does_not_get_through_goes_to_who_is_on_call(olga: Actor) -> None:
    window = given.window(olga)
    does_not_begin(olga, window)
    does_not_begin(olga, window)
    page = Message.objects.get()
    stand_in(page)
    assert [row.recipient for row in Message.objects.order_by("pk")] == ["olga@example.org", "otto@example.org"]

"""The part of a window's page that says who was told, who will be, and what became of each message (X6)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import Role
from windows.announcements.commands.announcing import announce
from windows.announcements.commands.components import publish_service
from windows.announcements.commands.following import follow
from windows.approvals.commands import request_window
from windows.approvals.commands.comments import comment
from windows.approvals.commands.reminders import tell_approvers
from windows.approvals.models import Extension
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.delivery.models import Channel, Message
from windows.notices.commands.telling import tell_ahead
from windows.scheduling.commands.moving import ask_to_move, decline_move
from windows.scheduling.models import Override, Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def window(db: None) -> Window:
    """Requested, four days ahead; Otto is on call for what it touches."""
    olga = given.actor("olga", ("shop", Role.OWNER))
    given.person("otto", ("shop", Role.ON_CALL))
    made = given.window(olga, starts_at=given.soon(96), mode="read_only")
    return request_window(olga, made.pk)


def read(window: Window, name: str = "olga", query: str = "", status: int = 200) -> str:
    answer = browser(Person.objects.get(name=name.capitalize())).get(f"/windows/{window.reference}/part/communication{query}")
    assert answer.status_code == status
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode().split('id="part"')[-1]))


def said(window: Window, number: int, **facts: Any) -> Message:
    given_ = {"channel": "email", "recipient": f"p{number}@example.org", "urgency": "notice", "title": f"Word {number}."}
    return Message.objects.create(dedup_key=f"k{number}", window=window.reference, **(given_ | facts))


def test_x06_who_will_be_told_and_when_stands_there_before_it_is_told(window: Window) -> None:
    text = read(window)
    assert "Those who must sign are reminded to sign" in text and "That it begins" in text and "Otto" in text
    assert "Nobody was told anything yet." in text and "the channels of" not in text
    Channel.objects.create(team="shop", kind="slack", name="shop", address="https://chat.example.org/x", urgencies=["notice"])
    assert "Otto; the channels of shop" in read(window)
    Channel.objects.all().delete()
    now = clock()
    Window.objects.filter(pk=window.pk).update(status="approved", starts_at=now + timedelta(hours=3), ends_at=now + timedelta(hours=4))
    tell_ahead()
    text = read(window)
    assert "must sign" not in text and "That it begins" not in text and "That it has begun" in text
    assert "otto@example.org" in text and "0 of 1 got through, 1 on the way" in text
    Window.objects.filter(pk=window.pk).update(status="draft")
    assert "A draft is told to nobody" in read(window)


def test_x06_what_was_said_stands_in_its_table_alone(window: Window) -> None:
    said(window, 1)
    page = browser(Person.objects.get(name="Olga")).get(f"/windows/{window.reference}/part/communication").content.decode()
    assert page.count("Word 1.") == 1, "it is no note of the page's own"
    Window.objects.filter(pk=window.pk).update(status="completed")
    Message.objects.all().delete()
    assert "Nobody was told anything." in read(window), "nothing comes any more"


def test_x06_each_message_tells_its_state(window: Window) -> None:
    said(window, 1)
    said(window, 2, status="delivered", wake_at=None, delivered_at=clock(), attempts=1)
    said(window, 3, status="dead", wake_at=None, attempts=8, last_error="mail.example.org: no such user")
    said(window, 4, attempts=2, last_error="timed out")
    text = read(window)
    for word in ("1 of 4 got through, 2 on the way , 1 did not get through", "failed after 8 tries", "no such user", "tried 2 times"):
        assert word in text, text


def test_x06_what_the_public_is_told_stands_beside_it(window: Window) -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    publish_service(given.actor("ada", administrator=True), "orders", name="Orders")
    assert "was not told: no run begins before the window is announced" in read(window)
    announce(olga, window.reference, title="Orders rest", text="Nothing can be ordered.")
    Window.objects.filter(pk=window.pk).update(status="approved")
    follow()
    text = read(window)
    assert "Orders rest" in text and "Scheduled" in text and "Nothing can be ordered." in text and "status page" in text


def test_x06_it_is_paged_and_costs_the_same_however_many_were_told(window: Window) -> None:
    said(window, 0)
    with CaptureQueriesContext(
        connection,
    ) as few:
        read(window)
    channel = Channel.objects.create(team="post", kind="slack", name="Secret room", address="https://chat.example.org/x")
    for number in range(1, 61):
        said(window, number, target=channel)
    with CaptureQueriesContext(connection) as many:
        text = read(window)
    assert len(many) == len(few)
    assert "Word 60." in text and "Word 36." in text and "Word 35." not in text and "Earlier messages" in text
    assert "A channel of post" in text and "Secret room" not in text, "the name of another team's channel is its own"
    page = browser(Person.objects.get(name="Olga")).get(f"/windows/{window.reference}/part/communication").content.decode()
    later = read(window, query=re.search(r'href="(\?cursor=[^"]+)">Earlier', page)[1])  # type: ignore[index]
    assert "Word 35." in later and "Word 36." not in later and "The newest" in later
    assert "none of ours" in read(window, query="?cursor=abc", status=422)


def test_x06_of_a_confidential_window_nobody_else_reads_who_was_told(window: Window) -> None:
    Window.objects.update(confidential=True)
    given.person("eve", ("post", Role.MEMBER))
    read(window, "eve", status=404)
    assert "Nothing: it is confidential." in read(window)


def test_x06_of_a_confidential_window_it_says_who_hears_only_that_there_is_one(window: Window) -> None:
    Window.objects.update(confidential=True)
    assert "Otto" in read(window) and "needs its people" not in read(window)
    Channel.objects.create(team="shop", kind="slack", name="Shop", address="https://chat.example.org/x", urgencies=["notice"])
    begins = r"That it begins Otto .* needs its people; not which one, when, or what The channels of shop .* That it has begun Otto"
    assert re.search(begins, read(window)) and "Otto; the channels" not in read(window)
    now = clock()
    Window.objects.filter(pk=window.pk).update(status="approved", starts_at=now + timedelta(hours=3), ends_at=now + timedelta(hours=4))
    tell_ahead()
    text = read(window)
    assert "0 of 2 got through" in text and "A confidential window needs its people Notice Shop by slack" in text
    assert "not which one" not in text, "it has gone"


def test_x06_of_a_confidential_window_what_extensions_and_broken_glass_said_is_counted(window: Window) -> None:
    ends_at = Window.objects.values_list("ends_at", flat=True).get(pk=window.pk)
    olga = Person.objects.get(name="Olga")
    Window.objects.update(confidential=True)
    more = Extension.objects.create(window=window, ends_at=ends_at, until=ends_at + timedelta(hours=1), reason="slow", asked_by=olga)
    for number, key in enumerate((f"extension:{more.pk}:a", f"extension:{more.pk + 1}:a", f"extension:{more.pk}1:a")):
        Message.objects.create(dedup_key=key, channel="email", recipient=f"p{number}@example.org", urgency="page", title=f"Word {number}.")
    text = read(window)
    assert "0 of 1 got through" in text and "Word 0." in text and "Word 1." not in text and "Word 2." not in text


def test_x06_what_was_said_while_it_was_confidential_stays_in_its_list(window: Window) -> None:
    Message.objects.create(dedup_key=f"window:{window.pk}:a", channel="email", recipient="p@example.org", urgency="page", title="Unnamed.")
    for confidential in (True, False):
        Window.objects.update(confidential=confidential)
        assert "Unnamed." in read(window) and "0 of 1 got through" in read(window)


def test_x06_what_is_asked_and_answered_about_a_confidential_window_is_in_its_list(window: Window) -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    other = given.window(olga, starts_at=given.soon(200))
    Window.objects.update(confidential=True)
    Channel.objects.create(team="shop", kind="slack", name="Shop", address="https://chat.example.org/x", urgencies=["notice", "ticket"])
    now = clock()
    period = {"starts_at": window.starts_at, "ends_at": window.ends_at, "expires_at": window.ends_at}
    override = Override.objects.create(window=window, key="k", what="x", who="y", why="z", reason="r", asked_by_id=olga.person_id, **period)
    keys = (f"override:{override.pk}:{now.isoformat()}", f"collision:{window.pk}:{now}", f"step:{window.pk}:abc", f"collision:{other.pk}:b")
    for number, key in enumerate(keys):
        Message.objects.create(dedup_key=f"{key}:channel:9", channel="email", recipient="p@x", urgency="page", title=f"Word {number}.")
    comment(olga, window.pk, "@Otto look")
    row = ask_to_move(olga, other.pk, window.pk, "Please.")
    tell_approvers()

    def listed(of: Window) -> list[str]:
        found = caller(olga).get(f"/windows/{of.reference}/communication?limit=100").json()
        assert found["tally"]["all"] == len(found["items"])
        return sorted(one["title"] for one in found["items"] if one["to"] in ("Shop", "p@x"))

    hidden = "A confidential window needs its people"
    assert listed(window) == [hidden, hidden, hidden, "Word 0.", "Word 1.", "Word 2."], "a comment, a question to move, a request"
    assert listed(other) == ["Word 3."]
    decline_move(olga, row.pk, "No.")
    assert listed(window).count(hidden) == 3 and listed(other) == [hidden, "Word 3."], "the answer is about the one that asked"


def test_x06_what_another_team_s_channel_answered_is_for_that_team(window: Window) -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    found = {}
    for number, (team, status) in enumerate((team, status) for team in ("post", "shop") for status in ("dead", "queued")):
        channel = Channel.objects.create(team=team, kind="slack", name=f"Room {number}", address="https://chat.example.org/x")
        wake_at = None if status == "dead" else clock()
        said(window, number, target=channel, status=status, wake_at=wake_at, attempts=2, last_error=f"chat.{team}.internal: refused")
    text = read(window)
    assert text.count("chat.shop.internal: refused") == 2 and "chat.post.internal" not in text
    assert text.count("failed after 2 tries") == 2 and text.count("queued, tried 2 times") == 2
    for one in caller(olga).get(f"/windows/{window.reference}/communication").json()["items"]:
        found[one["to"], one["status"]] = one["last_error"]
    assert found["A channel of post", "dead"] == found["A channel of post", "queued"] == ""
    assert found["Room 2", "dead"] == found["Room 3", "queued"] == "chat.shop.internal: refused"


def test_x06_what_an_overrunning_window_has_still_to_say_lies_ahead(window: Window) -> None:
    now = clock()
    began, due = now - timedelta(hours=2), now - timedelta(hours=1)
    Window.objects.filter(pk=window.pk).update(status="running", started_at=began, starts_at=began, ends_at=due)
    found = caller(given.actor("olga", ("shop", Role.OWNER))).get(f"/windows/{window.reference}/communication").json()["coming"]
    assert [one["at"] >= now.isoformat() for one in found if one["what"] == "That it has ended, or is not over"] == [True]


def test_x06_a_program_reads_what_the_page_says(window: Window) -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    program, address = caller(olga), f"/windows/{window.reference}/communication"
    said(window, 1, status="dead", wake_at=None, attempts=8, last_error="no such user")
    said(window, 2, target=Channel.objects.create(team="post", kind="slack", name="Secret room", address="https://chat.example.org/x"))
    found = program.get(f"{address}?limit=1").json()
    assert {"at": None, "what": "That it is moved or called off", "whom": "Otto"} in found["coming"]
    assert found["tally"] == {"all": 2, "queued": 1, "delivered": 0, "dead": 1} and found["unannounced"] == [] == found["beside"]
    assert [(one["title"], one["to"]) for one in found["items"]] == [("Word 2.", "A channel of post")]
    later = program.get(f"{address}?cursor={found['next_cursor']}").json()
    assert [(one["title"], one["status"], one["last_error"]) for one in later["items"]] == [("Word 1.", "dead", "no such user")]
    assert later["next_cursor"] is None
    assert program.get(f"{address}?status=dead").status_code == program.get(f"{address}?limit=0").status_code == 422
    assert caller(olga, "measure").get(address).status_code == 403
    Window.objects.update(confidential=True)
    eve = given.actor("eve", ("post", Role.MEMBER))
    assert caller(eve).get(address).status_code == caller(eve).get("/windows/MW-9/communication").status_code == 404

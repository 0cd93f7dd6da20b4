"""What stands at a conflict: in words what, with whom, how severe; and every way out of it, in the browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.approvals.models import Policy
from windows.catalogue.models import Person
from windows.delivery.models import Message
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze
from windows.scheduling.models import Freeze, FreezeException, MoveRequest, Override, Window

pytestmark = pytest.mark.django_db


class Reader:
    """Somebody at a browser: pages as text, forms sent and followed."""

    def __init__(self, actor: Any) -> None:
        self.client = browser(Person.objects.get(pk=actor.person_id))

    def read(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return " ".join(re.sub(r"<svg.*?</svg>", "", answer.content.decode()).split())

    def send(self, path: str, code: int = 302, /, **said: Any) -> Any:
        answer = self.client.post(path, said)
        assert answer.status_code == code, f"{path}: {answer.status_code} {answer.content.decode()[:300]}"
        return answer


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def mia() -> Any:
    return given.actor("mia", ("post", Role.OWNER))


@pytest.fixture
def hard(ada: Any, mia: Any) -> tuple[Window, Window]:
    """Ada's draft, and at the same place and time what the team post was granted the slot for."""
    theirs = given.window(mia, team="post", title="Sort the mail")
    request_window(mia, theirs.pk)
    return given.window(ada), theirs


@pytest.fixture
def soft(ada: Any, mia: Any) -> Window:
    """Ada's draft on what needs the mail, on which the team post works then."""
    given.service("mail", "post")
    request_window(mia, given.window(mia, "mail", team="post").pk)
    given.service("orders")
    given.needs("orders", "mail")
    return given.window(ada)


def test_a_collision_says_all_of_itself_in_words_and_offers_every_way_out(ada: Any, hard: tuple[Window, Window]) -> None:
    mine, theirs = hard
    text, panel = Reader(ada).read(f"/windows/{mine.reference}"), Reader(ada).read(f"/windows/{mine.reference}/meaning")
    for shown in (text, panel):
        assert f"{theirs.reference} works on orders in production/r1 at the same time" in shown
        assert "Sort the mail" in shown and "Post" in shown and "Blocks" in shown and "1 of them blocks" in shown
        assert f"/windows/{mine.reference}/please-move/{theirs.reference}" in shown
        assert f"/windows/{mine.reference}/next-slot" in shown and "Another slot" in shown
        assert "Override with reason" not in shown, "what blocks is not overridden"
    assert "Settle 1 conflict</a> that blocks." in Reader(ada).read(f"/windows/{mine.reference}/edit")
    assert "Blocks" in Reader(ada).read(f"/windows/{mine.reference}/card")


def test_the_other_team_is_asked_and_gives_way_by_a_click(ada: Any, mia: Any, hard: tuple[Window, Window]) -> None:
    mine, theirs = hard
    asks, answers = Reader(ada), Reader(mia)
    asks.send(f"/windows/{mine.reference}/please-move/{theirs.reference}", 422, reason=" ")
    asks.send(f"/windows/{mine.reference}/please-move/{theirs.reference}", reason="The auditors come.")
    assert "no answer yet" in asks.read(f"/windows/{mine.reference}")
    row = MoveRequest.objects.get()
    for place in ("/", "/today/panel", "/approvals/", f"/windows/{theirs.reference}"):
        assert "Ada ask" in answers.read(place), place
        assert f"asked-to-move/{row.pk}" in answers.read(place) or f"#asked-{row.pk}" in answers.read(place)
    assert "The auditors come." in answers.read(f"/windows/{theirs.reference}/asked-to-move/{row.pk}/move")
    answers.send(f"/windows/{theirs.reference}/asked-to-move/{row.pk}/move", reason="Gladly.")
    theirs.refresh_from_db()
    row.refresh_from_db()
    assert row.status == "agreed" and theirs.starts_at >= mine.ends_at
    assert "Ada ask" not in answers.read("/approvals/")


def test_the_other_team_stays_and_says_why(ada: Any, mia: Any, hard: tuple[Window, Window]) -> None:
    mine, theirs = hard
    asks, answers = Reader(ada), Reader(mia)
    asks.send(f"/windows/{mine.reference}/please-move/{theirs.reference}", reason="Please.")
    row = MoveRequest.objects.get()
    assert asks.client.get(f"/windows/{theirs.reference}/asked-to-move/{row.pk}/decline").status_code == 403
    assert answers.client.get(f"/windows/{mine.reference}/asked-to-move/{row.pk}/decline").status_code in (403, 404)
    answers.send(f"/windows/{theirs.reference}/asked-to-move/{row.pk}/decline", 422, reason="")
    answers.send(f"/windows/{theirs.reference}/asked-to-move/{row.pk}/decline", reason="The carrier is booked.")
    text = asks.read(f"/windows/{mine.reference}")
    assert "It stays, says Mia" in text and "The carrier is booked." in text and "Please move yours" in text


def test_a_second_person_refuses_with_a_reason_or_agrees(ada: Any, mia: Any, soft: Window) -> None:
    Policy.objects.create(name="Any owner", position=0, match={}, requires=[{"role": "owner", "team": "owning", "quorum": 1}])
    olga = given.actor("olga", ("shop", Role.OWNER))
    asks, second, signs = Reader(ada), Reader(mia), Reader(olga)
    page = f"/windows/{soft.reference}"
    assert "Override with reason" in asks.read(page) and "none blocks" in asks.read(page)
    asks.send(f"{page}/override", reason="One room.")
    request_window(ada, soft.pk)
    for reader, place in ((second, page), (second, "/approvals/"), (signs, "/approvals/")):
        text = reader.read(place)
        assert "One room." in text and "Second person missing" in text and "It holds until" in text, place
        assert f"{page}/override/agree" in text and f"{page}/override/refuse" in text, place
    second.send(f"{page}/override/refuse", 422, reason="")
    second.send(f"{page}/override/refuse", reason="The room is too small.")
    text = asks.read(page)
    assert "Mia refused" in text and "The room is too small." in text and "Override with reason" in text
    assert Message.objects.filter(recipient="ada@example.org", title__contains="not in spite").exists()
    assert second.client.post(f"{page}/override/refuse", {"reason": "Again."}).status_code == 409
    asks.send(f"{page}/override", reason="A larger room.")
    second.send(f"{page}/override/agree")
    text = signs.read("/approvals/")
    assert "Two agree" in text and "Mia agreed" in text and "It holds until" in text
    row = Override.objects.get()
    assert row.agreed_by_id == mia.person_id and row.refused_by_id is None


def test_a_freeze_is_lifted_off_one_window_by_who_may(ada: Any) -> None:
    window = given.window(ada)
    freeze = create_freeze(ada, freeze_of(window, title="Peak MW-1", teams=("shop",)))
    text = Reader(ada).read(f"/windows/{window.reference}")
    assert "orders: frozen by “Peak MW-1”" in text
    assert f"/settings/freezes/{freeze.pk}/except?window={window.reference}" in text
    said = {"window": window.reference, "reason": "Nobody sells then."}
    Reader(ada).send(f"/settings/freezes/{freeze.pk}/except", 422, **said | {"team": "shop"})
    Reader(ada).send(f"/settings/freezes/{freeze.pk}/except", **said)
    assert "frozen by" not in Reader(ada).read(f"/windows/{window.reference}")
    exception = FreezeException.objects.get()
    assert "Nobody sells then." in Reader(ada).read(f"/settings/freezes/{freeze.pk}")
    Reader(ada).send(f"/settings/freezes/{freeze.pk}/exceptions/{exception.pk}/end")
    assert "frozen by" in Reader(ada).read(f"/windows/{window.reference}")


def freeze_of(window: Window, **said: Any) -> FreezeDraft:
    given_: dict[str, Any] = {"starts_at": window.starts_at - timedelta(hours=1), "ends_at": window.ends_at + timedelta(hours=1)}
    return FreezeDraft(**(given_ | said))


def test_the_form_of_a_freeze_has_every_field_and_shows_what_it_lands_on_before_it_is_saved(ada: Any, mia: Any) -> None:
    window = given.window(ada)
    request_window(ada, window.pk)
    given.service("mail", "post")
    secret = given.window(mia, "mail", team="post", confidential=True)
    request_window(mia, secret.pk)
    said: dict[str, Any] = {
        "title": "Peak", "timezone": "UTC", "severity": "hard", "on_running": "hold", "reason": "", "how": "weekly", "until": "", "own": "",
        "starts_at": f"{window.starts_at - timedelta(hours=1):%Y-%m-%dT%H:%M}", "ends_at": f"{window.ends_at:%Y-%m-%dT%H:%M}",
        "tiers": ["3"], "exception_reason": "",
    }  # fmt: skip
    reader = Reader(given.actor("sam", ("ops", Role.SRE)))
    path = f"/settings/freezes/landing?{urlencode(said, doseq=True)}"
    text = reader.read(path)
    assert window.reference in text and "2 windows" in text and "times" in text
    eve = Reader(given.actor("eve", ("bank", Role.OWNER))).read(path)
    assert secret.reference not in eve and "1 of them confidential" in eve
    assert not Freeze.objects.exists()
    assert "excepted_teams" in reader.read("/settings/freezes/new?" + path.split("?")[1])
    refused = reader.send("/settings/freezes/new", 422, **said | {"excepted_teams": ["shop"]})
    assert 'id="exception_reason-error"' in refused.content.decode() and not Freeze.objects.exists()
    made = reader.send("/settings/freezes/new", **said | {"excepted_teams": ["shop"], "exception_reason": "They sell nothing."})
    page = reader.read(made["Location"])
    assert "Recurs every week" in page and "They sell nothing." in page and "tier 3" in page
    assert f"/windows/{window.reference}" not in page, "the team is excepted"
    assert secret.reference in page and "Next free slot" in page
    assert reader.read("/settings/freezes/").count("recurs every week") == 1, "one row for all of its times"
    first = Freeze.objects.order_by("starts_at")[0]
    reader.send(f"/settings/freezes/{first.pk}/end", reason="Over.", choice="all")
    assert not Freeze.objects.filter(lifted_at=None).exists()

"""“Please move yours”: asked, answered by moving or with a reason, and told."""

from datetime import timedelta
from typing import Any

import pytest

from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.approvals.commands.expiry import end_left_open
from windows.approvals.models import ApprovalRequest
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.scheduling.commands.drafts import cancel_window, edit_draft
from windows.scheduling.commands.moving import ask_to_move, decline_move
from windows.scheduling.models import Window
from windows.scheduling.queries.moves import move_requests

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two() -> tuple[Any, Window, Any, Window]:
    ada, mia = given.actor("ada", ("shop", Role.OWNER)), given.actor("mia", ("post", Role.OWNER))
    given.service("mail", "post")
    return ada, given.window(ada), mia, given.window(mia, "mail", team="post")


def told() -> list[tuple[str, str]]:
    return sorted(Message.objects.values_list("recipient", "title"))


def test_the_other_team_is_asked_and_agrees_by_moving(two: tuple[Any, Window, Any, Window]) -> None:
    ada, mine, mia, theirs = two
    ask_to_move(ada, mine.pk, theirs.pk, "We need the bank to itself.")
    assert told() == [("mia@example.org", f"{theirs.reference}: please move it")]
    with pytest.raises(Conflict):
        ask_to_move(ada, mine.pk, theirs.pk, "Please.")
    edit_draft(mia, theirs.pk, {"ends_at": theirs.ends_at + timedelta(minutes=1)}, 1)
    assert [row.status for row in move_requests(theirs.pk, ada)] == ["open"], "it is in the way as before"
    edit_draft(mia, theirs.pk, {"starts_at": theirs.starts_at + timedelta(days=1), "ends_at": theirs.ends_at + timedelta(days=1)}, 2)
    (row,) = move_requests(theirs.pk, ada)
    assert (row.status, row.asking, row.answered_by) == ("agreed", mine.reference, "Mia")
    assert ("ada@example.org", f"{theirs.reference} moved") in told()
    kinds = AuditEntry.objects.filter(window=theirs.reference).values_list("kind", flat=True)
    assert {"window.asked_to_move", "window.move_answered"} <= set(kinds)


@pytest.mark.parametrize("dead", ["the one that was asked", "the one that asks"])
def test_a_window_that_is_called_off_leaves_no_question_open(two: tuple[Any, Window, Any, Window], dead: str) -> None:
    ada, mine, mia, theirs = two
    for actor, window in ((ada, mine), (mia, theirs)):
        request_window(actor, window.pk)
    ask_to_move(ada, mine.pk, theirs.pk, "Please.")
    actor, gone = (mia, theirs) if dead == "the one that was asked" else (ada, mine)
    cancel_window(actor, gone.pk, "Not needed.")
    (row,) = move_requests(theirs.pk, ada)
    assert (row.status, row.answered_by, row.answer) == ("withdrawn", actor.name, f"{gone.reference} is cancelled.")
    assert ApprovalRequest.objects.get(window=gone).status == "open" and end_left_open() == 1 and end_left_open() == 0
    assert {one.window_id: one.status for one in ApprovalRequest.objects.all()}[gone.pk] == "withdrawn"
    assert ApprovalRequest.objects.filter(status="open").count() == 1, "the other one still waits"


def test_declining_takes_a_reason_and_the_right(two: tuple[Any, Window, Any, Window]) -> None:
    ada, mine, mia, theirs = two
    row = ask_to_move(ada, mine.pk, theirs.pk, "Please.")
    with pytest.raises(Forbidden):
        decline_move(ada, row.pk, "No.")
    with pytest.raises(Invalid):
        decline_move(mia, row.pk, " ")
    decline_move(mia, row.pk, "The carrier is booked.")
    assert move_requests(theirs.pk, mia)[0].answer == "The carrier is booked."
    with pytest.raises(Conflict):
        decline_move(mia, row.pk, "Again.")


def test_nobody_asks_for_what_they_may_not_see_or_edit(two: tuple[Any, Window, Any, Window]) -> None:
    ada, mine, mia, theirs = two
    with pytest.raises(Forbidden):
        ask_to_move(mia, mine.pk, theirs.pk, "Please.")
    with pytest.raises(Conflict):
        ask_to_move(ada, mine.pk, mine.pk, "Please.")
    Window.objects.filter(pk=theirs.pk).update(confidential=True)
    with pytest.raises(NotFound):
        ask_to_move(ada, mine.pk, theirs.pk, "Please.")
    Window.objects.filter(pk=theirs.pk).update(confidential=False)
    Window.objects.filter(pk=mine.pk).update(confidential=True)
    ask_to_move(ada, mine.pk, theirs.pk, "Please.")
    assert move_requests(theirs.pk, mia)[0].asking == "a confidential window"
    assert mine.reference not in str(list(Message.objects.values())) + str(AuditEntry.objects.get(kind="window.asked_to_move").data)

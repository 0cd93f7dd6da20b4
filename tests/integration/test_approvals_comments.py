"""Questions and comments on a window: who is told, what stands in the trail, what is refused."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.approvals.commands.comments import comment
from windows.approvals.models import Comment, Policy
from windows.approvals.queries.comments import comments_of, open_questions
from windows.audit.models import AuditEntry
from windows.delivery.models import Message
from windows.errors import Forbidden, Invalid, NotFound
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.MEMBER))


@pytest.fixture
def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def window(ada: Any, olga: Any) -> Window:
    Policy.objects.create(name="Owner", position=1, requires=[{"role": "owner", "quorum": 1, "team": "owner"}])
    return request_window(ada, given.window(ada).pk)


def told() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("id").values_list("recipient", "title"))


def test_a_question_reaches_the_requester_and_its_answer_whoever_asked(window: Window, ada: Any, olga: Any) -> None:
    asked = comment(olga, window.pk, "How long is it read-only?", "question")
    assert told() == [("ada@example.org", f"{window.reference} Migrate the schema: Olga asks")]
    assert open_questions([window.pk]) == {window.pk: 1}
    comment(ada, window.pk, "Ten minutes.", "answer", asked.pk)
    assert told()[1:] == [("olga@example.org", f"{window.reference} Migrate the schema: Ada answers")]
    assert open_questions([window.pk]) == {}
    assert [(row.kind, row.answers, row.is_open) for row in comments_of(window.pk)] == [
        ("question", None, False), ("answer", asked.pk, False)
    ]  # fmt: skip
    kinds = AuditEntry.objects.filter(window=window.reference, kind__in=["window.asked", "window.answered"])
    assert [entry.data["reason"] for entry in kinds.order_by("id")] == ["How long is it read-only?", "Ten minutes."]


def test_a_mention_reaches_people_who_may_see_the_window(window: Window, ada: Any) -> None:
    given.person("ben")
    comment(ada, window.pk, "@ben and @nobody, look")
    assert [who for who, _ in told()] == ["ben@example.org"]
    assert AuditEntry.objects.get(kind="window.commented").data["mentions"] == ["Ben"]
    Window.objects.filter(pk=window.pk).update(confidential=True)
    comment(ada, window.pk, "@ben again")
    assert len(told()) == 1, "a confidential window is not told of to outsiders"


def test_who_is_nothing_to_it_says_nothing(window: Window) -> None:
    for who in (given.actor("eve", ("find", Role.OWNER)), given.actor("vic", ("shop", Role.VIEWER))):
        with pytest.raises(Forbidden):
            comment(who, window.pk, "Hello")
        assert browser(who).post(f"/windows/{window.reference}/comments", {"text": "Hello"}).status_code == 403
    Window.objects.filter(pk=window.pk).update(confidential=True)
    with pytest.raises(NotFound):
        comment(given.actor("eve"), window.pk, "Hello")
    assert not Comment.objects.exists() and not Message.objects.exists()


def test_what_cannot_be_is_refused(window: Window, ada: Any) -> None:
    remark = comment(ada, window.pk, "A remark")
    other = comment(ada, given.window(ada, "other").pk, "Elsewhere?", "question")
    for text, kind, answers, field in [
        ("", "comment", None, "text"),
        ("x" * 4001, "comment", None, "text"),
        ("a\x00b", "comment", None, "text"),
        ("x", "shout", None, "kind"),
        ("x", "answer", None, "answers"),
        ("x", "answer", remark.pk, "answers"),
        ("x", "answer", other.pk, "answers"),
        ("x", "comment", remark.pk, "answers"),
    ]:
        with pytest.raises(Invalid) as refused:
            comment(ada, window.pk, text, kind, answers)
        assert refused.value.field == field
    with pytest.raises(IntegrityError), transaction.atomic():
        Comment.objects.create(window=window, author_id=ada.person_id, kind="answer", text="x")


def test_the_page_asks_answers_and_keeps_what_was_typed(window: Window, ada: Any, olga: Any) -> None:
    client, path = browser(olga), f"/windows/{window.reference}"
    assert client.post(f"{path}/ask?from=inbox", {"reason": "Why then? <b>"})["Location"] == "/approvals/"
    page = browser(ada).get(path).content.decode()
    assert "Why then? &lt;b&gt;" in page and "1 open" in page and "Your answer" in page
    question = Comment.objects.get()
    assert browser(ada).post(f"{path}/comments", {"text": "Because.", "answers": question.pk}).status_code == 302
    assert "Because." in client.get(f"{path}/comments/panel").content.decode()
    refused = client.post(f"{path}/comments", {"text": "y" * 4001})
    assert refused.status_code == 422 and "At most 4000" in refused.content.decode() and "y" * 4001 in refused.content.decode()
    assert client.post(f"{path}/comments", {"text": "x", "answers": "²"}).status_code == 422

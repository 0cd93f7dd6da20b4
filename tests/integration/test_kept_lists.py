"""P-F1: a list that is polled costs one small query while nothing was done, and is never older than what was done."""

from __future__ import annotations

import pytest
from django.db import connections, transaction

from tests import given_windows as given
from tests.callers import caller, stranger
from windows.access.roles import ENGINE, Role
from windows.audit.clock import clock
from windows.audit.commands import record, seal
from windows.audit.queries import MARK
from windows.catalogue.models import ApiToken, Membership
from windows.scheduling.kept import Kept, unchanged

LIST = "/windows?limit=100"


def act() -> None:
    with transaction.atomic():
        record("window.edited", ENGINE, "MW-1")


@pytest.mark.django_db
def test_an_unchanged_list_is_answered_without_rows_until_somebody_acts(django_assert_num_queries) -> None:
    given.service("orders")
    api = caller(given.actor("ada", ("shop", Role.OWNER)))
    first = api.get(LIST)
    with django_assert_num_queries(2):  # token, mark
        again = api.get(LIST)
    assert again.content == first.content
    with django_assert_num_queries(1):  # both at once
        known = api.get(LIST, If_None_Match=first["ETag"])
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", first["ETag"])
    act()
    with django_assert_num_queries(3):  # the mark is asked once more by who draws the list
        later = api.get(LIST, If_None_Match=first["ETag"])
    assert later.status_code == 200
    assert later["ETag"] != first["ETag"]


@pytest.mark.django_db
def test_what_one_may_see_is_never_answered_from_what_another_saw() -> None:
    given.service("orders")
    ada, bob = given.actor("ada", ("shop", Role.OWNER)), given.actor("bob", ("other", Role.MEMBER))
    secret = given.window(ada, confidential=True)
    hers, his = caller(ada), caller(bob)
    seen, hidden = hers.get(LIST), his.get(LIST)
    assert secret.reference in seen.content.decode()
    assert secret.reference not in hidden.content.decode()
    assert his.get(LIST, If_None_Match=seen["ETag"]).status_code == 200
    Membership.objects.filter(person_id=ada.person_id).update(role=Role.VIEWER.value)
    assert hers.get(LIST, If_None_Match=seen["ETag"]).status_code == 304  # another role in the same team sees the same


@pytest.mark.django_db(transaction=True)
def test_the_mark_tells_of_an_entry_that_commits_after_a_later_one_and_not_of_its_sealing() -> None:
    other = connections.create_connection("default")
    try:
        with other.cursor() as reader:

            def seen() -> tuple[int, int]:
                reader.execute(MARK)
                return reader.fetchone()

            marks = [seen()]
            with transaction.atomic():
                act()  # takes the earlier id and commits last
                reader.execute("insert into audit_auditentry (kind, actor, via, subject, data) values ('a.b', 'x', 'x', 'x', '{}')")
                marks.append(seen())
            marks.append(seen())
            assert len(set(marks)) == 3
            assert seal() == 2
            assert seen() == marks[-1]
    finally:
        other.close()


def test_only_the_answers_used_last_are_kept() -> None:
    kept = Kept(most=2)
    kept.keep("a", "1", b"A")
    kept.keep("b", "1", b"B")
    assert kept.get("a", "1") == b"A"
    kept.keep("c", "1", b"C")
    assert (kept.get("a", "1"), kept.get("b", "1"), kept.get("c", "1")) == (b"A", None, b"C")
    assert kept.get("a", "2") is None


@pytest.mark.parametrize(
    ("sent", "known"),
    [('"7"', True), ('W/"7"', True), ('"6", W/"7"', True), ("*", True), ('"6"', False), ("", False), ("7", False)],
)
def test_if_none_match_is_read_as_the_standard_says(sent: str, known: bool) -> None:
    assert unchanged(sent, '"7"') is known


@pytest.mark.django_db
def test_who_polls_is_asked_each_time() -> None:
    """The short way to “unchanged” is no way round the token, its scope, or what may be asked."""
    given.service("orders")
    ada = given.actor("ada", ("shop", Role.OWNER))
    api, blind = caller(ada), caller(ada, "approve")
    tag = api.get(LIST)["ETag"]
    assert blind.get(LIST, If_None_Match=tag).status_code == 403
    assert api.get("/windows?limit=none", If_None_Match=tag).status_code == 422
    assert api.get("/windows?nonsense=1", If_None_Match="*").status_code == 422
    known = api.get(LIST, If_None_Match=tag)
    assert (known.status_code, known["Vary"], "no-store" in known["Cache-Control"]) == (304, "Cookie, Authorization", True)
    ApiToken.objects.filter(person_id=ada.person_id).update(revoked_at=clock())
    assert api.get(LIST, If_None_Match=tag).status_code == 401
    assert stranger().get(LIST, If_None_Match=tag).status_code == 401

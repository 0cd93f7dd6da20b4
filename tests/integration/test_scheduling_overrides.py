"""Going ahead in spite of a soft conflict takes a reason, a second person, these facts and time."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from portal.templatetags.signs import in_zone
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.approvals.commands import decide, request_window, withdraw
from windows.approvals.models import Policy
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid
from windows.scheduling.commands.drafts import edit_draft
from windows.scheduling.commands.overriding import agree_to_override, ask_to_override
from windows.scheduling.models import Override, Window
from windows.scheduling.queries import conflicts_of
from windows.scheduling.queries.overrides import numbers, overrides_ahead, overrides_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.MEMBER))


@pytest.fixture
def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def mia() -> Any:
    return given.actor("mia", ("post", Role.OWNER))


@pytest.fixture
def near(ada: Any, olga: Any, mia: Any) -> Window:
    """Ada's draft on what needs the window that the team post has asked for."""
    given.service("mail", "post")
    request_window(mia, given.window(mia, "mail", team="post").pk)
    given.service("orders")
    given.needs("orders", "mail")
    return given.window(ada)


def state(window: Window, viewer: Any) -> list[str]:
    return [row.state for row in overrides_of(window.pk, viewer)]


def test_the_questions_name_what_is_overridden_and_where_nothing_is_there_is_no_button(near: Window, ada: Any, mia: Any) -> None:
    address, his, hers = f"/windows/{near.reference}/override", browser(ada), browser(mia)
    (found,) = conflicts_of(near.pk, ada)
    asked = his.get(address).content.decode()
    assert escape(in_zone(found.why, "UTC")) in asked and "Ask for it" in asked
    waiting = hers.get(f"{address}/agree").content.decode()
    assert "Nothing here waits" in waiting and "<textarea" not in waiting and ">Agree</button>" not in waiting
    his.post(address, {"reason": "One room."})
    again = his.get(address).content.decode()
    assert "without a reason" in again and "Ask for it" not in again
    assert "One room." in hers.get(f"{address}/agree").content.decode()


def test_the_owner_of_the_rival_agrees_and_who_asked_never(near: Window, ada: Any, olga: Any, mia: Any) -> None:
    with pytest.raises(Invalid):
        ask_to_override(ada, near.pk, " ")
    with pytest.raises(Invalid):
        ask_to_override(ada, near.pk, "One room.", expires_at=near.ends_at + timedelta(hours=1))
    ask_to_override(olga, near.pk, "One room.")
    (row,) = Override.objects.all()
    for nobody in (olga, ada, given.actor("zoe", ("bank", Role.OWNER))):
        with pytest.raises(Forbidden):
            agree_to_override(nobody, row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Override.objects.update(agreed_by=row.asked_by, agreed_at=row.asked_at)
    assert state(near, ada) == ["asked"]
    agree_to_override(mia, row.pk)
    with pytest.raises(Conflict):
        agree_to_override(mia, row.pk)
    with pytest.raises(Conflict):
        ask_to_override(olga, near.pk, "Again.")
    assert state(near, ada) == ["agreed"] and request_window(ada, near.pk).status == "requested"
    assert {"window.override_asked", "window.override_agreed"} <= set(AuditEntry.objects.values_list("kind", flat=True))


def test_a_window_is_not_approved_before_the_second_person_agreed(near: Window, ada: Any, olga: Any, mia: Any) -> None:
    Policy.objects.create(name="Any member", position=0, match={}, requires=[{"role": "member", "team": "owning", "count": 1}])
    bo = given.actor("bo", ("shop", Role.MEMBER))
    request_window(ada, near.pk, reason="One room.")
    with pytest.raises(Conflict) as refused:
        decide(bo, near.pk, "approved")
    assert refused.value.field == "override"
    agree_to_override(mia, Override.objects.get().pk)
    assert decide(bo, near.pk, "approved").status == "approved"


def test_a_signature_of_who_may_override_is_the_second_person(near: Window, ada: Any, olga: Any) -> None:
    request_window(ada, near.pk, reason="One room.")
    decide(olga, near.pk, "approved")
    assert [row.agreed_by for row in overrides_of(near.pk, ada)] == ["Olga"]


def test_nothing_is_approved_by_itself_with_a_soft_conflict_open(near: Window, ada: Any, olga: Any) -> None:
    Policy.objects.create(name="Routine", position=0, requires=[], match={})
    Window.objects.filter(pk=near.pk).update(change_type="standard")
    assert request_window(ada, near.pk, reason="One room.").status == "requested"
    assert decide(olga, near.pk, "approved").status == "approved"


def test_other_facts_or_time_end_it(near: Window, ada: Any, olga: Any, mia: Any) -> None:
    ask_to_override(ada, near.pk, "One room.")
    agree_to_override(olga, Override.objects.get().pk)
    request_window(ada, near.pk)
    withdraw(ada, near.pk)
    near.refresh_from_db()
    moved = edit_draft(ada, near.pk, {"starts_at": near.starts_at + timedelta(minutes=15)}, near.version)
    assert state(near, ada) == ["lapsed"]
    with pytest.raises(Conflict) as refused:
        request_window(ada, near.pk)
    assert refused.value.field == "reason"
    ask_to_override(ada, near.pk, "Still one room.")
    assert state(near, ada) == ["asked"]
    assert [row.state for row in overrides_of(near.pk, ada, moved.ends_at)] == ["lapsed"]  # the rival is over then
    agree_to_override(mia, Override.objects.get().pk)
    Override.objects.update(expires_at=moved.starts_at)
    assert [row.state for row in overrides_of(near.pk, ada, moved.starts_at)] == ["expired"]


def test_overrides_of_several_windows_are_read_together(
    near: Window, ada: Any, olga: Any, mia: Any, django_assert_max_num_queries: Any
) -> None:
    """As each by itself; how many statements it takes does not follow how many windows have one."""
    ask_to_override(ada, near.pk, "One room.")
    (row,) = Override.objects.all()
    again = given.window(ada, near.scopes.get().service.slug, starts_at=near.starts_at)
    row.pk, row.window = None, again
    row.save(force_insert=True)
    now = clock()
    with CaptureQueriesContext(connection) as alone:
        overrides_ahead([near.pk], mia, now)
    with django_assert_max_num_queries(len(alone)):
        both = overrides_ahead([near.pk, again.pk], mia, now)
    for window in (near, again):
        told = [one for one in overrides_of(window.pk, mia, now) if one.state != "lapsed"]
        assert both[window.pk] == told
    assert both[near.pk][0].may_agree and not overrides_ahead([near.pk], ada, now)[near.pk][0].may_agree


def test_a_title_that_mentions_a_window_makes_nobody_its_second_person() -> None:
    assert numbers("MW-5") == {5} and numbers("MW-12, MW-7, a confidential window") == {12, 7}
    assert not any(map(numbers, ("MW-5 is over", "Peak, MW-5", "example.com MW-5", "a confidential window", "")))

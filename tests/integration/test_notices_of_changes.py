"""X6: those whom a window touches hear of its life, once for each change; of a confidential one only who may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from tests import given_runs, given_starts
from tests import given_windows as given
from tests.given_starts import approved, begins_now
from windows.access.roles import ENGINE, Role
from windows.approvals.commands import amend_window, request_window
from windows.approvals.commands.series import request_following
from windows.audit.commands import record, seal
from windows.audit.models import AuditEntry
from windows.delivery.models import Channel, Message
from windows.execution.commands.clocks import report_overrun
from windows.execution.commands.transitions import become
from windows.execution.models import Run, clock
from windows.execution.states import RunStatus
from windows.notices.commands import following
from windows.notices.commands.following import read_changes
from windows.scheduling.commands.drafts import cancel_window
from windows.scheduling.commands.series import Pattern, create_series, skip_following
from windows.scheduling.models import Window

no_broker = given_starts.no_broker
pytestmark = pytest.mark.django_db(transaction=True)


def heard() -> list[tuple[str, str]]:
    """What the next reading of the trail tells: who, and which words, the reference left out."""
    before = set(Message.objects.values_list("pk", flat=True))
    while seal():
        pass
    while read_changes():
        pass
    found = Message.objects.filter(dedup_key__startswith="notice:").exclude(pk__in=before).order_by("recipient", "pk")
    return [(one.recipient, one.title.split(": ")[0].partition(" ")[2]) for one in found]


@pytest.fixture
def olga(db: None) -> Any:
    """Owner of the shop's windows; Otto is on call for it, Mia owns the team post, is on call for it and for the shop: three parts."""
    heard()
    given.person("otto", ("shop", Role.ON_CALL))
    given.person("mia", ("post", Role.OWNER), ("post", Role.ON_CALL), ("shop", Role.ON_CALL))
    given.service("mail", "post")
    return given.actor("olga", ("shop", Role.OWNER))


def touching(actor: Any, **said: Any) -> Window:
    """Of the shop, and it touches the mail of the team post; four days ahead."""
    window = given.window(actor, starts_at=given.soon(96), **said)
    mail = given.service("mail", "post")
    window.scopes.create(service=mail, environment="production", region="r1", layer="L4", reserved=window.scopes.get().reserved)
    return window


def test_x06_a_window_is_followed_from_its_request_to_its_being_called_off(olga: Any) -> None:
    window = touching(olga)
    assert heard() == [], "a draft is told to nobody"
    window = request_window(olga, window.pk)
    when = f"{window.starts_at:%Y-%m-%d %H:%M} UTC"
    assert heard() == [(f"{one}@example.org", f"is asked for, {when}") for one in ("mia", "otto")]
    later = window.starts_at + timedelta(hours=2)
    window = amend_window(olga, window.pk, {"starts_at": later, "ends_at": later + timedelta(hours=1)}, window.version)
    assert heard() == [(f"{one}@example.org", f"moved to {later:%Y-%m-%d %H:%M} UTC") for one in ("mia", "otto")]
    window = amend_window(olga, window.pk, {"title": "Better words"}, window.version)
    assert heard() == [], "only a move is told"
    cancel_window(olga, window.pk, "Not needed.")
    assert [who for who, said in heard() if said == "will not take place"] == ["mia@example.org", "otto@example.org"]
    last = Message.objects.filter(dedup_key__startswith="notice:").latest("pk")
    assert "Why: Not needed." in last.body and (last.urgency, last.window) == ("notice", window.reference)
    told = AuditEntry.objects.filter(kind="notice.sent").values_list("data__what", flat=True).order_by("pk")
    assert list(told) == ["planned", "moved", "called_off"]


def test_x06_what_was_read_is_not_told_again_and_one_that_fails_holds_up_no_other(olga: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    window = touching(olga)
    request_window(olga, window.pk)
    with transaction.atomic():
        record("window.cancelled", ENGINE, "MW-999999", window="MW-999999")
    tell, broken = following.tell_change, [True]

    def once_broken(group: Any) -> int:
        if broken.pop() if broken else False:
            raise ValueError("broken")
        return tell(group)

    other = given.window(olga, "baskets", starts_at=given.soon(120))
    request_window(olga, other.pk)
    monkeypatch.setattr(following, "tell_change", once_broken)
    assert len(heard()) == 2, "of the second"
    assert heard() == []


def test_x06_start_overrun_and_end_are_told_and_who_is_paged_hears_no_second_time(olga: Any, no_broker: None) -> None:
    given.person("ida", ("post", Role.OWNER))
    run = given_runs.run_of(given_runs.step())
    mail = given.service("mail", "post")
    window = run.window
    window.scopes.create(service=mail, environment="production", region="r1", layer="L4", reserved=window.scopes.first().reserved)
    for name, urgencies in (("both", ["page", "notice"]), ("calm", ["notice"])):
        Channel.objects.create(team="post", kind="slack", name=name, address="https://chat.example.org/x", urgencies=urgencies)
    heard()
    Message.objects.all().delete()
    report_overrun(run.pk)
    assert {one.recipient for one in Message.objects.all()} >= {"mia@example.org", "otto@example.org", "both"}
    assert heard() == [("calm", "is not over at its end"), ("ida@example.org", "is not over at its end")]


def test_x06_how_it_ended_is_told(olga: Any, no_broker: None) -> None:
    run = given_runs.run_of(given_runs.step())
    heard()
    with transaction.atomic():
        run = Run.objects.select_related("window").get(pk=run.pk)
        become(run, RunStatus.ROLLING_BACK, ENGINE, reason="It hurt.", now=clock())
        become(run, RunStatus.ROLLED_BACK, ENGINE, reason="It hurt.", now=clock())
    assert ("otto@example.org", "has ended") in heard()
    assert "has ended: rolled back" in Message.objects.latest("pk").title


def test_x06_of_a_confidential_window_nothing_leaves_its_circle(olga: Any) -> None:
    Channel.objects.create(team="shop", kind="slack", name="shop", address="https://chat.example.org/x", urgencies=["notice"])
    window = touching(olga, confidential=True)
    window.scopes.filter(service__slug="mail").delete()
    request_window(olga, window.pk)
    assert [who for who, _ in heard()] == ["mia@example.org", "otto@example.org"], (
        "on call for it: they may see it; the channel is read by more"
    )


def test_x06_a_series_called_off_in_one_act_is_one_message(olga: Any) -> None:
    first = given.window(olga, starts_at=given.soon(96))
    series = create_series(olga, first.pk, Pattern(rrule="FREQ=WEEKLY;COUNT=4"), first.version)
    request_following(olga, first.pk)
    assert [said for _, said in heard()] == [f"(and 3 more of its series) is asked for, {first.starts_at:%Y-%m-%d %H:%M} UTC"] * 2
    second = Window.objects.filter(series=series).order_by("starts_at")[1]
    skip_following(olga, second.pk, "Not needed.")
    found = heard()
    assert len(found) == 2 and all("2 more of its series" in said for _, said in found), found
    told = AuditEntry.objects.filter(kind="notice.sent", data__what="called_off").order_by("pk")
    assert [one.data.get("with", "") for one in told] == ["", second.reference, second.reference]


def test_x06_what_is_approved_within_a_day_is_told_by_the_notice_ahead_alone(db: None) -> None:
    heard()
    given.person("otto", ("shop", Role.ON_CALL))
    begins_now(approved())
    assert heard() == []

"""The inbox and the board: what a row says, what it costs, and many decided at once."""

from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.announcements.commands.announcing import announce
from windows.announcements.commands.components import publish_service
from windows.approvals.commands import amend_window, decide, request_window
from windows.approvals.models import Policy
from windows.approvals.queries import waiting_count
from windows.approvals.queries.dossiers import dossiers
from windows.approvals.queries.waiting import waiting_for
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
TWO = [{"role": "owner", "quorum": 1, "team": "owner"}, {"role": "sre", "quorum": 1, "team": "any"}]


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.MEMBER))


@pytest.fixture
def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


@pytest.fixture
def sam() -> Any:
    return given.actor("sam", ("platform", Role.SRE))


def asked(ada: Any, count: int = 1, **said: Any) -> list[Window]:
    Policy.objects.get_or_create(name="Two", position=1, requires=TWO)
    return [
        request_window(ada, given.window(ada, f"s{n}", **({"starts_at": given.soon(24 + 2 * n), "expected_users": 12} | said)).pk)
        for n in range(count)
    ]


def test_n05_a_row_says_what_changed_since_somebody_signed(ada: Any, olga: Any, sam: Any) -> None:
    (window,) = asked(ada)
    decide(olga, window.pk, "approved")
    window.refresh_from_db()
    amend_window(ada, window.pk, {"mode": "offline"}, window.version)
    (row,) = dossiers(waiting_for(sam), sam, clock())
    assert row.signed == () and row.missing == ("owner of shop", "sre")
    assert row.earlier is not None and row.earlier.names == ("Olga",) and row.earlier.status == "lapsed"
    assert row.earlier.changed == ({"field": "mode", "before": "degraded", "after": "offline"},)
    assert row.risks[0].text == "Users get nothing meanwhile." and row.red == 0
    page = browser(sam).get("/approvals/").content.decode()
    assert "Changed since Olga approved" in page and "<del>degraded</del>" in page and "<ins>offline</ins>" in page
    assert f'href="/windows/{window.reference}/approve?from=inbox"' in page


def test_x06_who_signs_reads_why_and_that_the_public_was_not_told(ada: Any, olga: Any) -> None:
    (window,) = asked(ada, reason="The index is bloated.", expected_impact="Slower searches.")
    (row,) = dossiers(waiting_for(olga), olga, clock())
    assert row.red == 0
    publish_service(olga, "s0", name="Orders")
    (row,) = dossiers(waiting_for(olga), olga, clock())
    assert [one.name for one in row.checks if one.verdict == "fail"] == ["Announcement"]
    told = "The public knows s0 and was not told: no run begins before the window is announced."
    for address in ("/approvals/", f"/windows/{window.reference}/approve"):
        page = browser(olga).get(address).content.decode()
        assert "The index is bloated." in page and "Slower searches." in page and told in page, address
    announce(olga, window.reference, title="Slower", text="Searches take longer.")
    assert told not in browser(olga).get("/approvals/").content.decode()


def test_failures_on_the_service_are_counted_set_wise(ada: Any, olga: Any) -> None:
    asked(ada)
    old = given.window(ada, "s0", starts_at=given.soon(500))
    Window.objects.filter(pk=old.pk).update(status="failed", ended_at=clock())
    (row,) = dossiers(waiting_for(olga), olga, clock())
    assert any(one.text.startswith("1 window on S0 failed") for one in row.risks)


def test_the_inbox_and_the_rail_cost_the_same_for_one_and_for_many(
    ada: Any, olga: Any, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    asked(ada, 12)
    with django_assert_num_queries(2):
        assert waiting_count(olga) == 12
    with django_assert_max_num_queries(24):
        assert len(dossiers(waiting_for(olga), olga, clock())) == 12
    assert '<span class="count">12<span class="vh"> waiting for you' in browser(olga).get("/flags/").content.decode()
    assert waiting_count(ada) == 0


def test_policies_that_ask_for_an_order_cost_two_statements_more_in_all(ada: Any, olga: Any, django_assert_max_num_queries: Any) -> None:
    in_order = [place | {"turn": turn} for turn, place in enumerate(TWO, 1)]
    Policy.objects.create(name="One after the other", position=0, requires=in_order)
    asked(ada, 12)
    with django_assert_max_num_queries(4):
        assert waiting_count(olga) == 12


def test_who_may_not_see_or_sign_counts_nothing(ada: Any, olga: Any, sam: Any) -> None:
    (window,) = asked(ada, confidential=True)
    assert (waiting_count(olga), waiting_count(sam)) == (1, 1)
    assert waiting_count(given.actor("eve", ("find", Role.OWNER))) == 0
    decide(olga, window.pk, "approved")
    assert waiting_count(olga) == 0
    page = browser(given.actor("eve", ("find", Role.OWNER))).get("/approvals/board").content.decode()
    assert f">{window.reference}<" not in page and f"/windows/{window.reference}" not in page


def test_a_decision_from_the_inbox_leads_back_to_it(ada: Any, olga: Any) -> None:
    (window,) = asked(ada)
    answer = browser(olga).post(f"/windows/{window.reference}/approve?from=inbox", {"reason": "Fine."})
    assert answer["Location"] == "/approvals/"


def test_the_board_decides_each_by_itself(ada: Any, olga: Any, sam: Any) -> None:
    first, second, third = asked(ada, 3)
    decide(sam, first.pk, "approved")
    Person.objects.filter(pk=ada.person_id).update(name="Ada")
    client = browser(olga)
    decide(olga, third.pk, "rejected", "No.")  # meanwhile, in another window
    chosen = {"window": [first.reference, second.reference, third.reference, "MW-999999"], "decision": "approved"}
    page = client.post("/approvals/board", chosen).content.decode()
    assert {w.reference: Window.objects.get(pk=w.pk).status for w in (first, second, third)} == {
        first.reference: "approved", second.reference: "requested", third.reference: "rejected"
    }  # fmt: skip
    assert "Signed; others are still missing." in page and f"{third.reference} is rejected; nothing waits" in page
    assert AuditEntry.objects.filter(kind="window.approved").count() == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"decision": "approved"}, "Tick at least one window."),
        ({"decision": "maybe", "window": "MW-1"}, "Choose approve or reject."),
        ({"decision": "rejected", "window": "MW-1"}, "Say why, in a sentence"),
    ],
)
def test_the_board_refuses_what_it_cannot_read(ada: Any, olga: Any, body: dict[str, str], said: str) -> None:
    asked(ada)
    answer = browser(olga).post("/approvals/board", body)
    assert answer.status_code == 422 and said in answer.content.decode()

"""Services and teams in the browser: the list, one page of all that matters about a service, and its editing by the owning team."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.objectives.models import Objective
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Dependency, Membership, Service, Team
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    given.service("orders", regions=("r1", "r2"))
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def page(ada):
    return browser(ada)


def text(response) -> str:
    return response.content.decode()


def test_one_page_says_all_that_matters_about_a_service(ada, page) -> None:
    given.service("payments", "money")
    given.needs("orders", "payments")
    window = given.window(ada, title="Next one")
    window.status = "approved"
    window.save(update_fields=["status"])
    Objective.objects.create(
        slug="orders-reads", service="orders", environment="production", title="Orders can be read", target=Decimal("0.999"), source="push"
    )
    shown = text(page.get("/services/orders"))
    for said in ("Orders can be read", "99.9 %", "not known", window.reference, "Next one", "r1, r2", "production", "needs", "Payments"):
        assert said in shown, said
    assert '<svg class="graph"' in shown and "style=" not in shown
    assert "Orders needs" in shown and "It is needed by" in text(page.get("/services/payments"))
    assert page.get("/services/nothing").status_code == 404


def test_r_s01_windows_nobody_may_know_of_stand_on_no_service(ada) -> None:
    window = given.window(ada, title="Hidden", confidential=True)
    window.status = "approved"
    window.save(update_fields=["status"])
    eve = browser(given.actor("eve", ("find", Role.OWNER)))
    for path in ("/services/", "/services/orders", "/runbooks/"):
        assert window.reference not in text(eve.get(path)) and "Hidden" not in text(eve.get(path)), path
    assert window.reference in text(browser(ada).get("/services/"))


def test_a_window_past_its_begin_is_not_called_coming(ada, page) -> None:
    window = given.window(ada)
    Window.objects.filter(pk=window.pk).update(status="approved")
    assert "begun, not started yet" not in text(page.get("/services/"))
    now = clock()
    Window.objects.filter(pk=window.pk).update(starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=1))
    assert "begun, not started yet" in text(page.get("/services/"))
    Window.objects.filter(pk=window.pk).update(status="running")
    shown = text(page.get("/services/"))
    assert "under way" in shown and "begun, not started yet" not in shown


def test_the_owning_team_edits_and_others_are_told_who_may(ada, page) -> None:
    said = {"name": "Orders", "description": "Takes orders", "tier": "1", "monthly_active_users": "130000", "revenue_per_hour": "9,500.50"}
    said |= {"on_call_schedule_url": "", "version": "1"}
    assert page.post("/services/orders/edit", said)["Location"] == "/services/orders"
    service = Service.objects.get(slug="orders")
    assert (service.tier, service.monthly_active_users, service.revenue_per_hour) == (1, 130_000, Decimal("9500.50"))
    assert AuditEntry.objects.filter(kind="service.edited").count() == 1
    stale = page.post("/services/orders/edit", said | {"tier": "2"})
    assert stale.status_code == 412 and "Load it as it is now" in text(stale)
    eve = browser(given.actor("eve", ("shop", Role.MEMBER)))
    assert "Edit</a>" not in text(eve.get("/services/orders"))
    for answer in (eve.get("/services/orders/edit"), eve.post("/services/orders/edit", said | {"version": "2"})):
        assert answer.status_code == 403 and "Allowed:" in text(answer)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("tier", "9", "from 1 to 4"),
        ("revenue_per_hour", "lots", "Write an amount"),
        ("revenue_per_hour", "NaN", "zero or more"),
        ("monthly_active_users", "1.5", "whole number"),
        ("on_call_schedule_url", "javascript:alert(1)", "valid URL"),
        ("name", "", "blank"),
    ],
)
def test_an_error_stands_beside_its_field(page, field: str, value: str, said: str) -> None:
    whole = {
        "name": "Orders",
        "description": "kept as typed",
        "tier": "3",
        "monthly_active_users": "",
        "revenue_per_hour": "",
        "version": "1",
    }
    answer = page.post("/services/orders/edit", whole | {"on_call_schedule_url": "", field: value})
    beside = re.search(rf'id="{field}-error" role="alert">(.*?)</p>', text(answer), re.DOTALL)
    assert answer.status_code == 422 and beside and said in beside[1]
    assert "kept as typed" in text(answer)


def test_a_service_is_added_placed_linked_and_handed_over(ada, page) -> None:
    new = {
        "slug": "mail",
        "name": "Mail",
        "team": "shop",
        "tier": "4",
        "description": "",
        "monthly_active_users": "",
        "revenue_per_hour": "",
    }
    assert page.post("/services/new", new)["Location"] == "/services/mail"
    assert page.post("/services/new", new).status_code == 409
    assert page.post("/services/mail/places", {"sent": "yes", "places": ["production/r1"]}).status_code == 302
    assert "<dt>production</dt><dd>r1</dd>" in text(page.get("/services/mail"))
    assert page.post("/services/mail/places", {"sent": "yes", "places": ["moon/r1"]}).status_code == 422
    assert page.post("/services/mail/dependencies", {"depends_on": "orders"}).status_code == 302
    assert page.post("/services/mail/dependencies", {"depends_on": "mail"}).status_code == 422
    assert Dependency.objects.filter(service__slug="mail", depends_on__slug="orders").exists()
    assert page.post("/services/mail/dependencies", {"withdraw": "orders"}).status_code == 302
    assert not Dependency.objects.exists()
    given.team("find")
    assert page.post("/services/mail/hand-over", {"team": "find", "version": "1"}).status_code == 403, "it takes the right in both"
    given.person("ada", ("find", Role.OWNER))
    assert page.post("/services/mail/hand-over", {"team": "find", "version": "1"}).status_code == 302
    assert Service.objects.get(slug="mail").team.slug == "find"


def test_a_team_gives_and_takes_roles(ada, page) -> None:
    eve = given.person("eve")
    assert page.post("/teams/shop", {"person": str(eve.pk), "role": "coordinator"})["Location"] == "/teams/shop"
    assert Membership.objects.filter(person=eve, role="coordinator").exists()
    assert page.post("/teams/shop", {"person": "", "role": "member"}).status_code == 422
    assert page.post("/teams/shop", {"person": str(eve.pk), "role": "sre"}).status_code == 403
    assert page.post(f"/teams/shop/members/{eve.pk}/coordinator/take", {}).status_code == 302
    assert not Membership.objects.filter(person=eve).exists()
    assert browser(eve).post("/teams/shop", {"person": str(eve.pk), "role": "owner"}).status_code == 403
    assert page.post("/teams/new", {"slug": "x", "name": "X"}).status_code == 403
    root = browser(given.person("root", administrator=True))
    assert root.post("/teams/new", {"slug": "mail", "name": "Mail"})["Location"] == "/teams/mail"
    assert Team.objects.filter(slug="mail").exists() and "Mail" in text(page.get("/teams/"))


def test_pages_of_the_catalogue_cost_the_same_however_much_there_is(ada, page) -> None:
    costs: dict[str, list[int]] = {"/services/": [], "/services/orders": [], "/teams/": [], "/teams/shop": [], "/runbooks/": []}
    for n in (1, 7):
        for k in range(n):
            slug = f"s{n}{k}"
            given.service(slug, f"team-{n}{k}")
            given.needs("orders", slug)
            given.window(ada, "orders", starts_at=given.soon(24 * (n * 10 + k)))
            given.person(f"p{n}{k}", ("shop", Role.MEMBER))
            Objective.objects.create(
                slug=slug, service="orders", environment="production", title=slug, target=Decimal("0.99"), source="push"
            )
        for path, counted in costs.items():
            with CaptureQueriesContext(connection) as seen:
                assert page.get(path).status_code == 200
            counted.append(len(seen))
    for path, (before, after) in costs.items():
        assert before == after, (path, costs)
    assert max(after for _, after in costs.values()) <= 19, costs


def test_the_list_is_narrowed_paged_and_never_empty_without_a_word(ada, page, monkeypatch) -> None:
    monkeypatch.setattr("portal.pages.services.PAGE", 2)
    for slug in ("a", "b", "c"):
        given.service(slug, "find", tier=1)
    shown = text(page.get("/services/", {"team": "find"}))
    onward = re.search(r'href="(\?[^"]+)">Further', shown)
    assert onward and 'href="/services/c"' not in shown
    assert 'href="/services/c"' in text(page.get("/services/" + onward[1].replace("&amp;", "&")))
    assert 'href="/services/orders"' not in text(page.get("/services/", {"tier": "1"}))
    assert "No service fits that" in text(page.get("/services/", {"q": "zzz"}))
    page.cookies["environment"] = "staging"
    assert 'href="/services/orders"' not in text(page.get("/services/"))


def test_an_objective_is_promised_and_changed_by_the_team(page) -> None:
    said = {"slug": "orders-writes", "title": "Orders can be placed", "target": "99.95 %", "environment": "production", "window_days": "28"}
    said |= {"source": "push", "good": "", "total": "", "is_critical": "on"}
    assert page.post("/services/orders/objectives/new", said)["Location"] == "/services/orders"
    made = Objective.objects.get()
    assert (made.target, made.is_critical) == (Decimal("0.999500"), True)
    assert "99.95 %" in text(page.get("/services/orders"))
    assert page.post("/services/orders/objectives/new", said).status_code == 409
    assert 'value="99.95"' in text(page.get("/objectives/orders-writes/edit"))
    assert page.post("/objectives/orders-writes/edit", said | {"target": "99", "version": "1"}).status_code == 302
    assert page.post("/objectives/orders-writes/edit", said | {"version": "1"}).status_code == 412
    eve = browser(given.actor("eve", ("shop", Role.MEMBER)))
    assert eve.get("/services/orders/objectives/new").status_code == eve.post("/objectives/orders-writes/edit", said).status_code == 403
    assert page.get("/objectives/nothing/edit").status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"target": "100"}, "target"),
        ({"target": "most"}, "target"),
        ({"title": ""}, "title"),
        ({"slug": "No"}, "slug"),
        ({"window_days": "0"}, "window_days"),
        ({"source": "prometheus"}, "good"),
        ({"source": "moon"}, "source"),
    ],
)
def test_an_objective_that_cannot_be_says_why_beside_the_field(page, changed, field: str) -> None:
    said = {
        "slug": "orders-writes",
        "title": "Writes",
        "target": "99.9",
        "environment": "production",
        "window_days": "28",
        "source": "push",
    }
    answer = page.post("/services/orders/objectives/new", said | changed)
    assert answer.status_code == 422 and f'id="{field}-error"' in text(answer)
    assert not Objective.objects.exists()

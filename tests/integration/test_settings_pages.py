"""Settings in the browser: oneself, tokens and feeds shown once, freezes, policies, accounts, the role table, the defaults."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import given_windows as given
from tests.callers import Caller, browser
from windows.access.roles import Role
from windows.approvals.models import Policy
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.commands.tokens import issue_token
from windows.catalogue.models import ApiToken, Person
from windows.scheduling.models import Feed, Freeze

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"
EVERY = ("", "tokens/", "feeds/", "freezes/", "policies/", "places/", "roles", "defaults", "password", "sessions/end")


@pytest.fixture
def ada():
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def page(ada):
    return browser(ada)


@pytest.fixture
def root():
    return browser(given.person("root", administrator=True))


def text(response) -> str:
    return response.content.decode()


def beside(response, field: str) -> str:
    found = re.search(rf'id="{field}-error" role="alert">(.*?)</p>', text(response), re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize("path", EVERY)
def test_every_page_of_settings_is_there_for_everybody(page, path: str) -> None:
    answer = page.get(f"/settings/{path}")
    assert answer.status_code == 200 and "style=" not in text(answer) and "<script>" not in text(answer)


def test_r_s12_a_token_is_shown_once_works_and_is_revoked(ada, page) -> None:
    said = {"name": "Pipeline", "days": "7", "scopes": ["read", "start"], "form_token": "t"}
    made = page.post("/settings/tokens/", said)
    raw = re.search(r"rw_[\w-]{43}", text(made))
    assert raw and made["Cache-Control"] == "no-store"
    assert Caller(raw[0]).get("/windows").status_code == 200
    listed = text(page.get("/settings/tokens/"))
    assert raw[0] not in listed and raw[0][:8] in listed
    assert raw[0] not in text(page.post("/settings/tokens/", said)) and ApiToken.objects.count() == 1, "the same click again"
    token = ApiToken.objects.get()
    eve = browser(given.actor("eve", ("shop", Role.OWNER)))
    assert eve.post(f"/settings/tokens/{token.pk}/revoke").status_code == 404
    assert page.post(f"/settings/tokens/{token.pk}/revoke").status_code == 302
    assert Caller(raw[0]).get("/windows").status_code == 401


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"days": "9999"}, "days"),
        ({"days": "x"}, "days"),
    ],
)
def test_a_token_that_cannot_be_says_why_beside_the_field(page, changed, field: str) -> None:
    answer = page.post("/settings/tokens/", {"name": "Pipeline", "days": "7", "scopes": ["read"]} | changed)
    assert answer.status_code == 422 and beside(answer, field)
    assert not ApiToken.objects.exists()


def test_r_s19_a_feeds_address_is_shown_once_read_without_a_session_and_revoked(ada, page) -> None:
    made = page.post("/settings/feeds/", {"kind": "team", "team": "shop"})
    address = re.search(r"/feeds/[\w-]{43}\.ics", text(made))
    assert address and made["Cache-Control"] == "no-store"
    assert "never read" in text(page.get("/settings/feeds/"))
    assert Client().get(address[0]).status_code == 200
    listed = text(page.get("/settings/feeds/"))
    assert "last read" in listed and address[0] not in listed
    assert page.post(f"/settings/feeds/{Feed.objects.get().pk}/revoke").status_code == 302
    assert Client(raise_request_exception=False).get(address[0]).status_code == 404
    assert beside(page.post("/settings/feeds/", {"kind": "team"}), "team")
    assert beside(page.post("/settings/feeds/", {"kind": "moon"}), "kind")


def test_a_freeze_is_declared_seen_and_ended_with_a_reason(ada, page) -> None:
    begins = clock() + timedelta(days=3)
    said = {"title": "Peak", "severity": "hard", "on_running": "hold", "reason": "Sales", "teams": ["shop"]}
    said |= {"starts_at": f"{begins:%Y-%m-%dT%H:%M}", "ends_at": f"{begins + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    backwards = page.post("/settings/freezes/new", said | {"ends_at": said["starts_at"]})
    assert backwards.status_code == 422 and beside(backwards, "ends_at") and 'value="Peak"' in text(backwards)
    assert beside(page.post("/settings/freezes/new", said | {"starts_at": "soon"}), "starts_at")
    assert page.post("/settings/freezes/new", said).status_code == 302
    assert "Peak" in text(page.get("/settings/freezes/"))
    freeze = Freeze.objects.get()
    assert page.post(f"/settings/freezes/{freeze.pk}/end", {"reason": ""}).status_code == 422
    assert page.post(f"/settings/freezes/{freeze.pk}/end", {"reason": "Over early"}).status_code == 302
    assert AuditEntry.objects.get(kind="freeze.lifted").data["reason"] == "Over early"
    eve = browser(given.actor("eve", ("shop", Role.MEMBER)))
    assert eve.get("/settings/freezes/new").status_code == 403
    assert eve.post(f"/settings/freezes/{freeze.pk}/end", {"reason": "x"}).status_code == 403
    assert page.post("/settings/freezes/new", said | {"teams": []}).status_code == 403, "everything takes an SRE"


POLICY = {"name": "Four eyes", "position": "5", "is_enabled": "on", "service": "", "team": "", "expected_users_at_least": ""} | {
    f"{part}_{n}": {"role": "", "quorum": "1", "of": "owner", "turn": "1"}[part]
    for n in range(1, 6)
    for part in ("role", "quorum", "of", "turn")
}


def test_a_policy_s_hours_lead_time_and_budget_are_written_and_read_in_words(page, root) -> None:
    said = POLICY | {
        "budget_percent": "25", "match_days": ["SA", "SU"], "match_opens": "22:00", "match_closes": "06:00", "lead_hours": "72",
        "bounds_opens": "20:00", "bounds_closes": "08:00", "bounds_timezone": "Europe/Berlin", "else_role": "sre", "role_1": "owner",
    }  # fmt: skip
    assert root.post("/settings/policies/new", said).status_code == 302
    policy = Policy.objects.get()
    night = {"days": ["SA", "SU"], "opens": "22:00", "closes": "06:00", "timezone": "UTC"}
    assert policy.match == {"budget_left_below": 0.25, "hours": night}
    hours = {"days": [], "opens": "20:00", "closes": "08:00", "timezone": "Europe/Berlin"}
    assert policy.bounds == {"lead_hours": 72, "hours": hours, "else_role": "sre"}
    words = text(page.get("/settings/policies/"))
    assert (
        "less than 25 % of the error budget left" in words and "asked for 72 hours before it begins" in words and "else SRE signs" in words
    )
    form = text(root.get(f"/settings/policies/{policy.pk}"))
    assert 'value="72"' in form and 'name="match_days" value="SA" checked' in form
    for wrong, at in (
        ({"match_closes": ""}, "match_closes"),
        ({"bounds_timezone": "Berlin"}, "bounds_timezone"),
        ({"lead_hours": "0"}, "lead_hours"),
    ):
        answer = root.post(f"/settings/policies/{policy.pk}", said | wrong)
        assert answer.status_code == 422 and f'id="{at}-error"' in text(answer), wrong


def test_a_policy_is_written_read_in_words_edited_and_removed(page, root) -> None:
    said = POLICY | {
        "tier": ["1", "2"],
        "environment": ["production"],
        "role_1": "owner",
        "role_2": "sre",
        "quorum_2": "2",
        "of_2": "any",
        "turn_2": "2",
    }
    assert root.post("/settings/policies/new", said).status_code == 302
    policy = Policy.objects.get()
    assert policy.match == {"tier": [1, 2], "environment": ["production"]}
    assert policy.requires == [{"role": "owner", "quorum": 1, "team": "owner"}, {"role": "sre", "quorum": 2, "team": "any", "turn": 2}]
    words = text(page.get("/settings/policies/"))
    assert "tier 1 or 2; environment production" in words and "1 × owner of the owning team; then 2 × SRE" in words
    assert "Add a policy" not in words
    form = text(root.get(f"/settings/policies/{policy.pk}"))
    assert 'name="tier" value="2" checked' in form
    assert (
        root.post(f"/settings/policies/{policy.pk}", said | {"service": "orders, payments", "separate_executor": "on"}).status_code == 302
    )
    policy.refresh_from_db()
    assert policy.match["service"] == ["orders", "payments"] and policy.separate_executor
    assert page.post(f"/settings/policies/{policy.pk}", said).status_code == 403
    assert root.post(f"/settings/policies/{policy.pk}/remove").status_code == 302
    assert not Policy.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"position": "-1"}, "position"),
        ({"tier": ["9"]}, "tier"),
        ({"mode": ["odd"]}, "mode"),
        ({"role_2": "viewer"}, "role_2"),
        ({"role_2": "sre", "quorum_2": "99"}, "quorum_2"),
        ({"role_2": "sre", "turn_2": "10"}, "turn_2"),
        ({"role_2": "sre", "of_2": "mars"}, "of_2"),
    ],
)
def test_a_policy_that_cannot_be_says_why_beside_the_field(root, changed, field: str) -> None:
    answer = root.post("/settings/policies/new", POLICY | changed)
    assert answer.status_code == 422 and beside(answer, field)
    assert not Policy.objects.exists()


def test_one_changes_ones_name_zone_and_password(ada, page) -> None:
    assert page.post("/settings/", {"name": "Ada L.", "timezone": "Europe/Oslo"}).status_code == 302
    assert "Ada L." in text(page.get("/settings/"))
    assert beside(page.post("/settings/", {"name": "Ada", "timezone": "Mars/Base"}), "timezone")
    person = Person.objects.get(pk=ada.person_id)
    person.set_password(PASSWORD)
    person.save()
    page.force_login(person)
    assert beside(page.post("/settings/password", {"present": "wrong", "password": PASSWORD + "2"}), "present")
    assert beside(page.post("/settings/password", {"present": PASSWORD, "password": "short"}), "password")
    assert page.post("/settings/password", {"present": PASSWORD, "password": PASSWORD + "2"})["Location"] == "/sign-in/"
    assert page.get("/settings/").status_code == 302, "this session ended too"
    person.refresh_from_db()
    assert person.check_password(PASSWORD + "2")


def test_accounts_are_an_administrators(page, root) -> None:
    for path in ("/settings/people/", "/settings/people/new"):
        assert page.get(path).status_code == 403
    assert root.post("/settings/people/new", {"name": "Eve", "email": "eve@example.org", "password": PASSWORD}).status_code == 302
    eve = Person.objects.get(name="Eve")
    assert beside(root.post("/settings/people/new", {"name": "E", "email": "eve@example.org", "password": PASSWORD}), "email")
    assert root.post(f"/settings/people/{eve.pk}/close", {"reason": ""}).status_code == 422
    assert root.post(f"/settings/people/{eve.pk}/close", {"reason": "left"}).status_code == 302
    eve.refresh_from_db()
    assert not eve.is_active and "Open again" in text(root.get("/settings/people/"))
    assert root.post(f"/settings/people/{eve.pk}/open").status_code == 302


def test_the_role_table_and_the_defaults_are_those_of_the_code(page, settings) -> None:
    row = re.search(r"<tr><th scope=\"row\">Set a flag.*?</th>(.*?)</tr>", text(page.get("/settings/roles")), re.DOTALL)
    assert row and re.findall(r'class="vh">(yes|no)<', row[1]) == ["no", "no", "no", "yes", "no", "yes", "no"]
    shown = text(page.get("/settings/defaults"))
    assert "ROADWORKS_LONGEST_WINDOW" in shown and "8 h" in shown


def test_lists_cost_the_same_however_long_they_are(ada, page, root) -> None:
    costs: dict[str, list[int]] = {f"/settings/{path}": [] for path in (*EVERY, "people/")}
    for n in (1, 5):
        for k in range(n):
            issue_token(given.actor("ada", ("shop", Role.OWNER)), f"t{n}{k}", ["read"], clock() + timedelta(days=1))
            Feed.objects.create(person_id=ada.person_id, kind="all", digest=f"{n}{k}")
            Policy.objects.create(name=f"p{n}{k}", position=k)
            given.person(f"p{n}{k}", (f"team-{n}{k}", Role.MEMBER), ("shop", Role.MEMBER))
            begins = clock() + timedelta(days=1)
            Freeze.objects.create(
                title="x", starts_at=begins, ends_at=begins + timedelta(days=1), created_by_id=ada.person_id, severity="hard"
            )
        for path, counted in costs.items():
            with CaptureQueriesContext(connection) as seen:
                assert (root if "people" in path else page).get(path).status_code == 200
            counted.append(len(seen))
    for path, (before, after) in costs.items():
        assert before == after <= 12, (path, costs)


def test_one_signs_out_everywhere_and_programs_go_on(ada) -> None:
    here, there = browser(ada), browser(ada)
    _, raw = issue_token(ada, "CI", ["read"], clock() + timedelta(days=1))
    assert here.post("/settings/sessions/end")["Location"] == "/sign-in/"
    assert [one.get("/settings/").status_code for one in (here, there)] == [302, 302]
    assert Caller(raw).get("/windows").status_code == 200
    assert AuditEntry.objects.get(kind="person.signed_out").actor == "Ada"


def test_environments_and_regions_are_named_by_those_who_may(page) -> None:
    sam = browser(given.actor("sam", ("infra", Role.SRE)))
    said = {"kind": "environment", "slug": "canary", "name": "Canary", "production": "on"}
    assert sam.post("/settings/places/", said)["Location"] == "/settings/places/"
    assert sam.post("/settings/places/", {"kind": "region", "slug": "eu-9", "name": "Nine"}).status_code == 302
    shown = text(page.get("/settings/places/"))
    assert "Canary" in shown and "eu-9" in shown and "Add one" not in shown
    assert beside(sam.post("/settings/places/", said | {"slug": "No Slug"}), "slug")
    assert page.post("/settings/places/", said).status_code == 403

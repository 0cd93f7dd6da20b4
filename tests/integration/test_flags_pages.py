"""Flags in the browser: what is set and who holds it; set and cleared by hand with a reason, compare-and-set; nodes and their tokens."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import ENGINE, Role
from windows.audit.models import AuditEntry
from windows.flags.commands import post_receipt, register_node, set_flag
from windows.flags.models import Flag, FlagVersion, Node
from windows.flags.routing import FlagKey

pytestmark = pytest.mark.django_db
HERE = "/flags/orders/production"
SAID = {
    "mode": "read_only",
    "minutes": "30",
    "reason": "Writes corrupt totals",
    "message": "Back soon",
    "retry_after": "60",
    "expected": "0",
}


@pytest.fixture
def ada():
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def page(ada):
    return browser(ada)


def text(response) -> str:
    return response.content.decode()


def test_n02_a_flag_is_set_by_hand_with_a_reason_and_cleared_with_another(ada, page) -> None:
    assert page.post(f"{HERE}/set", SAID)["Location"] == HERE
    flag = Flag.objects.get()
    assert (flag.mode, flag.payload) == ("read_only", {"message": "Back soon", "retry_after": 60})
    entry = AuditEntry.objects.get(kind="flag.set")
    assert entry.data["reason"] == "Writes corrupt totals" and entry.actor == "Ada" and entry.request_id
    shown = text(page.get(HERE))
    assert "Read-only" in shown and "Writes corrupt totals" in shown and "Back soon" in shown
    assert "It says read-only at version 1" in text(page.get(f"{HERE}/clear"))
    assert page.post(f"{HERE}/clear", {"expected": "1", "reason": "Mended"})["Location"] == HERE
    flag.refresh_from_db()
    assert (flag.mode, flag.version) == ("normal", 2)
    assert "Mended" in text(page.get(HERE))


@pytest.mark.parametrize(
    ("changed", "at", "said"),
    [
        ({"reason": ""}, "reason", "Say why"),
        ({"minutes": "0"}, "minutes", "from 1 to"),
        ({"minutes": "١٢"}, "minutes", "whole number"),
        ({"retry_after": "-1"}, "retry_after", "whole number"),
        ({"mode": "odd"}, "mode", "is no mode"),
    ],
)
def test_what_was_typed_stays_and_the_error_stands_beside_its_field(page, changed, at: str, said: str) -> None:
    answer = page.post(f"{HERE}/set", SAID | changed)
    assert answer.status_code == 422
    beside = re.search(rf'<p class="error" id="{at}-error" role="alert">(.*?)</p>', text(answer), re.DOTALL)
    assert beside and said in beside[1]
    assert "Back soon" in text(answer)
    assert not FlagVersion.objects.exists()


def test_who_sets_what_somebody_changed_meanwhile_is_told(ada, page) -> None:
    set_flag(ENGINE, FlagKey("orders", "production"), "degraded")
    answer = page.post(f"{HERE}/set", SAID)
    assert answer.status_code == 409 and "is at version 1 (degraded" in text(answer)
    assert page.post(f"{HERE}/clear", {"expected": "0", "reason": "x"}).status_code == 409
    assert Flag.objects.get().mode == "degraded"


def test_a_part_is_set_and_cleared_apart_from_the_whole(page) -> None:
    assert "region" in text(page.get(f"{HERE}/set"))
    assert page.post(f"{HERE}/set", SAID | {"region": "r1", "layer": "L3"}).status_code == 302
    assert str(Flag.objects.get()) == "orders/production/r1/L3/*"
    shown = text(page.get(HERE))
    assert "Region r1, layer L3" in shown and "clear?region=r1&amp;layer=L3" in shown
    assert page.get(f"{HERE}/set?region=Not%20a%20slug").status_code == 422


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.ON_CALL, Role.COORDINATOR])
def test_who_may_not_is_told_before_typing_and_refused_after(role: Role, ada) -> None:
    eve = browser(given.actor("eve", ("shop", role)))
    assert "Set by hand" not in text(eve.get(HERE))
    for answer in (eve.get(f"{HERE}/set"), eve.post(f"{HERE}/set", SAID)):
        assert answer.status_code == 403 and "Allowed: owner, sre" in text(answer)
    assert not Flag.objects.exists()


def test_laggards_are_named_and_counted(ada, page) -> None:
    tokens = {}
    for name in ("n1", "n2", "n3"):
        _, tokens[name] = register_node(ada, service="orders", environment="production", region="r1", name=name)
    change = set_flag(ENGINE, FlagKey("orders", "production"), "read_only")
    for name in ("n1", "n2"):
        post_receipt(tokens[name], change.global_version, "read_only", echo=change.echo)
    for path in (HERE, "/flags/"):
        shown = text(page.get(path))
        assert "2/3" in shown and re.search(r"[Ww]aiting for n3", shown), path


def test_r_s01_a_confidential_windows_flag_names_no_window(ada) -> None:
    window = given.window(ada, confidential=True)
    set_flag(ENGINE, FlagKey("orders", "production"), "read_only", window=window.reference, confidential=True)
    eve = browser(given.actor("eve", ("find", Role.OWNER)))
    for path in (HERE, "/flags/", "/services/orders", "/services/"):
        assert window.reference not in text(eve.get(path)), path


def test_r_s12_a_nodes_token_is_shown_once_and_the_node_retired(ada, page) -> None:
    answer = page.post(f"{HERE}/node", {"name": "n1", "region": "r1", "form_token": "once"})
    raw = re.search(r"rwn_[\w-]{43}", text(answer))
    assert answer.status_code == 200 and raw and answer["Cache-Control"] == "no-store"
    again = page.post(f"{HERE}/node", {"name": "n1", "region": "r1", "form_token": "once"})
    assert raw[0] not in text(again) and Node.objects.count() == 1
    assert page.post(f"{HERE}/node", {"name": "n1", "region": "r1"}).status_code == 409
    node = Node.objects.get()
    assert page.post(f"/nodes/{node.pk}/retire", {})["Location"] == HERE
    node.refresh_from_db()
    assert node.retired_at is not None


def test_empty_pages_say_what_to_do_and_a_place_that_is_none_is_404(page) -> None:
    assert "No flag was set yet" in text(page.get("/flags/"))
    assert "every service runs as normal" in text(page.get("/flags/?show=set"))
    assert page.get("/flags/nothing/production").status_code == 404
    assert page.get("/flags/orders/moon").status_code == 404
    assert page.get("/flags/*/*").status_code == 200


def test_pages_of_flags_cost_the_same_however_many_there_are(ada, page) -> None:
    counted: dict[str, list[int]] = {"/flags/": [], HERE: []}
    for n in (1, 6):
        for k in range(n):
            slug = f"s{n}{k}"
            given.service(slug)
            set_flag(ENGINE, FlagKey(slug, "production"), "degraded")
            register_node(ada, service=slug, environment="production", region="r1", name="n")
            register_node(ada, service="orders", environment="production", region="r1", name=f"n{n}{k}")
            set_flag(ENGINE, FlagKey("orders", "production"), "degraded" if k % 2 else "throttled")
        for path, costs in counted.items():
            with CaptureQueriesContext(connection) as seen:
                assert page.get(path).status_code == 200
            costs.append(len(seen))
    assert counted["/flags/"][0] == counted["/flags/"][1] <= 12, counted
    assert counted[HERE][0] == counted[HERE][1] <= 14, counted


def test_the_list_goes_on_where_it_ended(page, monkeypatch) -> None:
    monkeypatch.setattr("windows.flags.views.flags.PAGE", 2)
    for n in range(5):
        set_flag(ENGINE, FlagKey(f"s{n}", "production"), "degraded" if n == 4 else "normal")
    seen, path = [], "/flags/"
    for _ in range(3):
        shown = text(page.get(path))
        seen += re.findall(r'href="/flags/(s\d)/production"', shown)
        onward = re.search(r'href="(\?cursor=[^"]+)">Further', shown)
        path = f"/flags/{onward[1]}" if onward else ""
    assert seen == ["s4", "s0", "s1", "s2", "s3"], "what is set comes first, and nothing twice"


def test_the_nodes_follow_live_and_unchanged_ones_are_answered_304(ada, page) -> None:
    _, token = register_node(ada, service="orders", environment="production", region="r1", name="n1")
    change = set_flag(ENGINE, FlagKey("orders", "production"), "read_only")
    first = page.get(f"{HERE}/nodes")
    assert "Waiting for n1" in text(first) and "<html" not in text(first)
    assert page.get(f"{HERE}/nodes", headers={"If-None-Match": first["ETag"]}).status_code == 304
    post_receipt(token, change.global_version, "read_only", echo=change.echo)
    again = page.get(f"{HERE}/nodes", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200 and "Waiting" not in text(again) and "just now" in text(again)

"""The ledger and the channels as a stranger's program sees them: described by the schema, guarded by the roles, a page at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import caller, stranger
from tests.given_alerts import SLOW, alert, heard, open_window
from windows.access.roles import Role
from windows.audit.models import AuditEntry
from windows.delivery.models import Channel, Message
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db(transaction=True)
HOOK = {"team": "shop", "kind": "webhook", "name": "Ours", "address": "https://hooks.example/x", "urgencies": ["page", "ticket"]}


def operations(program: Any) -> dict[str, str]:
    """Operation → path, as a client that knows nothing but the schema finds them."""
    paths = program.get("/api/schema/").json()["paths"]
    return {how["operationId"]: path for path, verbs in paths.items() for how in verbs.values() if "operationId" in how}


def test_f03_a_program_reads_what_was_not_paged_and_why() -> None:
    run = open_window(SLOW)
    heard(alert("OrdersSlow"), alert("OrdersDown"), alert("MailDown", service="mail"))
    reader = caller(given.person("vic", ("post", Role.VIEWER)), "read")
    there = operations(reader)["list_alerts"]
    first = reader.get(f"{there}?limit=2").json()
    rest = reader.get(f"{there}?limit=2&cursor={first['next_cursor']}").json()
    assert {one["name"] for one in first["items"] + rest["items"]} == {"OrdersSlow", "OrdersDown", "MailDown"} and not rest["next_cursor"]
    (quiet,) = reader.get(f"{there}?why=not_paged&window={run.window.reference}").json()["items"]
    assert (quiet["name"], quiet["action"], quiet["is_expected"]) == ("OrdersSlow", "ticket", True)
    assert "the index is rebuilt" in quiet["reasons"][-1] and [one["kind"] for one in quiet["facts"]] == ["fired"]
    assert reader.get(operations(reader)["read_alert"].replace("{alert_id}", str(quiet["id"]))).json() == quiet


def test_a_filter_that_does_not_exist_is_refused_and_a_list_costs_the_same_however_long(django_assert_max_num_queries: Any) -> None:
    heard(*(alert(f"Down{n}") for n in range(30)))
    reader = caller(given.person("vic", ("post", Role.VIEWER)))
    assert reader.get("/alerts?servce=orders").status_code == 422
    refused = reader.get("/alerts?state=open")
    assert refused.status_code == 422 and "firing, resolved" in refused.content.decode()
    assert stranger().get("/alerts").status_code == 401
    with django_assert_max_num_queries(8):
        assert len(reader.get("/alerts").json()["items"]) == 30


def test_alerts_of_a_confidential_window_are_for_its_own_people() -> None:
    run = open_window(confidential=True)
    Window.objects.filter(pk=run.window_id).update(confidential=True)
    heard(alert("Secret"))
    own, other = caller(given.person("olga", ("shop", Role.OWNER))), caller(given.person("vic", ("post", Role.VIEWER)))
    (one,) = own.get("/alerts").json()["items"]
    assert other.get("/alerts").json()["items"] == [] and other.get(f"/alerts/{one['id']}").status_code == 404


def test_a_program_adds_tries_and_ends_a_channel_and_is_told_its_secret_once() -> None:
    olga = given.person("olga", ("shop", Role.OWNER))
    program = caller(olga)
    known = operations(program)
    assert {"list_channels", "add_channel", "read_channel", "try_channel", "end_channel"} <= set(known)
    made = program.post(known["add_channel"], HOOK)
    assert made.status_code == 201 and made["Cache-Control"] == "no-store" and made.json()["secret"].startswith("whsec_")
    here = made["Location"]
    assert "secret" not in program.get(here).json() and made.json()["secret"] not in program.get("/channels").content.decode()
    assert program.post(f"{here}/try").status_code == 200
    assert Message.objects.get().title == "A try of this channel"
    assert program.get(here).json()["last_message"]["status"] == "queued"
    assert program.post(f"{here}/end").json()["ended_because"] == "Ended by Olga."
    assert program.post(f"{here}/end").status_code == 404
    assert [one.kind for one in AuditEntry.objects.filter(kind__startswith="channel.").order_by("pk")] == [
        "channel.added", "channel.tried", "channel.ended",
    ]  # fmt: skip


def test_channels_are_for_their_team_and_what_is_no_channel_is_refused_by_its_field() -> None:
    olga, vic = given.person("olga", ("shop", Role.OWNER)), given.person("vic", ("shop", Role.VIEWER))
    eve = given.person("eve", ("post", Role.OWNER))
    here = caller(olga).post("/channels", HOOK)["Location"]
    assert caller(vic).get(here).status_code == 200 and caller(vic).post(f"{here}/end").status_code == 403
    assert caller(eve).get(here).status_code == 404 and caller(eve).get("/channels").json()["items"] == []
    assert caller(eve).post("/channels", HOOK).status_code == 403
    for field, wrong in {"kind": "pigeon", "address": "ftp://x", "urgencies": ["loud"], "made_by": "me"}.items():
        refused = caller(olga).post("/channels", HOOK | {field: wrong})
        assert refused.status_code == 422 and field in refused.content.decode()
    assert caller(olga, "read").post("/channels", HOOK).status_code == 403, "a token has only its scopes"
    assert Channel.objects.count() == 1

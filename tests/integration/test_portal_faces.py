"""Feeds over HTTP, the figures for Prometheus, health, pages at a constant number of queries."""

import json

import pytest
from django.test import Client
from icalendar import Calendar

from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser, caller
from windows.access.roles import ENGINE, Role
from windows.approvals.commands import request_window
from windows.audit.commands import record, record_all
from windows.catalogue.models import Person
from windows.scheduling.commands.feeds import issue_feed, revoke_feed
from windows.scheduling.models import Feed

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def test_r_s19_a_feed_is_private_conditional_and_gone_once_revoked(ada) -> None:
    window = given.window(ada)
    request_window(ada, window.pk)
    made = json.loads(browser(ada).post("/api/v1/feeds", {"kind": "all"}, content_type="application/json").content)
    path = made["address"].removeprefix("http://127.0.0.1:8000")
    client = Client(raise_request_exception=False)
    first = client.get(path)
    assert first.status_code == 200
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert first["Cache-Control"] == "private, no-cache"
    assert first["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in first
    assert [str(event["SUMMARY"]) for event in Calendar.from_ical(first.content).walk("VEVENT")]
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert client.get(path, headers={"If-None-Match": f'W/{first["ETag"]}, "x"'}).status_code == 304
    assert client.get(path, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    assert client.get(path, headers={"If-Modified-Since": "nonsense"}).status_code == 200
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
    revoke_feed(ada, Feed.objects.get().pk)
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 404
    assert client.get("/feeds/never-was.ics").status_code == 404


def test_r_s18_a_feed_address_is_not_logged(ada, caplog) -> None:
    from portal.logs import RequestIdFilter

    _, raw = issue_feed(ada, "all")
    revoke_feed(ada, Feed.objects.get().pk)
    Client(raise_request_exception=False).get(f"/feeds/{raw}.ics")
    told = [line for line in caplog.records if "feeds" in line.getMessage()]
    assert told, "the 404 is logged at all"
    for line in told:
        RequestIdFilter().filter(line)
        assert raw not in line.getMessage()


def test_live_windows_are_told_to_prometheus(ada, client) -> None:
    run = runs.run_of(runs.step(), window=given.window(ada))
    text = client.get("/metrics").content.decode()
    line = next(line for line in text.splitlines() if line.startswith("maintenance_window_active{"))
    for label in (
        f'window="MW-{run.window_id}"',
        'service="orders"',
        'environment="production"',
        'region="r1"',
        'layer="L3"',
        "owner=",
        "step=",
    ):
        assert label in line
    assert line.endswith(" 1.0")
    assert 'roadworks_runs{status="running"} 1.0' in text
    assert 'roadworks_runs{status="succeeded"}' not in text, "what is over is not counted at each scrape"
    assert 'roadworks_windows{status="completed"}' not in text and 'roadworks_messages{status="delivered"}' not in text
    assert "roadworks_doorbell_failures_total" in text
    assert "roadworks_flag_version 0.0" in text


def test_figures_are_for_this_machine_or_for_who_has_the_token(client, settings) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    settings.METRICS_TOKEN = "s3cret-token-for-scrapes"
    assert client.get("/metrics").status_code == 404
    scraper = {"Authorization": "Bearer s3cret-token-for-scrapes"}
    assert client.get("/metrics", headers=scraper, REMOTE_ADDR="192.0.2.1").status_code == 200


def test_health_is_answered_without_a_session(client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").content == b"ready\nnobody consumes: execute, sweep, measure, notify, outside\n"


@pytest.mark.parametrize(("path", "most"), [("/windows/", 8), ("/runs/", 7), ("/approvals/", 12), ("/strip", 5), ("/windows/new", 19)])
def test_a_page_costs_the_same_however_much_there_is(ada, path: str, most: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = browser(ada)

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    runs.run_of(runs.step(), window=given.window(ada))
    before = cost()
    for n in range(4):
        given.service(f"s{n}")
        runs.run_of(runs.step(), runs.step(), window=given.window(ada, f"s{n}"))
    assert cost() == before
    assert before <= most + 2, f"{path}: {before} queries"


def test_a_run_page_costs_the_same_for_two_steps_and_for_twenty(ada) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, counted = browser(ada), []
    for size in (2, 20):
        run = runs.run_of(*(runs.step() for _ in range(size)), window=given.window(ada, f"s{size}"))
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/runs/{run.pk}/panel").status_code == 200
        counted.append(len(seen))
    assert counted[0] == counted[1], counted
    print(f"a panel costs {counted[0]} queries")


def test_an_unchanged_panel_answers_304(ada) -> None:
    run = runs.run_of(runs.step(), window=given.window(ada))
    client = browser(ada)
    first = client.get(f"/runs/{run.pk}/panel")
    for _ in range(2):  # a coarse clock may have moved between the two
        again = client.get(f"/runs/{run.pk}/panel", headers={"If-None-Match": first["ETag"]})
        first = again if again.status_code == 200 else first
    assert again.status_code == 304
    assert again.content == b""
    caller(ada).post(f"/runs/{run.pk}/hold", {"reason": "look"})
    assert client.get(f"/runs/{run.pk}/panel", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_verbs_over_a_run_by_api(ada) -> None:
    run = runs.run_of(runs.step(), runs.step(), window=given.window(ada))
    api = caller(ada)
    assert json.loads(api.get(f"/runs/{run.pk}").content)["verbs"] == ["abort", "hold", "roll_back"]
    held = api.post(f"/runs/{run.pk}/hold", {"reason": "look"}, Idempotency_Key="h")
    assert json.loads(held.content)["status"] == "held"
    assert api.post(f"/runs/{run.pk}/hold", {"reason": "look"}, Idempotency_Key="h").content == held.content
    refused = api.post(f"/runs/{run.pk}/hold", {"reason": "again"})
    assert refused.status_code == 409
    assert json.loads(api.post(f"/runs/{run.pk}/skip", {"position": 2, "reason": "not needed"}).content)["steps"][1]["status"] == "skipped"
    assert json.loads(api.post(f"/runs/{run.pk}/resume", {}).content)["status"] == "running"
    assert json.loads(api.post(f"/runs/{run.pk}/roll_back", {"reason": "enough"}).content)["status"] == "rolling_back"
    eve = caller(given.actor("eve", ("find", Role.OWNER)))
    assert eve.post(f"/runs/{run.pk}/hold", {"reason": "x"}).status_code == 403
    assert eve.get(f"/runs/{run.pk}").status_code == 200


def test_r_e12_two_editors_of_one_window(ada) -> None:
    window = given.window(ada)
    api, other = caller(ada), caller(given.actor("grace", ("shop", Role.MEMBER)))
    etag = api.get(f"/windows/{window.reference}")["ETag"]
    assert other.patch(f"/windows/{window.reference}", {"title": "Grace's"}, If_Match=etag).status_code == 200
    late = api.patch(f"/windows/{window.reference}", {"title": "Ada's"}, If_Match=etag)
    assert late.status_code == 412
    told = json.loads(late.content)
    assert told["changed"] == {"title": {"current": "Grace's", "yours": "Ada's"}}
    assert told["current"] == 2
    window.refresh_from_db()
    assert window.title == "Grace's"
    assert Person.objects.filter(pk=ada.person_id).exists()


def test_a_draft_is_edited_on_its_page_and_a_second_editor_is_told(ada) -> None:
    window = given.window(ada)
    client = browser(ada)
    page = client.get(f"/windows/{window.reference}/edit")
    assert page.status_code == 200
    given_now = page.context["given"]
    sent = {name: value for name, value in given_now.items() if isinstance(value, str | int)}
    sent |= {"service_0": "orders", "environment_0": "production", "region_0": "", "layers_0": ["L4"], "title": "Renamed"}
    assert client.post(f"/windows/{window.reference}/edit", sent).status_code == 302
    window.refresh_from_db()
    assert (window.title, [scope.layer for scope in window.scopes.all()]) == ("Renamed", ["L4"])
    late = client.post(f"/windows/{window.reference}/edit", sent | {"title": "Lost"})
    assert late.status_code == 412
    assert "Lost" in late.content.decode(), "what was typed is still there"
    window.refresh_from_db()
    assert window.title == "Renamed"


def test_r_e11_a_form_sent_twice_files_one_window(ada) -> None:
    from windows.scheduling.models import Window

    client = browser(ada)
    token = "0123456789abcdef0123456789abcdef"
    begins = given.soon()
    sent = {
        "title": "Once",
        "reason": "x",
        "team": "shop",
        "owner_id": ada.person_id,
        "coordinator_id": ada.person_id,
        "timezone": "UTC",
        "mode": "degraded",
        "starts_at": f"{begins:%Y-%m-%dT%H:%M}",
        "minutes": 60,
        "change_type": "normal",
        "service_0": "orders",
        "environment_0": "production",
        "layers_0": "L3",
        "form_token": token,
    }
    first, second = client.post("/windows/new", sent), client.post("/windows/new", sent)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Window.objects.filter(title="Once").count() == 1


def test_what_people_decided_is_not_buried_under_what_steps_say(ada) -> None:
    run = runs.run_of(runs.step(), window=given.window(ada))
    record("window.remarked", ada, run.window.reference, window=run.window.reference, data={"reason": "it was decided"})
    record("run.held", ada, run.window.reference, window=run.window.reference, run_id=run.pk, data={"reason": "it was held"})
    record_all([("step.waiting", {})] * 500, ENGINE, run.window.reference, window=run.window.reference, run_id=run.pk)
    page = browser(ada).get(f"/windows/{run.window.reference}").content.decode()
    assert "it was decided" in page and "Step waiting" not in page
    assert "it was held" in browser(ada).get(f"/runs/{run.pk}").content.decode()

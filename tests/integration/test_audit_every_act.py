"""No act without its entry in the trail, in the same transaction: every changing address of the API, every turn of a run, every task."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from portal.celery import app
from tests import given_alerts, given_notices, given_runs
from tests import given_windows as given
from tests.callers import browser
from tests.given_runs import World, run_of, step
from tests.told import Told
from tests.unit.test_openslo import SIMPLE
from windows.access.roles import ENGINE, Role
from windows.actions.outcomes import AwaitHuman, Failed
from windows.announcements.models import Announcement
from windows.approvals.commands import request_window
from windows.approvals.models import ApprovalRequest, EmergencyApproval, Policy
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.delivery.channels import webhook
from windows.execution import tasks
from windows.execution.models import Run, StepRun, Surface
from windows.flags.commands import leases, set_flag
from windows.flags.models import Flag, FlagKey, OnExpiry
from windows.reviews.models import FollowUp
from windows.runbooks.models import RunbookSource, RunbookVersion
from windows.scheduling.commands.series import Pattern, create_series
from windows.scheduling.models import IncompleteNotice, Series, Window

world = given_runs.world
CHANGING = {"post", "put", "patch", "delete"}
SIGNED_BY_AN_OWNER = {"role": "owner", "quorum": 1, "team": "owner"}
PASSWORD = "correct horse battery"


def changing_routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(method, route) of every class-based view that changes something."""
    for one in patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from changing_routes(one.url_patterns, route)
        elif isinstance(one, URLPattern) and hasattr(one.callback, "view_class"):
            yield from ((method.upper(), route) for method in CHANGING if hasattr(one.callback.view_class, method))


class Story:
    """Sends requests, expects each to be done, told under its own request id, and remembers which addresses it met."""

    def __init__(self, told: Told) -> None:
        self.told, self.met = told, set[tuple[str, str]]()

    def do(
        self,
        client: Any,
        method: str,
        path: str,
        body: Any = None,
        *,
        entry: bool = True,
        kind: str = "application/json",
        **headers: str,
    ) -> Any:
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = client.generic(
            method, f"/api/v1{path}", sent, kind,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )  # fmt: skip
        assert response.status_code in (200, 201, 204), (method, path, response.status_code, response.content)
        self.met.add((method, response.resolver_match.route))
        assert not self.told.untold(), (method, path)
        entries = AuditEntry.objects.filter(request_id=response["X-Request-Id"])
        assert entries.exists() == entry, (method, path)
        return json.loads(response.content) if response.content else None


RUNBOOK = """
runbook: nothing
title: Nothing
layers: [L3]
rollback_reserve: 1m
steps:
  - name: Wait
    wait: {duration: 1s}
    timeout: 10s
    undo: none
    because: there is nothing to undo
"""


def over() -> str:
    """A window that has run and ended."""
    at = clock()
    window = given.window(given.actor("olga"), starts_at=given.soon(24 * 60))
    run = run_of(step(status="succeeded"), window=window)
    Run.objects.filter(pk=run.pk).update(status="succeeded", wake_at=None, started_at=at - timedelta(hours=1), ended_at=at)
    Window.objects.filter(pk=window.pk).update(status="completed", started_at=at - timedelta(hours=1), ended_at=at)
    return window.reference


def learn_from(reference: str, do: Any, owner: Any) -> None:
    here = f"/windows/{reference}/postmortem"
    do(owner, "POST", here)
    do(owner, "PATCH", here, {"text": "Look at backups first."}, If_Match='"1"')
    do(owner, "POST", f"{here}/publish", If_Match='"2"')


@pytest.mark.django_db(transaction=True)
def test_r_l05_every_changing_address_tells_the_trail(world: World, settings: Any) -> None:
    root = browser(given.person("root", administrator=True))
    olga = given.person("olga", ("shop", Role.OWNER))
    vera, zoe = given.person("vera", ("shop", Role.OWNER)), given.person("zoe")
    sam = browser(given.person("sam", ("infra", Role.SRE)))
    owner, other = browser(olga), browser(vera)
    given.service("orders", regions=("r1", "r2"))
    Policy.objects.create(name="One owner", position=1, match={"change_type": ["normal"]}, requires=[SIGNED_BY_AN_OWNER])
    ended = over()
    with Told() as told:
        story = Story(told)
        do = story.do
        do(root, "POST", "/teams", {"slug": "mail", "name": "Mail"})
        do(root, "POST", "/teams/mail/members", {"person_id": olga.pk, "role": "owner"})
        do(root, "DELETE", f"/teams/shop/members/{vera.pk}/owner")
        do(root, "POST", "/teams/shop/members", {"person_id": vera.pk, "role": "owner"})
        eve = do(root, "POST", "/people", {"email": "eve@example.org", "name": "Eve"})["id"]
        do(root, "POST", f"/people/{eve}/disable", {"reason": "left"})
        do(root, "POST", f"/people/{eve}/enable")
        do(browser(zoe), "PATCH", "/me", {"name": "Zoë"})
        do(browser(zoe), "POST", "/me/password", {"password": PASSWORD})
        until = (clock() + timedelta(days=1)).isoformat()
        token = do(owner, "POST", "/tokens", {"name": "CI", "scopes": ["read"], "expires_at": until})
        do(owner, "DELETE", f"/tokens/{token['id']}")
        do(sam, "POST", "/environments", {"slug": "staging", "name": "Staging", "is_production": False})
        do(sam, "POST", "/regions", {"slug": "r3", "name": "R3"})
        do(owner, "POST", "/services", {"slug": "post", "name": "Post", "team": "mail"})
        do(owner, "PATCH", "/services/post", {"tier": 2}, If_Match='"1"')
        do(owner, "POST", "/services/post/hand_over", {"team": "shop"}, If_Match='"2"')
        do(owner, "PUT", "/services/post/deployments", {"deployments": [{"environment": "staging", "region": "r3"}]})
        do(owner, "POST", "/services/post/dependencies", {"depends_on": "orders"})
        do(owner, "DELETE", "/services/post/dependencies/orders")
        members = [{"service": "orders", "environment": "production", "region": region} for region in ("r1", "r2")]
        do(owner, "POST", "/redundancy-groups", {"slug": "orders", "name": "Orders", "minimum": 1, "members": members})
        do(owner, "DELETE", "/redundancy-groups/orders")
        do(sam, "POST", "/region-pairs", {"one": "r1", "other": "r2"})
        do(sam, "DELETE", "/region-pairs/r1/r2")
        limit = do(root, "POST", "/concurrency-limits", {"title": "One of shop", "at_most": 1, "team": "shop"})
        budget = do(root, "POST", "/window-budgets", {"at_most": 40})
        do(root, "DELETE", f"/window-budgets/{budget['id']}")
        do(root, "DELETE", f"/concurrency-limits/{limit['id']}")
        do(owner, "POST", "/objectives", {"slug": "orders-writes", "service": "orders", "title": "Writes", "target": "0.999"})
        do(owner, "PATCH", "/objectives/orders-writes", {"target": "0.99"}, If_Match='"1"')
        do(owner, "POST", "/openslo", {"text": SIMPLE})
        sample = {"key": "1", "at": clock().isoformat(), "good": 1, "total": 1}
        do(owner, "POST", "/objectives/orders-writes/measurements", {"samples": [sample]}, entry=False)  # a measurement is no act
        for what in ("traces", "logs", "metrics"):
            do(owner, "POST", f"/{what}", {}, entry=False)  # nor is telemetry
        source = do(sam, "POST", "/calendars-in", {"name": "Circuits", "provider": "example.com", "url": "https://example.com/m.ics"})
        do(sam, "DELETE", f"/calendars-in/{source['id']}")
        cloud = do(sam, "POST", "/calendars-in", {"name": "Cloud", "provider": "cloud.example"})["id"]
        secret = do(sam, "POST", f"/calendars-in/{cloud}/secrets")
        signed = webhook.headers("msg_1", int(clock().timestamp()), given_notices.note(uid="told"), secret["secret"])
        do(Client(), "POST", f"/calendars-in/{cloud}/webhook", given_notices.note(uid="told"), kind="text/calendar", **signed)
        do(sam, "DELETE", f"/calendars-in/{cloud}/secrets/{secret['id']}")
        do(sam, "PUT", "/change-calendars/payments", given_notices.calendar(), kind="text/calendar")
        do(sam, "DELETE", "/change-calendars/payments")
        do(sam, "POST", "/change-calendars", {"name": "market", "url": "https://example.com/changes.ics"})
        lead = do(owner, "POST", "/provider-objects", {"provider": "example.com", "object": "C-1", "service": "orders"})
        do(owner, "DELETE", f"/provider-objects/{lead['id']}")
        do(sam, "POST", "/external-windows", given_notices.note("X-MAINTNOTE-IMPACT:", uid="half"), kind="text/calendar")
        do(sam, "POST", f"/notices/{IncompleteNotice.objects.get().pk}/settle", {"reason": "asked them"})
        do(sam, "POST", "/external-windows", given_notices.note("X-MAINTNOTE-IMPACT:", uid="other half"), kind="text/calendar")
        lacking = IncompleteNotice.objects.get(settled_at=None).pk
        known = {"provider": "example.com", "title": "Splice", "starts_at": given.soon().isoformat(), "ends_at": given.soon(30).isoformat()}
        do(sam, "POST", f"/notices/{lacking}/complete", known)
        standard = {"name": "Reindex", "team": "shop", "reason": "Slow", "minutes": 60,
                    "scope": [{"service": "orders", "environment": "production"}]}  # fmt: skip
        template = do(owner, "POST", "/change-templates", standard)
        planned = do(owner, "POST", f"/change-templates/{template['id']}/plan", {"starts_at": given.soon(24 * 20).isoformat()})
        do(owner, "DELETE", f"/windows/{planned['reference']}")
        do(owner, "POST", f"/change-templates/{template['id']}/retire", {"reason": "no longer done"})
        do(sam, "POST", "/alerts/alertmanager", given_alerts.call(given_alerts.alert()))
        way = {"team": "shop", "kind": "email", "name": "Team", "address": "team@example.org"}
        channel = do(owner, "POST", "/channels", way)["id"]
        for verb in ("try", "end"):
            do(owner, "POST", f"/channels/{channel}/{verb}")
        down = do(owner, "POST", "/incidents", {"title": "Down", "service": "orders"})["id"]
        link = {"window": beside_reference(olga.pk, do, owner), "reason": "it was that"}
        do(owner, "POST", f"/incidents/{down}/link", link)
        do(owner, "POST", f"/incidents/{down}/unlink", link)
        learnt = {
            "window": link["window"],
            "title": "Check",
            "owner_id": olga.pk,
            "due_on": (clock() + timedelta(days=2)).date().isoformat(),
        }
        for verb, said in (("done", {}), ("drop", {"reason": "not needed"})):
            noted = do(owner, "POST", "/follow-ups", learnt)["id"]
            do(owner, "POST", f"/follow-ups/{noted}/{verb}", said)
        do(owner, "POST", f"/incidents/{down}/end", {"resolution": "rolled back"})
        learn_from(ended, do, owner)
        do(owner, "POST", "/complaints", {"text": "Slow", "service": "orders"})
        do(owner, "POST", "/complaints-from-csv", {"text": "text\nSlow"})
        do(owner, "POST", "/complaints-from-mail", {"raw": "Subject: Slow\n\nIt is slow."})
        tell_the_public(olga.pk, do, owner, told)
        flag = {"target": "orders", "environment": "production", "mode": "read_only", "expected": 0, "lease_seconds": 60, "reason": "a try"}
        do(sam, "POST", "/flags", flag)
        node = do(sam, "POST", "/nodes", {"service": "orders", "environment": "production", "region": "r1", "name": "orders-1"})
        do(sam, "POST", f"/nodes/{node['id']}/retire", {"reason": "gone"})
        policy = {"name": "Four eyes", "position": 5, "match": {"change_type": ["standard"]}, "requires": [SIGNED_BY_AN_OWNER]}
        made = do(root, "POST", "/policies", policy)
        do(root, "PUT", f"/policies/{made['id']}", policy | {"position": 6})
        do(root, "DELETE", f"/policies/{made['id']}")
        do(root, "PUT", "/rehearsal-policy", {"tier": 2, "environments": ["staging"], "good_for_days": 60})
        begins = given.soon(24 * 30)
        freeze = {"title": "Peak", "starts_at": begins.isoformat(), "ends_at": (begins + timedelta(days=1)).isoformat(), "severity": "soft"}
        peak = do(sam, "POST", "/freezes", freeze)
        beset = do(owner, "POST", "/windows", filed(olga.pk, begins))["reference"]
        overridden = do(owner, "POST", f"/windows/{beset}/overrides", {"reason": "it must"})[0]["id"]
        do(other, "POST", f"/overrides/{overridden}/refuse", {"reason": "not like this"})
        do(owner, "POST", f"/windows/{beset}/overrides", {"reason": "it must, really"})
        do(other, "POST", f"/overrides/{overridden}/agree")
        do(owner, "DELETE", f"/windows/{beset}")
        excepted = do(sam, "POST", f"/freezes/{peak['id']}/exceptions", {"team": "shop", "reason": "it must"})["exceptions"][0]
        do(sam, "DELETE", f"/freezes/{peak['id']}/exceptions/{excepted['id']}")
        placed = do(owner, "POST", "/windows", filed(olga.pk, begins))
        do(owner, "POST", f"/windows/{placed['reference']}/request", {"reason": "it must"})
        page = do(owner, "GET", f"/freezes/{peak['id']}/moves", entry=False)
        do(owner, "POST", f"/freezes/{peak['id']}/moves", {"moves": [{n: page["items"][0][n] for n in ("window", "version")}]})
        do(owner, "POST", f"/windows/{placed['reference']}/cancel", {"reason": "a try"})
        do(sam, "POST", f"/freezes/{peak['id']}/lift", {"reason": "over"})
        do(owner, "POST", "/change-oracle/state", {"CalendarNames": ["orders"]}, entry=False)  # asks, changes nothing
        do(owner, "POST", "/runbooks/check", {"text": RUNBOOK}, entry=False)  # changes nothing
        do(owner, "POST", "/runbooks/nothing/versions", {"text": RUNBOOK, "team": "shop"})
        do(owner, "POST", "/playbooks/guide/versions", {"text": "---\nplaybook: guide\ntitle: Guide\n---\nLook.", "team": "shop"})
        settings.RUNBOOK_REPOSITORIES = ["/srv/books"]
        books = do(owner, "POST", "/runbooks/sources", {"repository": "/srv/books/ops", "team": "shop"})
        do(owner, "POST", f"/runbooks/sources/{books['id']}/pull")
        do(owner, "DELETE", f"/runbooks/sources/{books['id']}")
        feed = do(owner, "POST", "/feeds", {"kind": "all"})
        do(owner, "DELETE", f"/feeds/{feed['id']}")
        windows(story, owner, other, olga.pk)
        run = run_of(step())
        here = Surface.objects.create(run=run, window=run.window, kind="live", name="x", desired={}, status="drifted", due_at=clock())
        told.reset()
        do(owner, "POST", f"/windows/{run.window.reference}/surfaces/{here.pk}/accept", {"reason": "as agreed"})
        run = run_of(step())
        told.reset()
        until = (run.window_ends_at + timedelta(minutes=30)).isoformat()
        asked = do(owner, "POST", f"/windows/{run.window.reference}/extensions", {"until": until, "reason": "slow"})[0]
        do(other, "POST", f"/windows/{run.window.reference}/extensions/{asked['id']}/decide", {"decision": "approved"})
        for act in (hold, roll_back, skip, stuck, abort):
            run = run_of(step(), step(), step())
            told.reset()
            act(story, world, run, owner, sam)
            run.refresh_from_db()
            assert run.status in ("succeeded", "rolled_back", "aborted"), run.reason
        missing = set(changing_routes(get_resolver().url_patterns)) - story.met
        assert not {route for route in missing if route[1].startswith("api/v1/")}


def tell_the_public(person_id: int, do: Any, owner: Any, told: Told) -> None:
    """A service gets a public name, a window is announced, more is said, and all is taken back."""
    do(owner, "PUT", "/status/components/orders", {"name": "Ordering"})
    window = do(owner, "POST", "/windows", filed(person_id, given.soon(24 * 50)))["reference"]
    do(owner, "PUT", f"/windows/{window}/announcement", {"title": "Ordering is away", "text": "For an hour."})
    Announcement.objects.update(status="scheduled")
    told.reset()
    do(owner, "POST", f"/windows/{window}/announcement/updates", {"text": "It will be short."})
    do(owner, "DELETE", f"/windows/{window}/announcement", {"reason": "it was moved"})
    do(owner, "DELETE", f"/windows/{window}")
    do(owner, "DELETE", "/status/components/orders")


def beside_reference(person_id: int, do: Any, owner: Any) -> str:
    return str(do(owner, "POST", "/windows", filed(person_id, given.soon(24 * 40)))["reference"])


def filed(person_id: int, begins: datetime) -> dict[str, Any]:
    return {
        "title": "Migrate", "reason": "Why not", "team": "shop", "owner_id": person_id, "coordinator_id": person_id,
        "starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat(), "change_type": "normal",
        "scope": [{"service": "orders", "environment": "production", "layers": ["L5"]}],
    }  # fmt: skip


def windows(story: Story, owner: Any, other: Any, person_id: int) -> None:
    """A window filed, edited, asked for, signed, refused, called off."""
    do, asked = story.do, filed(person_id, given.soon(48))
    do(owner, "POST", "/windows-validate", asked, entry=False)
    put = do(owner, "PUT", "/windows/by-ref/ci-1", asked)
    do(owner, "DELETE", f"/windows/{put['reference']}")
    gone = do(owner, "POST", "/windows", asked)
    do(owner, "DELETE", f"/windows/{gone['reference']}")
    made = do(owner, "POST", "/windows", asked)
    name = made["reference"]
    beside = do(owner, "POST", "/windows", asked)["reference"]
    question = do(owner, "POST", f"/windows/{name}/move-requests", {"asking": beside, "message": "please"})[0]
    do(owner, "POST", f"/move-requests/{question['id']}/decline", {"reason": "not now"})
    do(owner, "DELETE", f"/windows/{beside}")
    do(owner, "PATCH", f"/windows/{name}", {"title": "Migrate orders"}, If_Match=f'"{made["version"]}"')
    do(owner, "POST", f"/windows/{name}/request", {})
    do(owner, "POST", f"/windows/{name}/withdraw")
    do(owner, "POST", f"/windows/{name}/request", {})
    do(other, "POST", f"/windows/{name}/comments", {"text": "How long?", "kind": "question"})
    do(other, "POST", f"/windows/{name}/approve", {})
    do(owner, "POST", f"/windows/{name}/cancel", {"reason": "no longer needed"})
    name = do(owner, "POST", "/windows", asked)["reference"]
    do(owner, "POST", f"/windows/{name}/request", {})
    do(other, "POST", f"/windows/{name}/reject", {"reason": "not now"})
    moved = do(owner, "POST", "/windows", asked | {"starts_at": given.soon(200).isoformat(), "ends_at": given.soon(201).isoformat()})
    do(owner, "POST", f"/windows/{moved['reference']}/next-slot", {}, If_Match='"1"')
    do(owner, "POST", f"/windows/{moved['reference']}/copy", {})
    heads, row = "title,reason,team,owner,coordinator,starts_at,minutes,scope", "Many,Why,shop,olga@example.org,olga@example.org"
    text = f"{heads}\n{row},{given.soon(300).isoformat()},60,orders/production"
    do(owner, "POST", "/windows-from-csv", {"text": text, "validate_only": True}, entry=False)
    do(owner, "POST", "/windows-from-csv", {"text": text})
    recurring(story, owner, other, asked)
    later = {"starts_at": given.soon(400).isoformat(), "ends_at": given.soon(401).isoformat()}
    version = RunbookVersion.objects.get(runbook__slug="nothing")
    tried = do(owner, "POST", "/windows", asked | later | {"runbook_version_id": version.pk})["reference"]
    do(owner, "POST", f"/windows/{tried}/rehearse", {"mode": "dry_run"})
    do(owner, "POST", f"/windows/{tried}/break_glass", {"reason": "the patch cannot wait"})
    do(owner, "POST", f"/windows/{tried}/accept_untagged_telemetry", {"reason": "the old proxy cannot tag"})
    item = f"/windows/{tried}/checklists/communication-templates-ready/tick"
    do(owner, "POST", item, {"note": "agreed"})
    do(owner, "DELETE", item)
    (task,) = do(owner, "GET", f"/windows/{tried}/review-tasks", entry=False)
    do(other, "POST", f"/windows/{tried}/review-tasks/{task['key']}/sign-off", {"finding": "agreed"})
    emergency = do(owner, "POST", "/windows", asked | {"change_type": "emergency"})["reference"]
    do(owner, "POST", f"/windows/{emergency}/start")
    row = Window.objects.get(pk=int(emergency.removeprefix("MW-")))
    EmergencyApproval.objects.create(window=row, begun_at=clock(), due_at=clock() + timedelta(hours=1))
    story.told.reset()
    do(other, "POST", f"/windows/{emergency}/approve-afterwards", {"decision": "approved", "reason": "it burnt"})
    lent = do(owner, "POST", "/delegations", {"delegate": "sam@example.org", "ends_at": given.soon(48).isoformat()})
    do(owner, "DELETE", f"/delegations/{lent['id']}")


def recurring(story: Story, owner: Any, other: Any, asked: dict[str, Any]) -> None:
    """One that recurs: all that follow are edited, asked for, signed, refused, taken away."""
    do, begins = story.do, given.soon(120)
    asked = asked | {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
    name = do(owner, "POST", "/windows", asked)["reference"]
    series = do(owner, "POST", f"/windows/{name}/repeat", {"rrule": "FREQ=WEEKLY;COUNT=4"}, If_Match='"1"')
    rows = do(owner, "GET", f"/series/{series['id']}/occurrences", entry=False)["items"]
    do(owner, "PATCH", f"/windows/{rows[1]['reference']}/following", {"title": "Other"}, If_Match=f'"{rows[1]["version"]}"')
    do(owner, "POST", f"/windows/{rows[1]['reference']}/following/request", {})
    do(other, "POST", f"/windows/{rows[2]['reference']}/following/approve", {})
    do(other, "POST", f"/windows/{rows[1]['reference']}/following/reject", {"reason": "not then"})
    do(owner, "POST", f"/windows/{rows[2]['reference']}/following/skip", {"reason": "not needed"})


def hold(story: Story, world: World, run: Run, owner: Any, sam: Any) -> None:
    story.do(owner, "POST", f"/runs/{run.pk}/hold", {"reason": "wait"})
    drive(story, world, run)
    story.do(owner, "POST", f"/runs/{run.pk}/resume", {})
    drive(story, world, run)


def roll_back(story: Story, world: World, run: Run, owner: Any, sam: Any) -> None:
    world.script[2, "forward"] = [AwaitHuman("look")]
    drive(story, world, run)
    story.do(owner, "POST", f"/runs/{run.pk}/attest", {"position": 2, "done": True, "reason": "seen"})
    story.do(owner, "POST", f"/runs/{run.pk}/roll_back", {"reason": "no good"})
    drive(story, world, run)


def skip(story: Story, world: World, run: Run, owner: Any, sam: Any) -> None:
    world.script[1, "forward"] = [AwaitHuman("look")]
    drive(story, world, run)
    story.do(owner, "POST", f"/runs/{run.pk}/skip", {"position": 2, "reason": "not needed"})
    story.do(owner, "POST", f"/runs/{run.pk}/confirm", {"position": 1, "note": "seen"})
    drive(story, world, run)


def stuck(story: Story, world: World, run: Run, owner: Any, sam: Any) -> None:
    world.script[2, "forward"] = [Failed("no", permanent=True)]
    world.script[1, "undo"] = [Failed("no")] * 9
    drive(story, world, run)
    world.script[1, "undo"] = []
    story.do(owner, "POST", f"/runs/{run.pk}/retry", {})
    drive(story, world, run)


def abort(story: Story, world: World, run: Run, owner: Any, sam: Any) -> None:
    world.script[1, "forward"] = [AwaitHuman("look")]
    drive(story, world, run)
    story.do(owner, "POST", f"/runs/{run.pk}/abort", {"reason": "it must end"})
    story.do(sam, "POST", f"/runs/{run.pk}/abort", {"reason": "it must end"})
    drive(story, world, run)


def drive(story: Story, world: World, run: Run) -> None:
    """Every turn of the engine is judged too."""
    world.drive(run)
    assert not story.told.untold(), run.status


def due_run() -> None:
    run_of(step())


def late_request() -> None:
    olga = given.actor("olga", ("shop", Role.OWNER))
    Policy.objects.create(name="Two", position=1, match={}, requires=[SIGNED_BY_AN_OWNER])
    window = given.window(olga)
    ask_for(window, olga)
    Window.objects.filter(pk=window.pk).update(starts_at=clock() - timedelta(hours=2), ends_at=clock() + timedelta(hours=1))


def ask_for(window: Window, actor: Any) -> None:
    request_window(actor, window.pk)


def missed_window() -> None:
    window = given.window(given.actor("olga", ("shop", Role.OWNER)))
    begun = clock() - timedelta(hours=3)
    Window.objects.filter(pk=window.pk).update(status="approved", starts_at=begun, ends_at=begun + timedelta(hours=1))


def forgotten_flags() -> None:
    given.service("orders")
    for target, on_expiry in (("orders", OnExpiry.ALARM), ("orders-2", OnExpiry.CLEAR)):
        key = FlagKey(target, "production")
        set_flag(ENGINE, key, "degraded", {}, expected=0, lease=timedelta(seconds=60), reason="a try", on_expiry=on_expiry)
    Flag.objects.update(lease_until=clock() - timedelta(seconds=1))


def series_to_extend() -> None:
    window = given.window(olga := given.actor("olga", ("shop", Role.OWNER)))
    create_series(olga, window.pk, Pattern(rrule="FREQ=WEEKLY"), window.version)
    Series.objects.update(known_until=clock())
    Window.objects.filter(starts_at__gt=clock() + timedelta(days=300)).delete()


def unreadable_source() -> None:
    RunbookSource.objects.create(repository="/nowhere", team="shop", created_by="Ada")


def late_follow_up() -> None:
    ada = given.actor("ada", ("shop", Role.OWNER))
    day = clock().date() - timedelta(days=1)
    FollowUp.objects.create(window=given.window(ada), title="Check", owner_id=ada.person_id, due_on=day, made_by="ada")


def nothing() -> None:
    pass


def alert_to_tell() -> None:
    given_alerts.heard(given_alerts.alert())


def run_without_surfaces() -> None:
    given_runs.run_of(step())


def announced_window() -> None:
    window = given.window(given.actor("olga", ("shop", Role.OWNER)))
    Window.objects.filter(pk=window.pk).update(status="approved")
    Announcement.objects.create(window=window, title="Ordering is away", text="For an hour.", announced_by="Olga")


def window_ahead() -> None:
    window = given.window(given.actor("olga", ("shop", Role.OWNER)))
    begins = clock() + timedelta(hours=2)
    Window.objects.filter(pk=window.pk).update(status="approved", starts_at=begins, ends_at=begins + timedelta(hours=1))


# What each task finds to do. A new task must stand here.
TASKS: dict[str, Callable[[], None]] = {
    "alerts.forget": nothing,
    "alerts.notify": alert_to_tell,
    "alerts.reconcile": nothing,  # what it hears of is judged with what Alertmanager sends
    "approvals.sweep": late_request,
    "audit.sweep": nothing,
    "delivery.notify": nothing,
    "delivery.forget": nothing,
    "execution.advance_run": nothing,  # every turn of a run is judged above
    "execution.afterwards.measure": nothing,  # a breach that it sees is told: test_execution_afterwards
    "execution.burn.measure": nothing,  # a hold by it is judged as any answer to a gate
    "execution.measure": due_run,
    "execution.forget": nothing,  # what is forgotten by its age is nobody's act
    "execution.reconcile": run_without_surfaces,
    "execution.sweep": missed_window,
    "flags.sweep": forgotten_flags,
    "notices.notify": window_ahead,
    "objectives.reconcile": nothing,  # who made the objective count slices is told; counting them is no act
    "portal.forget": nothing,
    "reviews.sweep": late_follow_up,
    "runbooks.reconcile": unreadable_source,
    "status.notify": announced_window,
    "scheduling.sweep": series_to_extend,
    "scheduling.ask_conflicts": nothing,  # what it finds anew is told: test_scheduling_asking_again
    "scheduling.poll_calendars": nothing,  # when a calendar was last asked is no act; what it says is told: test_calendars_in
    "signals.forget": nothing,
    "signals.reconcile": nothing,  # what counters say is measured, as what is pushed is
    "telemetry.measure": nothing,
    "telemetry.forget": nothing,
}


def registered() -> Any:
    app.loader.import_default_modules()
    return app.tasks


def test_every_task_is_judged() -> None:
    assert {name for name in registered() if not name.startswith("celery.")} == set(TASKS)


@pytest.mark.parametrize("name", [name for name, given_ in TASKS.items() if given_ is not nothing])
@pytest.mark.django_db(transaction=True)
def test_r_l05_every_task_tells_the_trail(name: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ring", lambda *_: None)
    monkeypatch.setattr(leases, "just_started", lambda: False)
    TASKS[name]()
    before = AuditEntry.objects.count()
    with Told() as told:
        registered()[name].run()
        assert not told.untold()
        assert told.changes() or name == "execution.measure"
    assert AuditEntry.objects.count() > before or name == "execution.measure"
    assert not StepRun.objects.filter(status="started").exists()
    assert not ApprovalRequest.objects.filter(status="open").exists() or name != "approvals.sweep"


@pytest.mark.django_db(transaction=True)
def test_r_l05_the_judge_sees_what_nobody_told() -> None:
    with Told() as told:
        given.team("shop")
        assert told.untold() == [["catalogue_team insert"]]
        Window.objects.filter(pk=0).update(title="nothing is changed")
        assert len(told.untold()) == 1

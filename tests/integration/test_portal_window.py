"""The window page: one next action, parts with addresses of their own, and what each of them says."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.objectives.models import Adjustment, Objective
from slo.telemetry.commands import push
from slo.telemetry.readings import Push
from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import ENGINE, Role
from windows.approvals.commands import amend_window, decide, request_window
from windows.approvals.models import Policy
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.catalogue.models import Person
from windows.execution.models import CheckResult, Run
from windows.execution.states import RunStatus
from windows.runbooks.commands import upload_runbook
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db
PARTS = ("", "plan", "run", "approvals", "impact", "communication", "audit")
BOOK = """\
runbook: tidy
title: Tidy up
parameters:
  pause: {type: string, default: 1s}
watch:
  - {name: What was let in is served, objective: orders-writes, window: 20s, pass: ">= 0.99", interval: 2s, on_fail: roll_back}
steps:
  - name: Let it settle
    wait: {duration: "{{ pause }}"}
  - name: Tell the team
    manual: {prompt: "Tell the team"}
    undo: none
    because: what was said cannot be unsaid
"""


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def page(ada) -> Any:
    client = browser(Person.objects.get(pk=ada.person_id))

    def get(reference: str, part: str = "") -> str:
        answer = client.get(f"/windows/{reference}" + (f"/part/{part}" if part else ""))
        assert answer.status_code == 200, answer.content.decode()[:500]
        return str(answer.content.decode())

    return get


def amber(text: str) -> list[str]:
    """The words of the amber buttons."""
    return [re.sub(r"<svg.*?</svg>", "", found).strip() for found in re.findall(r'class="btn main"[^>]*>(.*?)</a>', text)]


def test_one_next_action_is_amber_and_the_rarer_ones_stand_under_more(ada, page) -> None:
    window = given.window(ada)
    text = page(window.reference)
    assert amber(text) == ["Request approval"]
    menu = text.split('<ul class="menu">')[1].split("</ul>")[0]
    assert "Throw it away" in menu and "Same again" in menu and "Request approval" not in menu
    request_window(ada, window.pk)
    assert amber(page(window.reference)) == []  # who asks does not sign


def test_a_start_that_cannot_be_says_why_and_a_live_run_is_the_next_action(ada, page) -> None:
    Policy.objects.create(name="Routine", position=0, requires=[])
    window = given.window(ada, change_type="standard")
    request_window(ada, window.pk, reason="it is needed")
    text = page(window.reference)
    assert amber(text) == [] and "Its time has not come yet" in text and re.search(r"<button[^>]* disabled[^>]*>.*Start now", text)
    runs.run_of(runs.step(status="started"), window=window, status=RunStatus.HELD)
    assert amber(page(window.reference)) == ["Decide"]


def test_every_part_has_its_own_address_and_none_is_shown_to_who_may_not_see_it(ada, page) -> None:
    window = given.window(ada, confidential=True)
    eve = browser(given.person("eve", ("other", Role.MEMBER)))
    for part in PARTS:
        assert page(window.reference, part).count('aria-current="page"') >= 1
        assert eve.get(f"/windows/{window.reference}" + (f"/part/{part}" if part else "")).status_code == 404
    for name in ("event.ics", "deviation", "deviation.csv"):
        assert eve.get(f"/windows/{window.reference}/{name}").status_code == 404
    mine = browser(Person.objects.get(pk=ada.person_id))
    assert mine.get(f"/windows/{window.reference}/part/weather").status_code == 404, "what has no data behind it is absent"
    assert mine.get(f"/windows/{window.reference}/event.ics").content.startswith(b"BEGIN:VCALENDAR")


def test_the_plan_says_each_step_with_this_windows_parameters_and_what_undoes_it(ada, page) -> None:
    version = upload_runbook(ada, "tidy", BOOK, team="shop")
    window = given.window(ada, runbook_version_id=version.pk, parameters={"pause": "7m"}, timezone="Europe/Berlin")
    text = page(window.reference, "plan")
    assert "7m" in text and "what was said cannot be unsaid" in text and "1 step cannot be undone" in text
    assert "Watched all the while" in text and "Turn back" in text
    upload_runbook(ada, "tidy", BOOK.replace("Let it settle", "Wait"))
    assert "the newest is 2" in page(window.reference, "plan")
    by_hand = given.window(ada, starts_at=given.soon(90))
    assert "carries it out by hand" in page(by_hand.reference, "plan")


def test_approvals_say_who_could_sign_who_has_and_what_changed_since(ada, page) -> None:
    sam = given.actor("sam", ("shop", Role.SRE))
    Policy.objects.create(name="One SRE", position=0, requires=[{"role": "sre", "quorum": 1, "team": "any"}])
    window = given.window(ada)
    assert "Sam" in page(window.reference, "approvals")
    request_window(ada, window.pk)
    decide(sam, window.pk, "approved", "I have read it")
    amend_window(ada, window.pk, {"ends_at": window.ends_at + timedelta(hours=1)}, Window.objects.get(pk=window.pk).version)
    text = page(window.reference, "approvals")
    for said in ("I have read it", "No longer counts", "<del>", "Request 1"):
        assert said in text, said
    first = page(window.reference)
    assert "Request 1" not in first, "the overview shows the request in force"
    box = first.split('<h2 id="a2">')[1].split("</section>")[0]
    assert "Sam had signed a request that lapsed because the end changed." in box and f'/windows/{window.reference}/part/approvals"' in box
    decide(sam, window.pk, "approved")
    assert "had signed a request that lapsed" not in page(window.reference), "once it is signed anew, it is over"


def test_impact_shows_raw_beside_adjusted_before_and_after(ada, page) -> None:
    Objective.objects.create(slug="orders-writes", service="orders", title="Writes succeed", target="0.9")
    now = clock()
    push("orders-writes", [Push("a", now - timedelta(hours=2), 950, 1000)])
    ahead = given.window(ada, slack=0.2)
    text = page(ahead.reference, "impact")
    assert re.findall(r'<td class="num">([^<]*)</td>', text) == ["100", "100", "50", "50", "+ 20", "+ 0", "30 %", "50 %"]
    assert "Left afterwards" in text
    past = given.window(ada, slack=0.2)
    begins, ends = now - timedelta(hours=3), now - timedelta(hours=1)
    Window.objects.filter(pk=past.pk).update(status="completed", started_at=begins, ended_at=ends, closed_at=ends)
    assert "Nothing was agreed beforehand" in page(past.reference, "impact")
    Adjustment.objects.create(
        objective="orders-writes", window=past.reference, starts_at=begins, ends_at=ends, policy="allow", slack=0.2,
        authority="Request 1.", approvers=["Olga"], is_example=True,
    )  # fmt: skip
    text = page(past.reference, "impact")
    assert re.findall(r'<td class="num">([^<]*)</td>', text)[4:6] == ["50", "30"], "what was agreed beforehand does not count"
    assert "A slack of 20 % was agreed: Request 1. Signed by Olga." in text
    assert "data-figure=" in text and "Left now" in text
    told = browser(Person.objects.get(pk=ada.person_id)).get(f"/windows/{past.reference}/deviation.csv").content.decode()
    assert told.count(past.reference) == 1 and f'/windows/{past.reference}/deviation"' in text


def test_the_runs_of_a_window_lead_to_the_cockpit_with_their_outcome(ada, page) -> None:
    window = given.window(ada)
    assert "It has not run yet" in page(window.reference, "run")
    run = runs.run_of(runs.step(status="succeeded", intended_at=clock(), ended_at=clock()), window=window)
    CheckResult.objects.create(run=run, name="schedule", verdict="pass", reason="It began at 2027-01-15 01:00:00 UTC.")
    text = page(window.reference, "run")
    assert f"/runs/{run.pk}" in text and "data-figure=" in text
    assert "Fri 15 Jan 01:00 UTC" in page(window.reference)


def test_the_trail_of_a_window_is_read_page_by_page(ada, page) -> None:
    window = given.window(ada)
    for number in range(60):
        record("window.noted", ENGINE, window.reference, window=window.reference, data={"reason": f"note {number}"})
    first = page(window.reference, "audit")
    assert "note 59" in first and "note 9<" not in first
    onward = re.search(r'href="\?(cursor=[^"]+)">Earlier', first)
    assert onward
    rest = browser(Person.objects.get(pk=ada.person_id)).get(f"/windows/{window.reference}/part/audit?{onward[1]}").content.decode()
    assert "note 9<" in rest and "note 59" not in rest and "The newest" in rest
    assert page(window.reference).count("<time") < first.count("<time"), "the overview shows the latest only"


def test_conflicts_give_times_as_their_reader_lives_by_them(ada, page) -> None:
    begins = given.soon(48)
    Person.objects.filter(pk=ada.person_id).update(timezone="Asia/Tokyo")
    request_window(ada, given.window(ada, starts_at=begins).pk)
    window = given.window(ada, starts_at=begins)
    text = page(window.reference)
    note = text.split('class="rows clashes"')[1].split("</ul>")[0]
    assert "JST" in note and "UTC" not in note


def test_queries_do_not_follow_scopes_steps_approvals_or_runs(ada) -> None:
    client = browser(Person.objects.get(pk=ada.person_id))
    for slug in ("orders", "s1", "s2", "s3"):
        given.service(slug)
        Objective.objects.create(slug=f"{slug}-writes", service=slug, title=slug, target="0.9")
    sam = given.actor("sam", ("shop", Role.SRE))
    Policy.objects.create(name="One SRE", position=0, requires=[{"role": "sre", "quorum": 1, "team": "any"}])
    small = given.window(ada)
    big = given.window(ada, starts_at=given.soon(72), scope=tuple(ScopeRow(slug, "production") for slug in ("orders", "s1", "s2", "s3")))
    request_window(ada, small.pk)
    decide(sam, small.pk, "approved")
    for turn in range(3):
        request_window(ada, big.pk) if not turn else amend_window(
            ada, big.pk, {"ends_at": big.ends_at + timedelta(minutes=turn)}, Window.objects.get(pk=big.pk).version
        )
        decide(sam, big.pk, "approved", "yes")
    first = runs.run_of(*[runs.step(status="succeeded")] * 2, window=small)
    for number in range(1, 4):
        made = runs.run_of(*[runs.step(status="succeeded")] * (2 * number), window=big, number=number)
        Run.objects.filter(pk__in=[made.pk, first.pk]).update(status="succeeded", wake_at=None, ended_at=clock())
    Window.objects.filter(pk__in=[small.pk, big.pk]).update(status="completed", ended_at=clock())
    for part in PARTS:
        counts = []
        for window in (small, big):
            with CaptureQueriesContext(connection) as seen:
                client.get(f"/windows/{window.reference}" + (f"/part/{part}" if part else ""))
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 35, (part, counts, [one["sql"][:150] for one in seen])

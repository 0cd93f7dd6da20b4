"""The on-call board: what is live, in constant queries, and nothing shown that nobody measured."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.dashboards.automation import automation
from portal.dashboards.checklist import incident
from portal.dashboards.live import live
from portal.dashboards.queues import QUEUES
from slo.objectives.models import Objective
from slo.telemetry.models import TaggedMinute
from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import SETUP, Actor, Role
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.delivery.consuming import consume
from windows.execution.models import GateReading, Run
from windows.execution.states import RunStatus
from windows.flags.models import FlagReceipt, Node

pytestmark = pytest.mark.django_db
PAGE = "/dashboards/on-call/"


@pytest.fixture
def ada() -> Actor:
    given.service("orders")
    return given.actor("ada", ("shop", Role.OWNER))


def under_way(ada: Actor, slug: str = "orders", **facts: object) -> Run:
    steps = (runs.step(status="succeeded"), runs.step(status="started", name="Migrate the table"), runs.step())
    return runs.run_of(*steps, window=given.window(ada, slug), **facts)  # type: ignore[arg-type]


def measured(slug: str, window: str, good: int, total: int) -> None:
    Objective.objects.get_or_create(slug=slug, defaults={"service": "orders", "title": slug, "target": "0.99"})
    minute = clock().replace(second=0, microsecond=0)
    TaggedMinute.objects.create(series=slug, minute=minute, window=window, good=good, total=total)


def test_a_live_run_shows_its_step_clock_gates_and_hands(ada: Actor) -> None:
    run = under_way(ada)
    for verdict in ("pass", "fail"):
        GateReading.objects.create(run=run, gate="write errors", verdict=verdict, value=0.5, reason="below 0.95")
    (shown,), more = live(ada, clock())
    assert not more
    assert (shown.step, shown.done, shown.total) == ("Migrate the table", 1, 3)
    assert (shown.clock_says, shown.is_late, shown.may_hold, shown.may_roll_back) == ("until turn back", False, True, True)
    assert [(gate.name, gate.newest.verdict, gate.past) for gate in shown.gates] == [("write errors", "fail", ("passed", "broke"))]
    page = browser(ada).get(PAGE).content.decode()
    assert f'href="/runs/{run.pk}/hold"' in page
    assert f'href="/runs/{run.pk}/roll-back"' in page


def test_what_nobody_measures_is_absent_not_empty(ada: Actor) -> None:
    under_way(ada)
    page = browser(ada).get(PAGE).content.decode()
    assert "Errors under the tag" not in page
    assert "<h4>Gates" not in page
    assert "<h4>Flag" not in page
    assert "atency" not in page, "nothing measures latency"


def test_errors_count_only_what_carries_the_tag(ada: Actor) -> None:
    run = under_way(ada)
    measured("orders-writes", run.window.reference, 90, 100)
    measured("orders-reads", "", 1, 100)
    (shown,), _ = live(ada, clock())
    assert [(one.objective, one.measured.bad, one.is_bad) for one in shown.tagged] == [("orders-writes", 10, True)]
    assert "10 bad of 100" in browser(ada).get(PAGE).content.decode()


def test_nodes_that_lag_are_named(ada: Actor) -> None:
    under_way(ada)
    for name in ("n1", "n2"):
        node = Node.objects.create(name=name, service="orders", environment="production", region="r1", digest=name * 32)
        if name == "n1":
            FlagReceipt.objects.create(node=node, version=3, mode="normal")
    (shown,), _ = live(ada, clock())
    assert [(flags.held, flags.all, [node.name for node in flags.laggards]) for flags in shown.flags] == [(1, 2, ["n2"])]
    assert incident([shown])[0].verdict == "fail"


def test_what_needs_somebody_comes_first(ada: Actor) -> None:
    under_way(ada)
    held = under_way(ada, "baskets", status=RunStatus.HELD)
    late = under_way(ada, "search", turn_back_at=clock() - timedelta(minutes=3))
    shown, _ = live(ada, clock())
    assert {run.run_id for run in shown[:2]} == {held.pk, late.pk}
    assert [run.needs_somebody for run in shown] == [True, True, False]
    assert next(run for run in shown if run.run_id == late.pk).clock_says == "after turn-back time"
    decide = incident(shown)[2]
    assert decide.verdict == "fail" and held.window.reference in decide.said
    assert next(run for run in shown if run.run_id == held.pk).may_resume


def test_hands_follow_the_role_table(ada: Actor) -> None:
    run = under_way(ada)
    vera = given.actor("vera", ("other", Role.VIEWER))
    (shown,), _ = live(vera, clock())
    assert not (shown.may_hold or shown.may_roll_back)
    assert f"/runs/{run.pk}/hold" not in browser(vera).get(PAGE).content.decode()


def test_a_confidential_run_is_not_on_a_strangers_wall(ada: Actor) -> None:
    runs.run_of(runs.step(status="started"), window=given.window(ada, confidential=True))
    assert live(given.actor("vera", ("other", Role.VIEWER)), clock()) == ([], False)
    assert "Nothing is live." in browser(given.actor("vera")).get(PAGE).content.decode()


def test_the_panel_is_answered_by_304_until_something_changes(ada: Actor) -> None:
    run = under_way(ada)
    client = browser(ada)
    first = client.get("/dashboards/on-call/live")
    assert first.status_code == 200
    assert 'hx-trigger="every 2s"' in first.content.decode()
    again = client.get("/dashboards/on-call/live", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Run.objects.filter(pk=run.pk).update(status="held", reason="a gate broke")
    assert client.get("/dashboards/on-call/live", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_the_board_costs_as_many_queries_for_six_runs_as_for_one(ada: Actor) -> None:
    client = browser(ada)

    def page() -> int:
        with CaptureQueriesContext(connection) as told:
            assert client.get(PAGE).status_code == 200
        return len(told)

    under_way(ada, "s0")
    one = page()
    for n in range(1, 6):
        under_way(ada, f"s{n}")
    assert page() == one
    assert one <= 33


def test_m07_counts_automated_steps_that_no_person_helped(ada: Actor) -> None:
    now = clock()
    done = {"status": "succeeded", "intended_at": now}
    run = runs.run_of(runs.step(**done), runs.step(**done), runs.step(**done | {"status": "failed"}), runs.step(**done, kind="manual"),
                      runs.step(**done | {"status": "compensated"}), window=given.window(ada))  # fmt: skip
    for kind, position in (("run.resumed", 2), ("step.succeeded", 5)):
        record(kind, SETUP, run.window.reference, window=run.window.reference, run_id=run.pk, data={"position": position})
    told = automation(now)[0]
    assert told.said.startswith("50.0 %, 2 of 4"), told
    cut_off = runs.run_of(runs.step(**done), runs.step(**done | {"status": "compensated"}), window=given.window(ada))
    assert automation(now)[0].said.startswith("60.0 %, 3 of 5"), "a step that its run cut off came to nothing"
    record("step.failed", SETUP, cut_off.window.reference, window=cut_off.window.reference, run_id=cut_off.pk, data={"position": 2})
    told = automation(now)[0]
    assert told.said.startswith("50.0 %, 3 of 6"), told
    assert told.verdict == "fail"


def test_the_machinerys_health_is_said(ada: Actor) -> None:
    assert [sign.verdict for sign in automation(clock())] == ["inconclusive", "pass", "fail", "pass", "pass"]
    consume(QUEUES)
    assert [sign.verdict for sign in automation(clock())] == ["inconclusive", "pass", "pass", "pass", "pass"]
    under_way(ada, wake_at=clock() - timedelta(minutes=5))
    assert automation(clock())[1].said == "1 run without a worker"


def test_x19_the_board_says_who_is_on_call_and_whom_nobody_answers_for_first(ada: Actor) -> None:
    given.person("otto", ("shop", Role.ON_CALL))
    given.service("mail", "post")
    page = browser(given.person("vic", ("post", Role.VIEWER))).get(PAGE).content.decode()
    begin = page.index("On call now")
    panel = page[begin : page.index("</section>", begin)]
    assert "Otto" in panel and "by role" in panel
    assert panel.index("Nobody") < panel.index("Otto"), "what needs somebody stands first"

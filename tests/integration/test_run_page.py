"""What the run page says is true: what a rollback leaves, what the checks found, why people decided, what is still to come."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests import given_runs as runs
from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Actor, Role
from windows.audit.clock import clock
from windows.execution.models import CheckResult, Run, Surface
from windows.execution.states import RunStatus

pytestmark = pytest.mark.django_db
WHY = "the column goes as a whole"


@pytest.fixture
def olga() -> Actor:
    runs.people()
    return given.actor("olga", ("shop", Role.OWNER), ("shop", Role.SRE))


def text(answer: Any) -> str:
    """What a person reads of a page: no tags, single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def with_a_step_that_stands(olga: Actor, status: RunStatus = RunStatus.RUNNING, undone: str = "succeeded", **facts: Any) -> Run:
    done = {"attempt": 1, "intended_at": clock()}
    steps = (
        runs.step(name="Add", status=undone, is_checkpoint=True, **done),
        runs.step(name="Fill", status="succeeded", undo=None, no_undo_reason=WHY, **done),
        runs.step(name="Look", status="pending"),
        runs.check(name="Try it"),
    )
    return runs.run_of(*steps, window=given.window(olga, starts_at=given.soon(5)), status=status, **facts)


def test_who_is_asked_to_roll_back_reads_what_would_stand(olga: Actor) -> None:
    run = with_a_step_that_stands(olga)
    stands = f"Without an undo, so it stands: Step 2 “Fill” ({WHY})."
    assert stands in text(browser(olga).get(f"/runs/{run.pk}")), "beside the button"
    asked = text(browser(olga).get(f"/runs/{run.pk}/roll-back"))
    assert stands in asked and "Every touched step that has an undo is undone" in asked
    assert "Left as it is, without an undo: 2 “Fill”." in text(browser(olga).get(f"/runs/{run.pk}/steps/1/back"))


def test_a_run_that_was_rolled_back_shows_what_stands(olga: Actor) -> None:
    ended = {"wake_at": None, "ended_at": clock()}
    shown = text(browser(olga).get(f"/runs/{with_a_step_that_stands(olga, RunStatus.ROLLED_BACK, 'compensated', **ended).pk}"))
    assert f"Stands 2 · Fill (no undo: {WHY})" in shown
    assert "1 of 1 steps; 1 without an undo stands" in shown


def test_what_is_over_offers_no_undo_and_counts_only_once(olga: Actor) -> None:
    ended = {"wake_at": None, "ended_at": clock()}
    done = with_a_step_that_stands(olga, RunStatus.SUCCEEDED, **ended)
    page = browser(olga).get(f"/runs/{done.pk}")
    assert "Undo What is done" not in text(page) and not re.search(r'<span class="undo"><svg', page.content.decode())
    back = text(browser(olga).get(f"/runs/{with_a_step_that_stands(olga, RunStatus.ROLLED_BACK, 'compensated', **ended).pk}"))
    assert "steps stand" not in back and "Done 1 of" not in back


def test_only_steps_that_have_something_to_undo_are_counted(olga: Actor) -> None:
    done = {"attempt": 1, "intended_at": clock()}
    gate = {"kind": "gate", "undo": {"kind": "gate", "params": {}, "verb": "compensate"}}
    going = runs.run_of(
        runs.step(name="Add", status="succeeded", **done), runs.step(name="Watch", status="succeeded", **gate, **done),
        window=given.window(olga, starts_at=given.soon(5)),
    )  # fmt: skip
    assert "Undoes step 1." in text(browser(olga).get(f"/runs/{going.pk}"))
    over = runs.run_of(
        runs.step(name="Add", status="compensated", **done),
        runs.step(name="Watch", status="compensated", outcome="Nothing to undo.", **gate, **done),
        window=given.window(olga, starts_at=given.soon(9)), status=RunStatus.ROLLED_BACK, wake_at=None, ended_at=clock(),
    )  # fmt: skip
    shown = text(browser(olga).get(f"/runs/{over.pk}"))
    assert "1 of 1 steps" in shown and "2 · Watch Nothing to undo" in shown and "Undone: Nothing to undo" not in shown


def test_hold_does_not_say_that_a_wait_begins_anew(olga: Actor) -> None:
    waits = runs.step(kind="wait", status="waiting", attempt=1, intended_at=clock(), wake_at=clock())
    run = runs.run_of(waits, window=given.window(olga, starts_at=given.soon(5)))
    assert "Step 1 waits on; nothing after it begins." in text(browser(olga).get(f"/runs/{run.pk}"))


@pytest.mark.parametrize(
    ("repeatable", "said"),
    [(True, "Interrupts step 1; when the run goes on, it is tried again from where it stood."), (False, "Stops after step 1.")],
)
def test_hold_says_whether_the_step_is_interrupted(olga: Actor, repeatable: bool, said: str) -> None:
    now_at = runs.step(kind="http", status="started", attempt=1, intended_at=clock(), is_repeatable=repeatable)
    run = runs.run_of(now_at, window=given.window(olga, starts_at=given.soon(5)))
    assert said in text(browser(olga).get(f"/runs/{run.pk}"))


def test_a_start_that_is_tried_again_and_again_is_one_row(olga: Actor) -> None:
    window = given.window(olga, starts_at=given.soon(5))
    ended = {"wake_at": None, "ended_at": clock(), "started_at": None}
    first, last = (runs.run_of(window=window, status=RunStatus.BLOCKED, number=number, **ended) for number in (1, 2))
    rehearsed = runs.run_of(window=window, number=3, rehearsal="dry_run", **ended)
    page = browser(olga).get("/runs/").content.decode()
    assert f'href="/runs/{last.pk}"' in page and f'href="/runs/{first.pk}"' not in page and f'href="/runs/{rehearsed.pk}"' in page
    assert "run 2, <a" in page and "all its tries" in page


def test_hold_and_roll_back_offer_a_reason_and_do_without(olga: Actor) -> None:
    run, client = with_a_step_that_stands(olga), browser(olga)
    page = client.get(f"/runs/{run.pk}").content.decode()
    for verb in ("hold", "roll_back"):
        assert f'id="why-{verb.replace("_", "-")}" name="reason" rows="2" maxlength="1000"></textarea>' in page, verb
    assert client.post(f"/runs/{run.pk}/hold", {"reason": "the replica lags"}).status_code == 302
    shown = text(client.get(f"/runs/{run.pk}"))
    assert "Olga: the replica lags" in shown
    assert client.post(f"/runs/{run.pk}/roll-back").status_code == 302
    assert "Olga: by hand, from the run page" in text(client.get(f"/runs/{run.pk}"))


def test_a_held_step_says_nothing_of_a_time_that_is_past(olga: Actor) -> None:
    past = {"attempt": 1, "intended_at": clock(), "wake_at": clock(), "outcome": "It waits until 02:31:00 UTC."}
    run = runs.run_of(runs.step(status="waiting", **past), window=given.window(olga, starts_at=given.soon(5)), status=RunStatus.HELD)
    shown = text(browser(olga).get(f"/runs/{run.pk}"))
    assert "It waits until" not in shown and "it goes on when the run is resumed" in shown


def test_the_report_shows_what_preflight_found(olga: Actor) -> None:
    run = with_a_step_that_stands(olga)
    CheckResult.objects.create(run=run, name="backup", verdict="fail", reason="it is nine days old", evidence={"database": "orders"})
    shown = text(browser(olga).get(f"/runs/{run.pk}/report"))
    assert "Backup Failed it is nine days old Evidence database: orders" in shown.replace("fail ", "Failed ")
    assert "Run page" in shown and "Cockpit" not in shown


def test_an_ended_surface_is_wanted_no_more(olga: Actor) -> None:
    run = with_a_step_that_stands(olga)
    Surface.objects.create(run=run, window=run.window, kind="live", name="x", status="ended", desired={"places": 2})
    shown = text(browser(olga).get(f"/windows/{run.window.reference}/surfaces"))
    assert "Nothing any more while it ran:" in shown


def test_a_flag_change_has_one_version_on_the_page(olga: Actor) -> None:
    run = with_a_step_that_stands(olga)
    desired = {"mode": "read_only", "version": 1}
    Surface.objects.create(run=run, window=run.window, kind="flag", name="orders/production/*/*/*", desired=desired, due_at=clock())
    shown = text(browser(olga).get(f"/windows/{run.window.reference}/surfaces"))
    assert "mode read-only" in shown and "version 1" not in shown

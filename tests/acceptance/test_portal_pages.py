"""The plain pages in a real browser: signing in, the list, a request, one window; light, dark, phone, without scripts."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from tests import given_runs as runs
from tests import given_windows as given
from tests.chromium import chromium, window
from windows.access.roles import Role
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.execution.models import CheckResult, GateReading, StepLog
from windows.scheduling.models import Window

PASSWORD = "long enough for anybody"


@pytest.fixture(scope="module")
def browser():
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop in this thread; we are synchronous all the same
    with chromium() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def shop(transactional_db):
    ada = given.actor("ada", ("shop", Role.OWNER))
    person = Person.objects.get(pk=ada.person_id)
    person.name, person.timezone = "Ada Lovelace", "Europe/Berlin"
    person.set_password(PASSWORD)
    person.save()
    given.person("grace", ("shop", Role.COORDINATOR))
    for n, title in enumerate(("Orders schema migration", "Payments database 16.9", "Rotate the certificates of the edge")):
        given.window(ada, ("orders", "payments", "edge-proxy")[n], title=title, starts_at=given.soon(5 + 20 * n), mode="read_only")
    return ada


def sign_in(page) -> None:
    page.goto("/windows/")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/windows/")


@pytest.mark.parametrize(("look", "dark", "width"), [("light", False, 1440), ("dark", True, 1440), ("phone", False, 390)])
def test_pages_look_as_meant(live_server, shop, browser, look: str, dark: bool, width: int) -> None:
    with window(browser, live_server.url, dark=dark, width=width, height=844 if width < 500 else 900) as watched:
        page = watched.page
        page.goto("/windows/")
        watched.shot(f"sign-in-{look}")
        sign_in(page)
        watched.shot(f"windows-{look}")
        page.get_by_role("link", name="Orders schema migration").click()
        page.get_by_role("heading", name="Orders schema migration").wait_for()
        watched.shot(f"window-{look}")
        page.goto("/windows/new")
        watched.shot(f"new-{look}")
        page.goto("/windows/MW-9")
        watched.shot(f"problem-{look}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
        complaints = [text for text in watched.complaints if "404" not in text]
        assert not complaints


@pytest.fixture
def run(shop):
    """A run in its third step, with a gate that wavers and a plan that can be undone."""
    window = Window.objects.get(title="Orders schema migration")
    undo = {
        "status": "succeeded",
        "attempt": 1,
        "outcome": "4 statements",
        "intended_at": clock() - timedelta(seconds=70),
        "ended_at": clock(),
    }
    made = runs.run_of(
        runs.step(name="Freeze writes", sentence="Set orders to read-only and wait for 3 nodes", **undo),
        runs.step(name="Migrate the schema", sentence="Run 1 statement in orders", **undo),
        runs.step(
            name="Look at the new column",
            sentence="A person looks at it",
            status="awaiting_person",
            attempt=1,
            intended_at=clock(),
            prompt="Is it there?",
        ),
        runs.step(name="Thaw writes", sentence="Set orders to normal"),
        runs.check(name="Smoke test", sentence="GET /healthz answers 200"),
        window=window,
    )
    for verdict in ("pass", "pass", "inconclusive", "pass"):
        GateReading.objects.create(
            run=made, gate="write errors", value=0.9987, verdict=verdict, reason="99.87 % good of 1,204, at least 99 % asked"
        )
    for text in ("begun", "version 7 set", "3 of 3 nodes hold version 7"):
        StepLog.objects.create(run=made, position=1, text=text)
    for name in ("approval", "freeze", "conflict", "error_budget"):
        CheckResult.objects.create(run=made, name=name, verdict="pass", reason="fine")
    return made


@pytest.mark.parametrize(("look", "dark", "width"), [("light", False, 1440), ("dark", True, 1440), ("phone", False, 390)])
def test_a_run_is_followed_live_and_held(live_server, run, browser, look: str, dark: bool, width: int) -> None:
    with window(browser, live_server.url, dark=dark, width=width, height=844 if width < 500 else 900) as watched:
        page = watched.page
        sign_in(page)
        watched.shot(f"windows-live-{look}")
        page.goto(f"/runs/{run.pk}")
        page.get_by_text("Is it there?").first.wait_for()
        watched.shot(f"run-{look}")
        StepLog.objects.create(run=run, position=3, text="said while nobody reloads")
        page.get_by_text("said while nobody reloads").wait_for()
        page.get_by_role("button", name="Hold").first.click()
        page.locator("#ask-hold").get_by_role("button", name="Hold").wait_for()
        watched.shot(f"run-sheet-{look}")
        page.locator("#ask-hold").get_by_role("button", name="Hold").click()
        page.get_by_role("button", name="Resume").first.wait_for()
        watched.shot(f"run-held-{look}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
        page.goto("/runs/")
        watched.shot(f"runs-{look}")
        assert not watched.complaints
    run.refresh_from_db()
    assert run.status == "held"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_request_is_filed_once_with_and_without_scripts(live_server, shop, browser, scripts: bool) -> None:
    before = Window.objects.count()
    with window(browser, live_server.url, scripts=scripts) as watched:
        page = watched.page
        sign_in(page)
        page.get_by_role("link", name="Plan a window").click()
        page.get_by_label("Title", exact=True).fill("Reindex the search")
        page.get_by_label("Why", exact=True).fill("It grew.")
        page.get_by_label("Length in minutes").fill("9999")
        page.locator("#service_0").select_option("orders")
        page.get_by_role("button", name="Save the draft").click()
        page.locator("#minutes-error").get_by_role("alert").wait_for()
        assert page.get_by_label("Title", exact=True).input_value() == "Reindex the search"
        page.get_by_label("Length in minutes").fill("90")
        page.get_by_role("button", name="Save the draft").dblclick()
        page.get_by_role("heading", name="Reindex the search").wait_for()
        complaints = [text for text in watched.complaints if "422" not in text and "net::ERR_ABORTED" not in text]
        assert not complaints
    assert Window.objects.count() == before + 1


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "' hx-get='/strip' hx-trigger='load' hx-on:click='alert(3)",
    "</textarea><svg onload=alert(4)>",
    "javascript:alert(5)//",
    "{{constructor.constructor('alert(6)')()}}",
    "<iframe srcdoc='<script>alert(7)</script>'>",
    "\u202ereversed <style>*{display:none}</style>",
]


def test_r_s03_hostile_words_stay_words(live_server, shop, browser) -> None:
    everything = " ".join(HOSTILE)
    parts = [runs.step(name=text[:120], sentence=text, outcome=text, prompt="") for text in HOSTILE]
    made = runs.run_of(*parts, window=given.window(shop, "search", title=everything[:200], reason=everything, expected_impact=everything))
    StepLog.objects.create(run=made, position=1, text=everything, level="<b>")
    GateReading.objects.create(run=made, gate=HOSTILE[0], verdict="fail", reason=everything)
    CheckResult.objects.create(run=made, name=HOSTILE[1][:60], verdict="fail", reason=everything)
    Person.objects.filter(pk=shop.person_id).update(name=HOSTILE[1])
    dialogs: list[str] = []
    with window(browser, live_server.url) as watched:
        page = watched.page
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        sign_in(page)
        reference = made.window.reference
        for path in (
            "/windows/?show=all",
            f"/windows/{reference}",
            f"/windows/{reference}/edit",
            f"/runs/{made.pk}",
            "/runs/",
            "/approvals/",
        ):
            page.goto(path)
            page.wait_for_timeout(300)
        page.goto("/windows/?show=all&q=" + "%3Cscript%3Ealert(8)%3C/script%3E")
        assert page.get_by_text("<script>alert(8)</script>").first.is_visible()
        page.goto(f"/runs/{made.pk}")
        page.get_by_role("button", name="Hold").first.click()
        page.locator("#ask-hold").get_by_role("button", name="Hold").click()
        page.get_by_role("button", name="Resume").first.wait_for()
        assert page.locator("iframe, script:not([src])").count() == 0
        assert not watched.complaints
    assert not dialogs


def test_a_page_says_when_the_portal_is_away(live_server, shop, browser) -> None:
    with window(browser, live_server.url) as watched:
        page = watched.page
        sign_in(page)
        said = page.get_by_text("The portal does not answer.")
        assert not said.is_visible()
        page.route("**/strip*", lambda route: route.abort())
        said.wait_for(timeout=60_000)
        page.unroute("**/strip*")
        said.wait_for(state="hidden", timeout=60_000)

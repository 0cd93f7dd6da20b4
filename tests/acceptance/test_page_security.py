"""Pages against people who mean harm, in a real browser: hostile words, other sites, the back button, doctored addresses, uploads."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.test import Client

from tests import given_runs as runs
from tests import given_windows as given
from tests.chromium import chromium, window
from tests.hostile import HOSTILE, written_everywhere
from tests.integration.test_portal_access import address, routes, world
from tests.places import NOT_PAGES
from windows.access.roles import Role
from windows.audit.commands import record
from windows.catalogue.models import Person
from windows.execution.models import CheckResult, GateReading, Run, StepLog, StepRun
from windows.runbooks.models import RunbookVersion
from windows.scheduling.models import Window

__all__ = ["world"]
PASSWORD = "long enough for anybody"
MADE = ", ".join((
    "iframe, object, embed, base, meta[http-equiv=refresh], script:not([src]), style, img[src=x], a[href^='javascript:'], a[href^='data:']",
    "[onerror], [onload], [ontoggle], [onbegin], [hx-on\\:click], [data-hx-post], [hx-vals], [hx-headers], [hx-ext]",
))  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop in this thread; we are synchronous all the same
    with chromium() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def shop(transactional_db: None, world: dict[str, Any]) -> dict[str, Any]:
    """The rows of the access test, with Ada, who may do everything and has a password."""
    person = Person.objects.get(name="Ada")
    person.is_superuser = True
    person.set_password(PASSWORD)
    person.save()
    return world


def sign_in(page: Any, onward: str = "/runs/") -> None:
    page.goto(f"/sign-in/?next={onward}")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def shown(world: dict[str, Any]) -> list[str]:
    """The path of every page that needs no more than these rows."""
    found = []
    for route, _ in routes():
        if route.startswith((*NOT_PAGES, "api/", "feeds/", "sign-")):
            continue
        try:
            found.append(address(route, world))
        except KeyError:
            continue  # tests/acceptance/shop walks it
    return found


def hostile(shop: dict[str, Any]) -> dict[str, int]:
    """Rows of every sort, then hostile words in all that people can write."""
    run: Run = shop["run"]
    ada = given.actor("ada", ("shop", Role.OWNER))
    given.window(ada, "search", starts_at=given.soon(5))
    other = runs.run_of(runs.step(status="succeeded", prompt="x"), window=given.window(ada, "baskets"))
    for one in (run, other):
        StepLog.objects.create(run=one, position=1, text="x")
        GateReading.objects.create(run=one, gate="x", verdict="fail", reason="x", value=0.5)
        CheckResult.objects.create(run=one, name="x", verdict="fail", reason="x")
    StepRun.objects.filter(run=run).update(status="awaiting_person")
    said = {"reason": " ".join(HOSTILE), "title": " ".join(HOSTILE)}
    with transaction.atomic():
        record("run.held", ada, run.window.reference, window=run.window.reference, run_id=run.pk, data=said)
    return written_everywhere()


def test_r_s03_hostile_words_in_every_column_stay_words(live_server: Any, shop: dict[str, Any], browser: Any) -> None:
    """S3, S4: no dialog, no refused content, no element or attribute that came from a word, on any page."""
    written = hostile(shop)
    assert len(written) > 25, written
    dialogs: list[str] = []
    wrong: dict[str, str] = {}
    asked: list[str] = []
    with window(browser, live_server.url) as watched:
        page = watched.page
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url) if not request.url.startswith((live_server.url, "data:")) else None)
        sign_in(page)
        pages = 0
        for path in shown(shop):
            answer = page.request.get(path)
            if answer.status >= 500:
                wrong[path] = f"answered {answer.status}"
            if "<html" not in answer.text() or answer.status != 200:
                continue
            page.goto(path)
            pages += 1
            if made := page.locator(MADE).evaluate_all("all => all.map(one => one.outerHTML.slice(0, 100))"):
                wrong[path] = f"made of words: {made[:2]}"
            rails = 0 if path == "/status/" else 1  # the public's page has no frame of ours
            if (page.locator("h1").count(), page.locator("main").count(), page.locator("nav.rail").count()) != (1, 1, rails):
                wrong[path] = "its frame is broken"
            if watched.complaints:
                wrong[path] = str(watched.complaints[:2])
                watched.complaints.clear()
    print(f"{len(HOSTILE)} words in {len(written)} columns, {sum(written.values())} fields, {pages} pages: {len(dialogs)} dialogs")
    assert not dialogs
    assert not asked, "no word brought the browser to another host"
    assert not wrong, "\n".join(f"{path}: {why}" for path, why in wrong.items())
    assert pages > 20


def test_r_s03_hostile_words_come_back_from_the_api_as_they_were(live_server: Any, shop: dict[str, Any], browser: Any) -> None:
    """Every word as title, reason and impact of a draft, by the API with the browser's session; the pages show each letter of it."""
    reference = Window.objects.exclude(pk=shop["window"].pk).first() or given.window(given.actor("ada", ("shop", Role.OWNER)), "search")
    with window(browser, live_server.url) as watched:
        page = watched.page
        sign_in(page)
        token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
        path = f"/api/v1/windows/{reference.reference}"
        for word in HOSTILE:
            version = page.request.get(path).headers["etag"]
            sent = {"title": word[:200], "reason": word, "expected_impact": word}
            answer = page.request.patch(path, data=sent, headers={"If-Match": version, "X-CSRFToken": token, "Referer": live_server.url})
            if answer.status == 422:
                continue  # refused with a reason is fine, too
            assert answer.status == 200, (word, answer.status, answer.text()[:200])
            kept = answer.json()
            page.goto(f"/windows/{reference.reference}")
            title = page.locator("h1").text_content()
            assert " ".join(kept["title"].split()) in " ".join(title.split()), word
        assert not watched.complaints


def test_r_s04_after_signing_out_the_back_button_shows_nothing(live_server: Any, shop: dict[str, Any], browser: Any) -> None:
    with window(browser, live_server.url) as watched:
        page = watched.page
        sign_in(page)
        for path in ("/windows/?show=all", f"/windows/{shop['reference']}", f"/runs/{shop['run_id']}"):
            page.goto(path)
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Password").wait_for()
        for _ in range(4):
            page.go_back()
            page.wait_for_load_state()
            assert shop["window"].title not in page.content()
            assert page.get_by_label("Password").is_visible()
        assert page.evaluate("htmx?.config?.historyCacheSize ?? 0") == 0
        assert not [key for key in page.evaluate("Object.keys(localStorage)") if "htmx" in key]


FORM = (
    "<form method=post action='{to}' enctype='{kind}'><input name=reason value=because></form><script>document.forms[0].submit()</script>"
)
FETCH = """<script>fetch('{to}', {{method: '{method}', credentials: 'include', mode: '{mode}', body: '{{"reason": "because"}}',
 headers: {headers}}}).then(one => document.title = 'answered ' + one.status, () => document.title = 'refused')</script>"""


class Evil(BaseHTTPRequestHandler):
    """Another site on another port: it serves whatever page a test wants."""

    page = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, *told: Any) -> None:
        pass


@pytest.fixture
def evil() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_r_s05_another_site_makes_nobody_act(live_server: Any, shop: dict[str, Any], browser: Any, evil: str) -> None:
    """Forms and fetches of another origin, same site and not, with the person's own cookies; by form, by JSON, by method override."""
    acts = [f"/runs/{shop['run_id']}/roll-back", f"/runs/{shop['run_id']}/hold", f"/windows/{shop['reference']}/cancel", "/sign-out/"]
    api = [f"/api/v1/runs/{shop['run_id']}/hold", f"/api/v1/windows/{shop['reference']}/cancel"]
    before = Run.objects.get(pk=shop["run_id"]).status
    tried = 0
    with window(browser, live_server.url) as watched:
        page = watched.page
        sign_in(page)
        for site in (evil, evil.replace("127.0.0.1", "localhost")):
            for to, kind in product(acts + api, ("application/x-www-form-urlencoded", "text/plain")):
                Evil.page = FORM.format(to=live_server.url + to, kind=kind)
                page.goto(site)
                page.wait_for_url(f"{live_server.url}/**")
                assert page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") in (401, 403, 415), to
                tried += 1
            for to, (method, mode, headers) in product(
                acts + api,
                (
                    ("POST", "no-cors", "{}"),
                    ("POST", "cors", "{'Content-Type': 'application/json'}"),
                    ("POST", "cors", "{'X-HTTP-Method-Override': 'DELETE', 'HX-Request': 'true'}"),
                    ("DELETE", "cors", "{}"),
                ),
            ):
                Evil.page = FETCH.format(to=live_server.url + to, method=method, mode=mode, headers=headers)
                page.goto(site)
                page.wait_for_function("document.title")
                assert page.title() in ("refused", "answered 0"), (to, method, mode)
                tried += 1
        page.goto(f"{live_server.url}/runs/")
        assert page.get_by_role("button", name="Sign out").is_visible(), "still signed in"
    print(f"{tried} tries from another site, none accepted")
    assert Run.objects.get(pk=shop["run_id"]).status == before
    assert Window.objects.get(pk=shop["window"].pk).status == "running"


def doctored() -> list[str]:
    """Addresses that have led browsers elsewhere: ways to begin, ways to write the other host, ways to end."""
    begins = [
        "//",
        "///",
        "////",
        "/\\",
        "\\\\",
        "\\/",
        "/\t/",
        "/\n/",
        "\t//",
        " //",
        "/%2f",
        "/%5c",
        "/%09/",
        "http:",
        "https:",
        "http:/",
        "https://",
        "HtTpS://",
        "//;@",
        "///\t",
        "/.//",
        "/..//",
        "javascript://",
        "data:text/html,//",
        "/\x00/",
        "\u3000//",
        "/\u2028/",
    ]
    hosts = [
        "evil.example",
        "127.0.0.1@evil.example",
        "evil.example%23",
        "evil.example:80",
        "0x7f000001.evil.example",
        "evil\u3002example",
        "[::1]@evil.example",
    ]
    return [begin + host + end for begin, host, end in product(begins, hosts, ("", "/windows/"))]


def test_r_s16_no_doctored_address_leaves_the_origin(live_server: Any, shop: dict[str, Any], browser: Any) -> None:
    """After signing in and after choosing a theme: where the browser itself says that the answer leads."""
    payloads, left, asking = doctored(), [], Client()
    asking.force_login(Person.objects.get(name="Ada"))
    with window(browser, live_server.url) as watched:
        page = watched.page
        sign_in(page)
        targets = []
        for payload in payloads:
            answers = [asking.get("/sign-in/", {"next": payload}), asking.post("/theme", {"next": payload, "theme": "dark"})]
            for answer in answers:
                if answer.status_code // 100 == 3:
                    targets.append((payload, answer.headers["location"]))
                else:
                    assert answer.status_code in (200, 400, 404, 422), (payload, answer.status_code)
        origins = page.evaluate("all => all.map(one => new URL(one[1], location.href).origin)", targets)
        left = [target for target, origin in zip(targets, origins, strict=True) if origin != live_server.url]
        for payload in payloads[::25]:  # and a few with the whole browser
            page.goto(f"{live_server.url}/sign-in/?next={httpx.QueryParams({'next': payload})['next'] if payload.isascii() else '/'}")
            assert page.url.startswith(live_server.url)
    print(f"{len(payloads)} addresses, {len(targets)} redirects, {len(left)} left the origin")
    assert not left
    assert len(targets) > 300


def test_r_s17_a_strange_host_is_in_no_answer(live_server: Any, shop: dict[str, Any], browser: Any) -> None:
    """Host is refused where it is not ours; headers by which proxies speak of a host are never believed."""
    with window(browser, live_server.url) as watched:
        sign_in(watched.page)
        cookies = {one["name"]: one["value"] for one in watched.page.context.cookies()}
    strange = dict.fromkeys(("X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-HTTP-Host-Override", "Forwarded"), "evil.example")
    with httpx.Client(base_url=live_server.url, cookies=cookies, trust_env=False, timeout=60) as client:
        for path in shown(shop):
            answer = client.get(path, headers=strange)
            assert "evil.example" not in answer.text + str(answer.headers), path
        own = {"X-CSRFToken": cookies["csrftoken"], "Referer": live_server.url}
        made = client.post("/api/v1/feeds", json={"kind": "all"}, headers=strange | own)
        assert "evil.example" not in made.text
        for path in ("/", "/sign-in/", "/windows/", "/api/v1/windows", "/healthz"):
            refused = client.get(path, headers={"Host": "evil.example"})
            assert "evil.example" not in refused.text + str(refused.headers), path
            assert refused.status_code in (400, 200) and (refused.status_code == 400 or path == "/healthz"), path


NAMES = ["../../evil.html", "..\\..\\evil.svg", "evil.php\x00.yaml", "evil.html", "evil.svg", ".htaccess", "a" * 300 + ".yaml"]
NAMES += ["\u202elmay.exe"]
TYPES = ["text/html", "image/svg+xml", "application/javascript", "application/x-yaml"]
UPLOADED = """# <script>alert(1)</script><svg onload=alert(1)>
runbook: book
title: Book <img src=x onerror=alert(1)>
layers: [L3]
rollback_reserve: 1m
steps:
  - name: Wait <b>a while</b>
    wait: {duration: 1s}
"""


def test_r_s28_an_upload_is_text_and_nothing_else(live_server: Any, shop: dict[str, Any], browser: Any) -> None:
    """Whatever its name and type say: kept as text, shown as text, never served as the page it wants to be, never a file on our disk."""
    dialogs: list[str] = []
    with window(browser, live_server.url) as watched:
        page = watched.page
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        sign_in(page)
        for n, (name, kind) in enumerate(product(NAMES, TYPES)):
            page.goto("/runbooks/book/upload")
            text = UPLOADED.replace("Wait <b>", f"Wait {n} <b>")
            page.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": text.encode()})
            page.locator("button[value=keep], form.stack button.main, form button.main").first.click()
            page.wait_for_load_state()
            if n == 0:
                page.get_by_text("Wait 0 <b>a while</b>").first.wait_for()
        kept = RunbookVersion.objects.filter(runbook__slug="book").order_by("number")
        assert kept.count() == 1 + len(NAMES) * len(TYPES)
        assert page.locator(MADE).count() == 0
        for version in kept[1:4]:
            answer = page.request.get(f"/runbooks/book/versions/{version.number}")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "<script>alert" not in answer.text()
        assert not watched.complaints
    assert not dialogs

"""The calendar under a real mouse: a draft is dragged, made longer and shorter, refused, left alone, and moved by keyboard; keys lead from
window to window; a view is kept; what is printed fits its page."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest

from tests import given_windows as given
from tests.chromium import chromium, window
from tests.walking import looked_at
from windows.access.roles import Role
from windows.approvals.commands import request_window
from windows.catalogue.models import Person
from windows.scheduling.models import SavedView, Window

PASSWORD = "long enough for anybody"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def browser():
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop in this thread; we are synchronous all the same
    with chromium() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def ada(transactional_db: Any) -> Any:
    ada = given.actor("ada", ("shop", Role.OWNER))
    person = Person.objects.get(pk=ada.person_id)
    person.set_password(PASSWORD)
    person.save()
    return ada


def sign_in(page: Any, onward: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    page.goto(onward)


class Bar:
    """A draft's bar, and the hand that takes it. A day's column is three hours wide."""

    def __init__(self, page: Any, reference: str) -> None:
        self.page, self.at = page, page.locator(f'td .bar[href="/windows/{reference}"] > i')

    def hour(self) -> float:
        return float(self.page.locator("thead th[data-utc]").first.bounding_box()["width"]) / 3

    def take(self, hours: float, part: float = 0.5) -> None:
        """Press at a share of its length, and go so many hours without letting go."""
        box = self.at.bounding_box()
        x, y = box["x"] + min(max(box["width"] * part, 1), box["width"] - 1), box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + hours * self.hour(), y, steps=8)


def test_a_draft_is_dragged_and_what_stands_in_its_way_is_shown(live_server, ada, browser) -> None:
    begins = given.soon(48).replace(hour=9)
    rival = given.window(ada, starts_at=begins + 6 * HOUR, hours=2, title="Payments database")
    request_window(ada, rival.pk)
    draft = given.window(ada, starts_at=begins, hours=2, title="Rotate keys")
    with window(browser, live_server.url) as there:
        page = there.page
        sign_in(page, f"/calendar/?zoom=day&on={begins:%Y-%m-%d}")
        bar, told, live = Bar(page, draft.reference), page.locator("#drag-card"), page.locator("#drag-said")
        bar.take(6.1)
        told.get_by_text(rival.reference).first.wait_for()
        assert rival.reference in live.inner_text(), "who hears the page is told as well"
        page.keyboard.press("Escape")
        page.mouse.up()
        assert Window.objects.get(pk=draft.pk).starts_at == begins, "Escape leaves it"
        assert page.url.endswith(f"on={begins:%Y-%m-%d}"), "and is no click"
        bar.take(3.13)
        told.get_by_text("Nothing stands in its way.").wait_for()
        there.shot("calendar-dragging")
        with page.expect_response(lambda answer: "/calendar/panel" in answer.url):
            page.mouse.up()
        moved = Window.objects.get(pk=draft.pk)
        assert moved.starts_at - begins in (3 * HOUR, 3.25 * HOUR) and moved.ends_at - moved.starts_at == 2 * HOUR, "by quarters"
        before = moved.ends_at
        page.wait_for_timeout(50)
        bar.take(0.5, part=1)
        with page.expect_response(lambda answer: "/calendar/panel" in answer.url):
            page.mouse.up()
        longer = Window.objects.get(pk=draft.pk)
        assert (longer.starts_at, longer.ends_at) == (moved.starts_at, before + HOUR / 2)
        assert there.complaints == []


def test_a_refusal_is_told_in_place_and_the_bar_goes_back(live_server, ada, browser) -> None:
    begins = given.soon(48).replace(hour=9)
    draft = given.window(ada, starts_at=begins, hours=2)
    with window(browser, live_server.url) as there:
        page = there.page
        sign_in(page, f"/calendar/?zoom=day&on={begins:%Y-%m-%d}")
        Window.objects.filter(pk=draft.pk).update(version=draft.version + 1)  # somebody else was faster
        bar = Bar(page, draft.reference)
        where = bar.at.bounding_box()
        bar.take(3)
        page.mouse.up()
        page.locator("#drag-card").get_by_text("changed by somebody else").wait_for()
        assert bar.at.bounding_box() == where and "changed by somebody else" in page.locator("#drag-said").inner_text()
        assert Window.objects.get(pk=draft.pk).starts_at == begins
        assert [one for one in there.complaints if "412" not in one] == []


def test_without_a_mouse_and_without_scripts_a_form_moves_it(live_server, ada, browser) -> None:
    begins = given.soon(48).replace(hour=9)
    draft = given.window(ada, starts_at=begins, hours=2)
    day = f"/calendar/?zoom=day&on={begins:%Y-%m-%d}"
    with window(browser, live_server.url) as there:
        sign_in(there.page, day)
        there.page.locator(f'td .bar[href="/windows/{draft.reference}"]').focus()
        there.page.keyboard.press("m")
        there.page.wait_for_url(f"**/windows/{draft.reference}/move")
        assert looked_at(there.page) == [] and there.complaints == []
    with window(browser, live_server.url, scripts=False) as there:
        page = there.page
        sign_in(page, f"/windows/{draft.reference}")
        page.locator(".menu-of summary").click()
        page.get_by_role("link", name="Move", exact=True).click()
        page.get_by_label("Ends").fill(f"{begins + 3 * HOUR:%Y-%m-%dT%H:%M}")
        page.get_by_role("button", name="Move it").click()
        page.wait_for_url(f"**/windows/{draft.reference}")
        assert Window.objects.get(pk=draft.pk).ends_at == begins + 3 * HOUR


def test_a_view_is_kept_and_opened(live_server, ada, browser) -> None:
    given.service("orders")
    with window(browser, live_server.url, scripts=False) as there:
        page = there.page
        sign_in(page, "/calendar/?by=team&zoom=month")
        page.locator(".filters summary").click()
        page.get_by_label("Keep this view as").fill("Teams by month")
        page.get_by_role("button", name="Keep this view").click()
        page.wait_for_url("**/calendar/?by=team&zoom=month")
        assert page.get_by_role("navigation", name="Saved views").get_by_text("Teams by month").get_attribute("aria-current") == "true"
    view = SavedView.objects.get()
    with window(browser, live_server.url) as there:
        sign_in(there.page, "/calendar/?view=lanes")
        there.shot("calendar-views")
        assert looked_at(there.page) == []
        for path in ("/calendar/views/", f"/calendar/views/{view.pk}", f"/calendar/views/{view.pk}/delete"):
            there.page.goto(path)
            assert looked_at(there.page) == [], path
        assert there.complaints == []


def test_a_drafts_length_is_changed_at_either_end_and_what_then_stands_in_its_way_is_shown(live_server, ada, browser) -> None:
    begins = given.soon(48).replace(hour=9)
    rival = given.window(ada, starts_at=begins + 4 * HOUR, hours=2, title="Payments database")
    request_window(ada, rival.pk)
    draft = given.window(ada, starts_at=begins, hours=2, title="Rotate keys")
    with window(browser, live_server.url) as there:
        page = there.page
        sign_in(page, f"/calendar/?zoom=day&on={begins:%Y-%m-%d}")
        bar, told = Bar(page, draft.reference), page.locator("#drag-card")
        bar.take(3.1, part=1)
        told.get_by_text(rival.reference).first.wait_for()
        hit = page.locator("td .bar.hit")
        assert page.locator("html.resizing").count() == 1 and hit.get_attribute("href") == f"/windows/{rival.reference}"
        behind, over = hit.bounding_box(), told.bounding_box()
        assert over["y"] > behind["y"] + behind["height"], "what stands in the way is marked, and not behind what tells of it"
        there.shot("calendar-resizing")
        page.keyboard.press("Escape")
        assert hit.count() == 0
        page.mouse.up()
        assert page.locator("html.resizing").count() == 0 and Window.objects.get(pk=draft.pk).ends_at == begins + 2 * HOUR
        bar.take(-1.05, part=0)
        told.get_by_text("Nothing stands in its way.").wait_for()
        with page.expect_response(lambda answer: "/calendar/panel" in answer.url):
            page.mouse.up()
        earlier = Window.objects.get(pk=draft.pk)
        assert (earlier.starts_at, earlier.ends_at) == (begins - HOUR, begins + 2 * HOUR)
        page.wait_for_timeout(50)
        bar.take(-8, part=1)  # far beyond its own begin
        with page.expect_response(lambda answer: "/calendar/panel" in answer.url):
            page.mouse.up()
        shortest = Window.objects.get(pk=draft.pk)
        assert (shortest.starts_at, shortest.ends_at) == (begins - HOUR, begins - HOUR + HOUR / 4), "a quarter of an hour is the least"
        assert there.complaints == []


def test_keys_lead_from_window_to_window_open_it_put_its_card_away_and_search(live_server, ada, browser) -> None:
    begins = given.soon(48).replace(hour=9)
    first = given.window(ada, "bank", starts_at=begins, hours=1, title="Bank first")
    second = given.window(ada, "bank", starts_at=begins + 4 * HOUR, hours=1, title="Bank second")
    given.service("empty")  # a lane without windows between the two
    below = given.window(ada, "orders", starts_at=begins + 5 * HOUR, hours=1, title="Orders below")
    with window(browser, live_server.url) as there:
        page, card = there.page, there.page.locator("#card")

        def focused() -> str:
            return str(page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.name || ''")).rsplit("/", 1)[-1]

        sign_in(page, f"/calendar/?zoom=day&on={begins:%Y-%m-%d}")
        page.locator(f'td .bar[href="/windows/{first.reference}"]').focus()
        card.get_by_text("Bank first").wait_for()
        seen = []
        for key in ("ArrowLeft", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "Home", "End"):
            page.keyboard.press(key)
            seen.append(focused())
        there_and_back = [first, second, second, below, below, second, first, second]
        assert seen == [one.reference for one in there_and_back]
        card.get_by_text("Bank second").wait_for()
        there.shot("calendar-keys")
        page.keyboard.press("Escape")
        card.wait_for(state="hidden")
        assert focused() == second.reference, "the focus stays where it was"
        page.keyboard.press("/")
        assert focused() == "q"
        page.keyboard.press("ArrowLeft")
        assert focused() == "q", "in a field arrows are the field's"
        page.goto(f"/calendar/?view=month&on={begins:%Y-%m-%d}")
        page.locator(f'.mini[href="/windows/{first.reference}"]').focus()
        for key, wanted in (("ArrowDown", second), ("ArrowDown", below), ("ArrowUp", second)):
            page.keyboard.press(key)
            assert focused() == wanted.reference, key
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/windows/{second.reference}")
        assert there.complaints == []


def test_what_is_printed_fits_its_page_and_has_nothing_to_press(live_server, ada, browser) -> None:
    begins = given.soon(48).replace(hour=9)
    one = given.window(ada, starts_at=begins, hours=1, title="Printed")
    for n in range(30):
        given.service(f"s{n:02}")
    with window(browser, live_server.url, dark=True) as there:
        page = there.page
        page.set_viewport_size({"width": 1050, "height": 700})  # A4 across
        sign_in(page, "/calendar/")
        for face in ("zoom=week", "zoom=month", "zoom=quarter", "view=month", "view=agenda"):
            page.goto(f"/calendar/?{face}&on={begins:%Y-%m-%d}")
            page.emulate_media(media="print")
            found = page.evaluate(PRINTED)
            assert found["pressed"] == [], face
            assert found["wide"] <= 0 and found["hidden"] <= 0, (face, found, "every lane is on paper, and none beside it")
            assert found["dark"] is False, face
            assert page.get_by_text(one.reference).first.is_visible() or face == "view=month"
            there.shot(f"calendar-printed-{face}")
            assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
            page.emulate_media(media="screen")
        assert there.complaints == []


PRINTED = """() => {
  const pressed = 'main :is(button, input, select, summary, .btn, .seg, .plan, .free)';
  const seen = [...document.querySelectorAll(pressed)].filter((one) => one.checkVisibility());
  const scrolls = [...document.querySelectorAll('.tl-scroll, .scroll-x')];
  const back = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
  return {
    pressed: seen.map((one) => one.outerHTML.slice(0, 80)),
    wide: document.documentElement.scrollWidth - innerWidth,
    hidden: Math.max(0, ...scrolls.map((one) => one.scrollHeight - one.clientHeight)),
    dark: back[0] < 128,
  };
}"""

"""The calendar and the home page over the test client: what is sent, to whom, at what cost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import given_runs as runs
from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals.commands.requests import request_window
from windows.audit.clock import clock
from windows.catalogue.models import Person, Service, Team
from windows.execution.states import RunStatus
from windows.scheduling.commands.drafts import discard_draft
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.models import ExternalWindow, Freeze, ProviderObject, Window, WindowBudget, WindowScope
from windows.scheduling.queries import conflicts_ahead, conflicts_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


def browser(name: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(email=f"{name}@example.org"))
    return client


def page(client: Client, address: str = "/calendar/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")


def test_a_bar_is_a_link_with_everything_in_words(ada: Any) -> None:
    begins = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=7)
    window = given.window(ada, title="Move <orders>", starts_at=begins, hours=2)
    Person.objects.filter(pk=ada.person_id).update(timezone="Asia/Kolkata")
    text = page(browser("ada"), f"/calendar/panel?zoom=day&on={day(begins)}")
    bar = re.search(rf'<a class="bar s-draft ([^"]*)" href="/windows/{window.reference}"[^>]*>(.*?)</a>', text)
    assert bar and "x-240 w-192" in bar[1]  # 11:30 in the column of 09:00, for two hours
    said = re.sub("<[^>]*>", "", bar[2])
    assert (
        said.startswith(f"{window.reference} Move &lt;orders&gt;, draft, ")
        and said.endswith(" 06:00–08:00 UTC")
        and "11:30–13:30 IST, there " in said
    )
    assert "style=" not in text and "IST, UTC+05:30" in text
    assert f'href="/windows/new?service=orders&amp;starts_at={day(begins)}T09%3A00"' in text


def test_a_clock_change_is_pointed_out(ada: Any) -> None:
    begins = datetime(datetime.now(UTC).year + 1, 10, 31, 0, 30, tzinfo=UTC)
    begins -= timedelta(days=(begins.weekday() + 1) % 7)  # the last Sunday of October
    over = given.window(ada, starts_at=begins, hours=2, timezone="Europe/Berlin")
    beside = given.window(ada, "bank", starts_at=begins + 4 * HOUR, hours=2, timezone="Europe/Berlin")
    client, words = browser("ada"), f"the clock goes back from 03:00 to 02:00 on Sun {begins.day} Oct"
    text = page(client, f"/calendar/panel?on={day(begins)}")
    bars = dict(re.findall(r'href="/windows/(MW-\d+)"[^>]*>(.*?)</a>', text))
    assert "clock change" in bars[over.reference] and "clock change" not in bars[beside.reference]
    assert words in re.sub(r"\s+", " ", page(client, f"/windows/{over.reference}/card"))
    assert words not in text, "her own clock does not change"
    agenda = page(client, f"/calendar/panel?view=agenda&on={day(begins)}")
    assert "07:30 CET there</small>" in agenda and "clock change inside: CEST to CET" in agenda, "the windows' own clock stands beside hers"
    Person.objects.filter(pk=ada.person_id).update(timezone="Europe/Berlin")
    for view in ("lanes", "month", "agenda"):
        assert f"In Europe/Berlin {words}." in page(client, f"/calendar/panel?view={view}&on={day(begins)}"), view
    assert words not in page(client, f"/calendar/panel?on={day(begins + timedelta(days=7))}")


def test_a_run_tells_more_than_its_window(ada: Any) -> None:
    run = runs.run_of(runs.step(), status=RunStatus.HELD, window=given.window(ada, starts_at=given.soon(0)))
    Window.objects.filter(pk=run.window_id).update(status="running")
    assert '<a class="bar s-held ' in page(browser("ada"), "/calendar/panel?zoom=day&on=" + day(run.window.starts_at))


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("", {"a", "b", "c"}), ("team=shop", {"a"}), ("service=bank", {"b", "c"}), ("environment=staging", {"c"}),
        ("state=draft", {"a", "b", "c"}), ("state=running", set()), ("state=draft&state=requested", {"a", "b", "c"}),
        ("change_type=emergency", {"b"}), ("by=team&team=finance", {"b", "c"}), ("view=agenda&service=bank", {"b", "c"}),
        ("view=month&change_type=emergency", {"b"}), ("by=environment&environment=staging", {"c"}),
        ("by=region", {"a", "b", "c"}), ("state=odd&zoom=odd&by=odd&view=odd&on=odd", {"a", "b", "c"}), ("busy=1&state=running", set()),
    ],
)  # fmt: skip
def test_filters_stand_in_the_address(ada: Any, query: str, seen: set[str]) -> None:
    given.service("orders", regions=("r1",))
    given.service("bank", "finance", environments=("production", "staging"))
    olga = given.actor("olga", ("finance", Role.OWNER))
    begins = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=1)
    refs = {
        "a": given.window(ada, starts_at=begins).reference,
        "b": given.window(olga, "bank", team="finance", starts_at=begins, change_type="emergency").reference,
        "c": given.window(olga, "bank", team="finance", starts_at=begins, scope=(ScopeRow("bank", "staging"),)).reference,
    }
    text = page(browser("ada"), f"/calendar/?on={day(begins)}&{query}")
    assert {name for name, ref in refs.items() if f"/windows/{ref}" in text} == seen
    for name in re.findall(r"[?&](team|service|environment)=(\w+)", f"?{query}"):
        assert f"<b>{name[1]}</b>" in text, "a chip takes it away"


def test_confidential_windows_and_strangers(ada: Any) -> None:
    window = given.window(ada, confidential=True, starts_at=given.soon(1))
    given.actor("eve", ("other", Role.OWNER))
    for view in ("lanes", "month", "agenda"):
        query = f"?view={view}&on={day(window.starts_at)}"
        assert window.reference in page(browser("ada"), f"/calendar/panel{query}")
        assert window.reference not in page(browser("eve"), f"/calendar/panel{query}")
    assert window.title in page(browser("ada"), f"/windows/{window.reference}/card")
    assert browser("eve").get(f"/windows/{window.reference}/card").status_code == 404
    assert Client().get("/calendar/")["Location"].startswith("/sign-in/?next=") and Client().get("/calendar/panel").status_code == 302


def test_freezes_lie_in_the_lanes_they_bind(ada: Any) -> None:
    given.service("orders")
    given.service("bank", "finance")
    person = Person.objects.get(pk=ada.person_id)
    begins = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for severity, said in (("hard", {"services": ["orders"]}), ("soft", {"teams": ["finance"]}), ("advisory", {})):
        Freeze.objects.create(
            title=f"The {severity} one",
            starts_at=begins - 48 * HOUR,
            ends_at=begins + 480 * HOUR,
            severity=severity,
            created_by=person,
            **said,
        )
    rows = dict(re.findall(r'<tr role="row".*?>([\w-]+)(?:</a>|</th>)(.*?)</tr>', page(browser("ada"), "/calendar/panel")))
    kinds = {name: set(re.findall(r"fz-(hard|soft|advisory)", cells)) for name, cells in rows.items()}
    assert kinds == {"Freezes": {"hard", "soft", "advisory"}, "orders": {"hard", "advisory"}, "bank": {"soft", "advisory"}}


def test_a_bracket_joins_windows_of_one_place_and_the_bars_say_so(ada: Any) -> None:
    given.service("orders", environments=("production", "staging"))
    begins = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=1)
    one, two = given.window(ada, starts_at=begins, hours=3), given.window(ada, starts_at=begins + HOUR, hours=3)
    other = given.window(ada, starts_at=begins + HOUR, scope=(ScopeRow("orders", "staging"),))
    over = given.window(ada, starts_at=begins + HOUR)
    Window.objects.filter(pk=over.pk).update(status="cancelled")
    text = page(browser("ada"), f"/calendar/panel?on={day(begins)}&zoom=day")
    cells = text.split("<tbody", 1)[1].split("</tbody>")[0]
    assert cells.count('class="clash') == 1, "staging is another place, and what was called off stands in nobody's way"
    bars = dict(re.findall(r'href="/windows/(MW-\d+)"[^>]*>(.*?)</a>', cells))
    assert (
        f", would collide with {two.reference}<" in bars[one.reference] and f", would collide with {one.reference}<" in bars[two.reference]
    )
    assert 'class="clash maybe ' in cells, "two drafts hold nothing yet: their pages say that nothing is in the way"
    request_window(ada, one.pk)
    asked = page(browser("ada"), f"/calendar/panel?on={day(begins)}&zoom=day").split("<tbody", 1)[1].split("</tbody>")[0]
    assert f", collides with {one.reference}<" in asked and "maybe" not in asked
    assert "collides" not in bars[other.reference] + bars[over.reference]
    for by, brackets in (("team", 1), ("environment", 1), ("region", 1)):
        lanes = page(browser("ada"), f"/calendar/panel?by={by}&on={day(begins)}").split("<tbody", 1)[1].split("</tbody>")[0]
        assert lanes.count('class="clash') == brackets, by


def test_what_providers_announce_has_a_row_of_its_own(ada: Any) -> None:
    given.service("orders")
    begins = datetime.now(UTC) + HOUR
    ProviderObject.objects.create(provider="acme", object="circuit-1", service=Service.objects.get(slug="orders"))
    for uid, status, objects in (("a", "confirmed", ["circuit-1"]), ("b", "cancelled", ["circuit-1"]), ("c", "confirmed", ["elsewhere"])):
        ExternalWindow.objects.create(
            provider="acme",
            uid=uid,
            title=f"Splice <{uid}>",
            status=status,
            starts_at=begins,
            ends_at=begins + HOUR,
            objects_named=dict.fromkeys(objects, ""),
            via="api",
        )
    text = page(browser("ada"), "/calendar/panel")
    row = re.search(r'<tr role="row" class="vendor-row.*?</tr>', text)
    assert row and row[0].count('<span class="bar s-vendor') == 2, "what was called off is not shown"
    assert "Splice &lt;a&gt;" in row[0] and ", reaches orders<" in row[0] and ", reaches no service of ours<" in row[0]
    narrowed = page(browser("ada"), "/calendar/panel?service=orders")
    assert narrowed.count('<span class="bar s-vendor x') == 1


def test_an_empty_calendar_says_what_to_do(ada: Any) -> None:
    assert "There is no lane to show yet." in page(browser("ada"))
    for by, leads in (("service", "/services/"), ("region", "/settings/places/"), ("environment", "/settings/places/")):
        text = page(browser("ada"), f"/calendar/panel?by={by}").split("There is no lane to show yet.")[1]
        assert f'<a href="{leads}">' in text, by
    given.service("orders")
    assert "Click an empty place in a lane" in page(browser("ada"))
    assert "No lane fits these filters." in page(browser("ada"), "/calendar/?service=nothing")
    assert "No window in these two weeks." in page(browser("ada"), "/calendar/?view=agenda")


def test_the_form_takes_the_place_that_was_clicked(ada: Any) -> None:
    given.service("orders")
    text = page(browser("ada"), "/windows/new?service=orders&environment=production&starts_at=2027-01-04T21:15&team=shop")
    assert 'value="2027-01-04T21:15"' in text and re.search(r'value="orders"\s+selected', text)
    assert 'value="x' not in page(browser("ada"), "/windows/new?starts_at=x%22%3E")


def test_an_unchanged_panel_has_no_body(ada: Any) -> None:
    given.window(ada)
    client = browser("ada")
    first = client.get("/calendar/panel?zoom=month")
    assert client.get("/calendar/panel?zoom=month", headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert f'data-etag="{first["ETag"].replace(chr(34), "&quot;")}"' in first.content.decode()


def test_the_home_page_shows_my_teams_and_what_needs_me(ada: Any) -> None:
    given.service("bank", "finance")
    olga = given.actor("olga", ("finance", Role.OWNER))
    begins = datetime.now(UTC) + 26 * HOUR
    mine, other = given.window(ada, starts_at=begins), given.window(olga, "bank", team="finance", starts_at=begins)
    Window.objects.filter(pk=mine.pk).update(status="approved")
    Freeze.objects.create(
        title="Winter sale", starts_at=begins + 200 * HOUR, ends_at=begins + 300 * HOUR, severity="hard", created_by_id=ada.person_id
    )
    text = page(browser("ada"), "/")
    assert '<a class="bar s-approved ' in text and mine.reference in text and other.reference not in text
    said = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", text))
    for words in ("My teams", "Nothing waits for your signature.", "Starting next", "Winter sale"):
        assert words in said
    assert re.search(r'<p class="warn">[^<]+</p>', text), "nobody ever approved it: that is said"
    assert "Your teams own no service yet." in page(browser_of_nobody(), "/")
    assert re.search(r'<a href="/" aria-current="page">', text) and text.count('aria-current="page"') == 1


def test_the_home_page_costs_the_same_whatever_waits(ada: Any) -> None:
    """Approvals and conflicts of all that comes next are asked at once."""
    olga = given.actor("olga", ("shop", Role.OWNER))
    client = browser("ada")
    page(client, "/")

    def cost(address: str = "/") -> int:
        with CaptureQueriesContext(connection) as asked:
            page(client, address)
        return len(asked)

    def plan(n: int) -> None:
        name = f"service-{n}"
        approved = given.window(ada, name, starts_at=given.soon(30 + n))
        Window.objects.filter(pk=approved.pk).update(status="approved")
        request_window(olga, given.window(olga, name, starts_at=given.soon(60 + n)).pk)

    plan(0)
    one, aside = cost(), cost("/today/panel")
    for n in range(1, 6):
        plan(n)
    assert (cost(), cost("/today/panel")) == (one, aside), "neither windows nor requests are asked one by one"
    assert one <= 29 and aside <= 21, (one, aside)
    first = client.get("/today/panel")
    assert first.content.count(b"Still to sign: ") == 6
    assert client.get("/today/panel", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_conflicts_of_many_are_those_of_each(ada: Any) -> None:
    given.service("basket")
    given.window(ada, "orders", starts_at=given.soon(10), hours=3)
    given.needs("basket", "orders")
    begins = given.soon(11)
    for slug, confidential in (("basket", False), ("orders", True), ("bank", False)):
        given.window(ada, slug, starts_at=begins, hours=2, confidential=confidential)
    Window.objects.update(status="approved")
    WindowBudget.objects.create(at_most=1)
    Freeze.objects.create(
        title="Sale", starts_at=begins, ends_at=begins + 90 * HOUR, severity="hard", created_by_id=ada.person_id, services=["bank"]
    )
    ids = list(Window.objects.values_list("pk", flat=True))
    now = clock()
    together = conflicts_ahead(ids, ada, now)
    assert together == {pk: conflicts_of(pk, ada, now) for pk in ids}
    assert "too_many" in {finding.kind for found in together.values() for finding in found}
    assert sum(len(found) for found in together.values()) >= 4 and conflicts_ahead([], ada, now) == {}


def browser_of_nobody() -> Client:
    given.actor("nora", ("idle", Role.MEMBER))
    return browser("nora")


STORED, SERVICES = 100_000, 500


@pytest.fixture
def crowd(ada: Any) -> datetime:
    """A year of windows over 500 services of 40 teams, one in nine touching two."""
    for n in range(40):
        given.team(f"team-{n:02}")
    teams = dict(Team.objects.values_list("slug", "id"))
    Service.objects.bulk_create(
        Service(slug=f"service-{n:03}", name=f"Service {n}", team_id=teams[f"team-{n % 40:02}"]) for n in range(SERVICES)
    )
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=180)
    given.window(ada, starts_at=datetime.now(UTC) + HOUR)
    model = Window.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")  # a hundred thousand rows, without asking back for each
        names = [column.column for column in Window._meta.concrete_fields]
        made = {
            "id": "100000 + n",
            "uid": "gen_random_uuid()",
            "title": "'Rotate the certificates of the edge, number ' || n", "status": "'approved'",
            "starts_at": "begins", "ends_at": "begins + (1 + n %% 9) * interval '1 hour'", "team_id": "(%(teams)s::bigint[])[1 + n %% 40]",
        }  # fmt: skip
        cursor.execute(
            f"insert into scheduling_window ({', '.join(names)}) select {', '.join(made.get(name, 'w.' + name) for name in names)} "
            "from (select n, %(first)s::timestamptz + (n::bigint * 7919 %% 34560) * interval '15 minutes' as begins "
            "from generate_series(1, %(stored)s) n) g, (select * from scheduling_window where id = %(model)s) w",
            {"first": first, "stored": STORED, "model": model.pk, "teams": [teams[f"team-{n:02}"] for n in range(40)]},
        )
        cursor.execute(
            "insert into scheduling_windowscope (window_id, service_id, environment, region, layer, reserved, holds_slot) "
            "select w.id, (%(services)s::bigint[])[1 + (w.id * 31 + t * 7) %% %(many)s], 'production', 'r1', 'L3', "
            "tstzrange(w.starts_at, w.ends_at), false from scheduling_window w, generate_series(0, 1) t "
            "where w.id > 100000 and (t = 0 or w.id %% 9 = 0)",
            {"services": list(Service.objects.order_by("slug").values_list("id", flat=True)[:SERVICES]), "many": SERVICES},
        )
        cursor.execute("analyze scheduling_window, scheduling_windowscope, catalogue_service")
        cursor.execute("set local session_replication_role = default")
    assert Window.objects.count() == STORED + 1 and WindowScope.objects.count() > STORED
    return datetime.now(UTC)


def test_a_pan_sends_what_is_seen_whatever_is_stored(ada: Any, crowd: datetime, django_assert_max_num_queries: Any) -> None:
    client = browser("ada")
    sent = {}
    for query in (
        "zoom=day",
        "zoom=week",
        "zoom=month",
        "zoom=quarter",
        "by=team",
        "by=team&zoom=month",
        "by=environment",
        "view=month",
        "view=agenda",
    ):
        with django_assert_max_num_queries(12):
            text = page(client, f"/calendar/panel?{query}")
        bars, lanes = text.count('<a class="bar '), text.count('class="plan"')
        sent[query] = (len(text.encode()), lanes, bars)
        assert len(text.encode()) <= 200_000, sent
        assert "view=month" in query or lanes <= 60, sent
    assert sent["zoom=week"][2] > 100 and sent["zoom=day"][1] == 60
    with django_assert_max_num_queries(20):
        assert len(page(client).encode()) < 300_000
    seen: list[str] = []
    query = "?zoom=month"
    while query and len(seen) < 100:
        text = page(client, f"/calendar/panel{query}")
        seen += re.findall(r">(service-\d+)</a>", text)
        onward = re.search(r'id="pan-further" href="/calendar/([^"]*)"', text)
        query = onward[1].replace("&amp;", "&") if onward else ""
    assert seen == sorted(set(seen)) and seen[0] == "service-000", "lanes follow each other, each once"


def walked(sql: str) -> int:
    """The most rows that one scan of a plan reads of windows or their places, those it throws away included."""
    with connection.cursor() as cursor:
        cursor.execute("explain (analyze, format json) " + sql)
        plans, most = [cursor.fetchone()[0][0]["Plan"]], 0
    while plans:
        node = plans.pop()
        plans += node.get("Plans", [])
        if node.get("Relation Name") in ("scheduling_window", "scheduling_windowscope"):
            removed = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
            most = max(most, int((node["Actual Rows"] + removed) * node["Actual Loops"]))
    return most


@pytest.mark.parametrize("query", ["zoom=week", "by=team", "view=month", "view=agenda"])
def test_a_pan_reads_the_time_that_is_seen_and_not_all_that_ever_was(ada: Any, crowd: datetime, query: str) -> None:
    client = browser("ada")
    with CaptureQueriesContext(connection) as asked:
        page(client, f"/calendar/panel?{query}")
    told = [row["sql"] for row in asked if '"scheduling_window' in row["sql"] and row["sql"].startswith("SELECT")]
    assert told and max(map(walked, told)) < STORED / 8, "five weeks of a year at most"


def test_a_month_is_drawn_again_when_something_was_done(ada: Any) -> None:
    """P-F2: an unchanged month costs no row of a window, and another's eyes never get it."""
    begins = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=7)
    secret = given.window(ada, title="Move orders", starts_at=begins, confidential=True)
    address, client = f"/calendar/panel?view=month&on={day(begins)}", browser("ada")
    assert secret.reference in page(client, address)
    with CaptureQueriesContext(connection) as asked:
        assert secret.reference in page(client, address)
    assert not [query["sql"] for query in asked if "scheduling_window" in query["sql"]]
    given.actor("eve", ("other", Role.MEMBER))
    assert secret.reference not in page(browser("eve"), address)
    discard_draft(ada, secret.pk)
    assert secret.reference not in page(client, address)


def test_a_freeze_that_ends_at_midnight_is_not_there_on_the_day_after(ada: Any) -> None:
    begins = (datetime.now(UTC) + timedelta(days=7)).replace(day=10, hour=0, minute=0, second=0, microsecond=0)
    Freeze.objects.create(
        title="Peak", starts_at=begins, ends_at=begins + timedelta(days=2), created_by_id=ada.person_id, severity="hard", teams=["shop"]
    )
    text = page(browser("ada"), f"/calendar/panel?view=month&on={day(begins)}")
    assert len(re.findall(r">[^<]*Peak", text)) == 2

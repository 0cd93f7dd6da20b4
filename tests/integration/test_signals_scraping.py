"""The built-in scraper: counters that a service tells as Prometheus's text are read without any Prometheus, and counted as OTLP's are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from slo.errors import Invalid
from slo.objectives.models import Objective
from slo.telemetry.models import Measurement
from slo.telemetry.queries import labelled
from slo.telemetry.sources import scrape as source
from tests import given_windows as given
from windows.access.roles import Role
from windows.actions.ports import Unreachable
from windows.audit.clock import clock
from windows.signals.commands import scraping
from windows.signals.tasks import scrape

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "http://shop.example:8080/metrics"
QUERY = {"bad": f'{ADDRESS} shop_requests_total{{code="5*"}}', "total": f"{ADDRESS} shop_requests_total"}
MINUTE = timedelta(minutes=1)


def page(good: int, bad: int, tag: str = "") -> str:
    more = f',maintenance_window="{tag}"' if tag else ""
    return f"""# TYPE shop_requests_total counter
shop_requests_total{{code="200"{more}}} {good}
shop_requests_total{{code="503"{more}}} {bad}
# TYPE shop_open gauge
shop_open 7
# TYPE shop_odd_total counter
shop_odd_total NaN
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What each address answers, and how often it was asked."""
    found: dict[str, Any] = {"asked": []}

    def read(address: str) -> str:
        found["asked"].append(address)
        if isinstance(answer := found.get(address, ""), Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr(scraping, "read", read)
    return found


def objective(slug: str = "orders-scraped", query: dict[str, str] | None = None) -> None:
    given.service("orders")
    Objective.objects.create(slug=slug, service="orders", title=slug, target="0.99", source="scrape", query=query or QUERY)


def counted(slug: str = "orders-scraped") -> dict[str, tuple[int, int]]:
    now = clock()
    return {window: (share.good, share.total) for window, share in labelled(slug, now - 5 * MINUTE, now + 5 * MINUTE).items()}


def test_what_counters_grew_by_is_counted_under_their_tag_and_once(told: dict[str, Any]) -> None:
    objective()
    objective("orders-scraped-too")
    window = given.window(given.actor("olga", ("shop", Role.OWNER)), "orders").reference
    told[ADDRESS] = page(1000, 10)
    scrape()
    assert counted() == {} and told["asked"] == [ADDRESS], "a running total says nothing of before; an address is asked once for both"
    told[ADDRESS] = page(1090, 20)
    scrape()
    scrape()
    assert counted() == {"": (90, 100)} == counted("orders-scraped-too")
    for tagged in (1, 51):
        told[ADDRESS] = page(1095, 20) + page(tagged, 0, window)
        scrape()
    assert counted() == {"": (95, 105), window: (50, 50)}, "with its tag it is a counter of its own, beside the other"
    told[ADDRESS] = page(3, 1)
    scrape()
    assert counted() == {"": (98, 109), window: (50, 50)}, "one that falls begins at zero"


def test_a_tag_of_a_window_that_a_service_has_no_part_in_is_none(told: dict[str, Any]) -> None:
    objective()
    foreign = given.window(given.actor("olga", ("shop", Role.OWNER)), "mail").reference
    for good in (0, 9):
        told[ADDRESS] = page(good, 0, foreign)
        scrape()
    assert counted() == {"": (9, 9)}


def test_an_address_that_does_not_answer_or_tells_nonsense_holds_up_no_other(told: dict[str, Any]) -> None:
    other = ADDRESS.replace("shop", "aaa")
    objective()
    objective("away", {name: text.replace(ADDRESS, other) for name, text in QUERY.items()})
    for broken in (Unreachable("refused"), "<html>{", "\0"):
        told[other], told[ADDRESS] = broken, page(0, 0)
        scrape()
    told[ADDRESS] = page(10, 0)
    scrape()
    assert counted() == {"": (10, 10)} and not Measurement.objects.filter(series="away").exists()


def test_it_reads_over_http_from_hosts_that_are_allowed(live_server: Any, settings: Any) -> None:
    """/metrics of this very portal."""
    objective(query=dict.fromkeys(("good", "total"), f"{live_server.url}/metrics roadworks_x_total"))
    assert scraping.scrape_all() == 0, "a private address is nobody's to ask for"
    settings.HTTP_ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    assert any(scraping.scrape_all() for _ in range(6)), "the first answer of a busy machine may take its time"


@pytest.mark.parametrize(
    "query",
    [
        {"good": f"{ADDRESS} a", "bad": f"{ADDRESS} b"}, {"good": "shop_requests_total", "total": f"{ADDRESS} a"},
        {"good": "file:///etc/passwd a", "total": f"{ADDRESS} a"}, {"good": "http://u:p@shop/ a", "total": f"{ADDRESS} a"},
        {"good": f"{ADDRESS} a{{b", "total": f"{ADDRESS} a"}, {"good": ADDRESS, "total": ADDRESS}, {"good": "http://[ a", "total": "x"},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_when_it_is_written(query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        source.check(query)

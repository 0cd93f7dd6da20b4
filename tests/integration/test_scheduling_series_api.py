"""Series over REST: a preview that makes nothing, and rules made to hang us answered with the limit they pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import Caller, token_of
from windows.access.roles import Role
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


def test_a_preview_tells_the_first_and_how_many_and_makes_nothing(ada: Any) -> None:
    window, program = (
        given.window(ada, starts_at=given.soon(72).replace(hour=1, minute=30), timezone="Europe/Berlin"),
        Caller(token_of(ada)),
    )
    found = program.get(f"/api/v1/windows/{window.reference}/repeat?rrule=FREQ=DAILY").json()
    assert len(found["first"]) == 10 and 390 < found["number"] < 432 and Window.objects.count() == 1
    assert [one["recurrence_id"][11:] for one in found["over_jumps"]] == ["02:30:00"]  # once in 14 months, in March
    assert found["first"][0]["starts_at"] == window.starts_at.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=SECONDLY", "FREQ=HOURLY"),
        ("FREQ=DAILY;INTERVAL=0", "from 1 to 1000"),
        ("FREQ=HOURLY", "The limit is 1000"),
    ],
)
def test_r_s14_over_rest_a_hostile_rule_is_a_422_that_names_the_limit(ada: Any, rule: str, words: str) -> None:
    window, program = given.window(ada), Caller(token_of(ada))
    refused = program.send("POST", f"/api/v1/windows/{window.reference}/repeat", {"rrule": rule}, If_Match='"1"')
    problem = refused.json()
    assert refused.status_code == 422 and problem["field"] == "rrule" and words in problem["detail"]


def test_pages_of_occurrences(ada: Any, django_assert_max_num_queries: Any) -> None:
    window, program = given.window(ada), Caller(token_of(ada))
    made = program.send("POST", f"/api/v1/windows/{window.reference}/repeat", {"rrule": "FREQ=WEEKLY;COUNT=5"}, If_Match='"1"')
    assert made.status_code == 201 and made["Location"] == f"/api/v1/series/{made.json()['id']}"
    with django_assert_max_num_queries(12):
        first = program.get(f"{made['Location']}/occurrences?limit=3").json()
    rest = program.get(f"{made['Location']}/occurrences?limit=3&cursor={first['next_cursor']}").json()
    assert [len(first["items"]), len(rest["items"]), rest["next_cursor"]] == [3, 2, None]
    assert program.get("/api/v1/series?limit=1").json()["items"][0]["rrule"] == "FREQ=WEEKLY;COUNT=5"

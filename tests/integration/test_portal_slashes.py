"""An address with a slash too many leads to its page, and nowhere else."""

from __future__ import annotations

import pytest

from tests import given_windows as given
from tests.callers import browser
from windows.access.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def page():
    given.service("orders")
    return browser(given.actor("ada", ("shop", Role.OWNER)))


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/windows/MW-1/", "/windows/MW-1"),
        ("/windows/MW-1///", "/windows/MW-1"),
        ("/windows/MW-1/part/audit/?cursor=a%2Fb&x=1", "/windows/MW-1/part/audit?cursor=a%2Fb&x=1"),
        ("/runbooks/r%C3%A4ume/", "/runbooks/r%C3%A4ume"),
        ("/windows/a%0Ab/", "/windows/a%0Ab"),
    ],
)
def test_a_slash_too_many_is_taken_off(page, asked: str, leads: str) -> None:
    for answer in (page.get(asked), page.head(asked)):
        assert (answer.status_code, answer["Location"]) == (301, leads)


@pytest.mark.parametrize(
    "asked",
    [
        "/nowhere/",
        "/nowhere",
        "//evil.example/",
        "//evil.example/windows/MW-1/",
        "/\\evil.example/",
        "/api/v1/windows/MW-1/",
        "//healthz/",
        "//windows/MW-1/",
    ],
)
def test_where_there_is_no_page_there_is_no_way_to_it(page, asked: str) -> None:
    answer = page.get("/", PATH_INFO=asked)  # as a server hands it on: the client would take what follows // for a host
    assert answer.status_code == 404 and not answer.has_header("Location")


def test_an_act_is_not_led_anywhere(page) -> None:
    assert page.post("/windows/MW-1/cancel/").status_code == 404


def test_a_page_that_ends_in_a_slash_is_itself(page) -> None:
    assert page.get("/windows/").status_code == 200
    assert page.get("/windows/MW-1").status_code == 404, "led to, it may still be nobody's"

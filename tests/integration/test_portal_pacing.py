"""A program gone wild gets 429 and a time to come back; nobody else notices (R-S29)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests import given_windows as given
from tests.callers import Caller, browser, token_of
from windows.access.roles import Role
from windows.catalogue.models import Environment

pytestmark = pytest.mark.django_db


def test_r_s29_a_token_that_asks_too_often_is_told_when_to_come_back_and_nobody_else_is(settings: Any) -> None:
    settings.ROADWORKS = replace(settings.ROADWORKS, api_rate=0.001, api_burst=3)
    ada, root = given.actor("ada", ("shop", Role.OWNER)), given.actor("root", ("ops", Role.SRE), administrator=True)
    wild, other = Caller(token_of(root)), Caller(token_of(ada))
    assert [wild.get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = wild.post("/environments", {"slug": "staging", "name": "Staging"}, Idempotency_Key="one")
    told = json.loads(refused.content)
    assert (refused.status_code, told["type"], told["retry_after"]) == (429, "/problems/too-many", int(refused["Retry-After"]))
    assert 900 < int(refused["Retry-After"]) <= 1000
    assert not Environment.objects.filter(slug="staging").exists()
    assert other.get("/me").status_code == 200, "another token has its own"
    page = browser(ada)
    assert {page.get("/calendar/").status_code for _ in range(5)} == {200}, "people are not counted"
    settings.ROADWORKS = replace(settings.ROADWORKS, api_rate=1e9)
    made = wild.post("/environments", {"slug": "staging", "name": "Staging"}, Idempotency_Key="one")
    assert made.status_code == 201, "a refusal is no answer that is kept"


def test_r_s29_a_feed_that_has_not_changed_costs_a_304_and_one_that_is_polled_wildly_a_429(settings: Any) -> None:
    ada = given.actor("ada", ("shop", Role.OWNER))
    made = json.loads(Caller(token_of(ada)).post("/feeds", {"kind": "team", "target": "shop"}).content)
    address = "/feeds/" + made["address"].rpartition("/")[2]
    settings.ROADWORKS = replace(settings.ROADWORKS, api_rate=0.001, api_burst=3)
    reader = browser(ada)
    first = reader.get(address)
    again = reader.get(address, headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert [reader.get(address).status_code for _ in range(2)] == [200, 429]

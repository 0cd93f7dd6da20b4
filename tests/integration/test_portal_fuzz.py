"""Odd values in every field of every body and every filter: a refusal that names it, never a 5xx (a seeded draw, printed)."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.callers import Caller, token_of
from tests.integration.test_portal_access import GUARDED, METHODS, address, body_for, methods_of, world
from windows.access.roles import Role
from windows.catalogue.models import Membership, Person, Team

__all__ = ["world"]
pytestmark = pytest.mark.django_db
TEXTS = ["", " ", "\u202e", "a" * 5000, "é" * 300, "%s%n", "'; drop table x --", "<script>alert(1)</script>", "{{7*7}}", "../../etc/passwd"]
TEXTS += ["=1+1", "\t", "a\r\nSet-Cookie: x=1", "*", "-1", "0", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]
TEXTS += ["2026-01-01T00:00:60Z", "2026-01-01", "١٢٣", "NaN", "Infinity", "😀", "orders", "production", "shop", "L11", "rw_x", "\x00"]
OTHERS: list[Any] = [None, 0, -1, 2**31, 2**63, 2**70, 1.5, -0.0, 1e308, True, False, [], [[]], {}, {"a": {"b": []}}, [None], ["*"]]
ODD = TEXTS + OTHERS
FILTERS = (
    "since",
    "until",
    "status",
    "team",
    "service",
    "environment",
    "q",
    "cursor",
    "limit",
    "window",
    "mode",
    "change_type",
    "external_ref",
    "_",
)


@pytest.fixture
def program(world) -> Caller:
    ada = Person.objects.get(name="Ada")
    Membership.objects.get_or_create(team=Team.objects.get(slug="shop"), person=ada, role=Role.SRE.value)
    Person.objects.filter(pk=ada.pk).update(is_superuser=True)
    return Caller(token_of(Person.objects.get(pk=ada.pk)))


@pytest.mark.parametrize("seed", range(3))
def test_r_s23_no_body_brings_the_portal_down(world, program: Caller, seed: int) -> None:
    draw, tried, broken = random.Random(seed), 0, []
    for route, view in GUARDED:
        if not route.startswith("api/v1/"):
            continue
        for method in set(methods_of(view)) & set(METHODS):
            whole = body_for(route, method)
            if isinstance(whole, bytes):
                continue  # a file: tests/unit/test_ical_in.py
            for name in [*whole, "surprise"]:
                body = {**whole, name: draw.choice(ODD)}
                response = program.send(method, address(route, world), body, If_Match=draw.choice(['"1"', '"0"', 'W/"2"', "*", '"x', ""]))
                tried += 1
                if response.status_code >= 500:
                    broken.append(f"{method} /{route} {name}={body[name]!r}: {response.status_code}")
    print(f"seed {seed}: {tried} bodies, {len(broken)} answers of 500 and above")
    assert not broken
    assert tried > 100


def test_r_s24_no_filter_brings_the_portal_down_or_widens_the_answer(world, program: Caller) -> None:
    draw, broken, tried = random.Random(7), [], 0
    for route, view in GUARDED:
        if not route.startswith("api/v1/") or "GET" not in methods_of(view):
            continue
        for name in FILTERS:
            value = draw.choice(TEXTS)
            response = program.client.get(address(route, world), {name: value})
            tried += 1
            if response.status_code >= 500:
                broken.append(f"GET /{route}?{name}={value!r}: {response.status_code}")
            if name in ("_", "_connector", "id__gt") and response.status_code == 200 and "<" not in route:
                broken.append(f"GET /{route}: an unknown filter is taken for none")
    print(f"{tried} filters")
    assert not broken


@pytest.mark.parametrize("reference", ["MW-0", "MW-99999999999999999999", "mw-1", "MW-1001%00", "..", "MW-1001 ", "0", "MW-１００１"])
def test_no_reference_brings_the_portal_down(program: Caller, reference: str) -> None:
    response = program.get(f"/windows/{reference}")
    assert response.status_code in (404, 400)
    assert json.loads(response.content)["status"] == response.status_code

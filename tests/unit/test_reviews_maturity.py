"""Levels of maturity: each sign counts, an unknown one never as met, and what no record can tell is left out and said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from windows.reviews.maturity import Evidence, Level, maturity

BEST = Evidence(
    team="shop", name="Shop", ran=3, with_runbook=3, tagged=100, expected_tags=100, rehearsed=1, declares_alerts=1, under_policy=3,
    went_back_alone=1, budget_checks=3,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "level", "missing"),
    [
        ({}, Level.ADVANCED, []),
        ({"ran": 0}, Level.UNKNOWN, []),
        ({"with_runbook": 0}, Level.BEGINNER, ["Tags set by automation"]),
        ({"tagged": 99}, Level.BEGINNER, ["Tags set by automation"]),
        ({"tagged": None, "expected_tags": None}, Level.BEGINNER, ["Tags set by automation"]),
        ({"rehearsed": 0, "declares_alerts": 0}, Level.BEGINNER, ["Scripted rollback, rehearsed", "Expected alerts routed"]),
        ({"under_policy": 2}, Level.INTERMEDIATE, ["Policies decide"]),
        ({"went_back_alone": 0}, Level.INTERMEDIATE, ["Automatic rollback proved"]),
        ({"budget_checks": 2}, Level.INTERMEDIATE, ["Budget gates on"]),
        ({"overrides": 1}, Level.INTERMEDIATE, ["Scheduled without collisions"]),
        ({"rehearsed": 0, "overrides": 1}, Level.BEGINNER, ["Scripted rollback, rehearsed"]),
    ],
)  # fmt: skip
def test_a_level_is_reached_by_all_its_signs(changes: dict[str, Any], level: Level, missing: list[str]) -> None:
    found = maturity(replace(BEST, **changes))
    assert found.level is level and [one.title for one in found.missing] == missing


def test_what_no_record_can_tell_is_said_to_be_unknown() -> None:
    (advice,) = [one for one in maturity(BEST).signs if one.title == "Advice used"]
    assert advice.is_met is None and not advice.counts

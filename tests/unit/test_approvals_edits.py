"""What the history of a window says of a change, and whose signatures it lacks: in the words of its form."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from django.template import Context

from portal.templatetags import trail
from windows.approvals.changes import LABELS
from windows.approvals.edits import Names
from windows.approvals.words import still_to_sign
from windows.audit.queries import TrailEntry
from windows.scheduling.commands.drafts import Draft

NAMES = Names({1: "Olga", 2: "Ada"}, {4: "Shop"}, {7: ("Move the index", 3), 8: ("Move the index", 4), 9: ("Grow the disk", 1)})
ALERT = {"alert": "OrdersSlow", "service": "orders", "environment": "production", "begin": 0, "end": 30, "because": "rebuilt"}


def said(changed: Any, zone: str = "Europe/Berlin") -> list[tuple[str, str]]:
    entry = TrailEntry(**{**{one.name: None for one in fields(TrailEntry)}, "data": {"changed": changed}})  # type: ignore[arg-type]
    return trail.edited(Context({"zone": zone, "names": NAMES}), entry)


def test_every_field_that_the_trail_can_name_has_the_word_of_its_form() -> None:
    columns = {"team_id" if one.name == "team" else one.name for one in fields(Draft)} | {"scope_said"}
    assert columns <= LABELS.keys()


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"runbook_version_id": [7, 8]}, "Runbook version 3 → 4"),
        ({"runbook_version_id": [None, 9]}, "Runbook version nothing → 1 of Grow the disk"),
        ({"runbook_version_id": [8, 9]}, "Runbook version 4 of Move the index → 1 of Grow the disk"),
        ({"owner_id": [1, 2]}, "Owner Olga → Ada"),
        ({"deputy_id": [None, 3]}, "Deputy nothing → somebody"),
        ({"team_id": [5, 4]}, "Team another team → Shop"),
        ({"mode": ["degraded", "read_only"]}, "What users get meanwhile degraded → read-only"),
        ({"starts_itself": [True, False]}, "Starts by itself yes → no"),
        ({"starts_at": ["2026-11-24T01:00:00+00:00", "2026-11-24T02:00:00+00:00"]}, "Begins Tue 24 Nov 02:00 CET → Tue 24 Nov 03:00 CET"),
        ({"scope": [["a/p/r/L3"], ["a/p/r/L3", "b/p/r/L3"]]}, "Scope b/p/r/L3 added"),
        ({"scope": [["a/p/r/L3"], ["b/p/r/L3"]]}, "Scope b/p/r/L3 added; a/p/r/L3 taken out"),
        (
            {"scope_said": [[], [{"service": "a", "environment": "p", "region": "*", "layers": ["L3", "L5"]}]]},
            "Scope a/p/*/L3+L5 added",
        ),
        ({"expected_alerts": [[], [ALERT]]}, "Alerts expected OrdersSlow of orders/production, minute 0 to 30 added"),
        ({"expected_alerts": [[ALERT], [ALERT]]}, "Alerts expected changed"),
        ({"parameters": [{"size": 1, "same": 2}, {"size": 3, "same": 2}]}, "Parameter “size” 1 → 3"),
        ({"reason": ["It has grown.", "It is slow."]}, "Why changed"),
        ({"title": [None, None]}, "Title changed"),
        ({"slack": [0.0, 0.125]}, "Error budget asked for 0 % of the budget → 12.5 % of the budget"),
    ],
)
def test_a_change_is_said_as_the_form_says_it(changed: dict[str, Any], text: str) -> None:
    assert " ".join(said(changed)[0]) == text


@pytest.mark.parametrize("changed", [None, {}, ["title"], "title"])
def test_what_is_no_change_of_fields_says_nothing(changed: Any) -> None:
    assert said(changed) == []


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        (["owner of orders", "sre"], "Still to sign: an owner of orders, an SRE."),
        (["2 × sre", "coordinator of shop"], "Still to sign: 2 × SRE, a coordinator of shop."),
        (["on call of sre"], "Still to sign: somebody on-call of sre."),
        ([], "Everybody has signed."),
    ],
)
def test_whose_signatures_are_missing_is_a_sentence(missing: list[str], text: str) -> None:
    assert still_to_sign(missing) == text

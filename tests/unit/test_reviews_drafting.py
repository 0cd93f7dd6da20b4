"""The draft of a postmortem and the five questions: what the record says, each with its source, and "unknown" where it says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from windows.reviews.drafting import MOST, Budget, Facts, Gate, Line, Step, draft
from windows.reviews.markdown import as_markdown
from windows.reviews.questions import five

AT = datetime(2027, 3, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
HREFS = {part: f"/windows/MW-1042/part/{part}" for part in ("overview", "plan", "run", "approvals", "impact", "alerts", "audit")}
BARE = Facts(
    reference="MW-1042", title="Migrate", why="Orders need a currency", team="Shop", status="completed", starts_at=AT, ends_at=AT + HOUR,
    due_at=AT + HOUR, began_at=AT, ended_at=AT + HOUR, hrefs=HREFS,
)  # fmt: skip
STEP = Step("Alter", "succeeded", 1, False)
RICH = replace(
    BARE, checks=[Line("schedule", "in time", "pass")], steps=[STEP], gates=[Gate("errors", passed=9)],
    budgets=[Budget("orders-writes", 200, 3, 2.0, 1.0)], approvers=["Vera"], flags_set=2, tagged=200, expected_tags=200,
    acts=[Line("run started", "", "Ada", AT)],
)  # fmt: skip


def told(facts: Facts) -> str:
    return "\n".join(one.text for section in draft(facts) for one in section.sentences)


def test_a_draft_says_what_is_on_record_and_where_it_stands() -> None:
    said = told(
        replace(RICH, ended_at=AT + HOUR + timedelta(minutes=10), incidents=[Line("IN-7", "Orders fail", "critical", AT, "/incidents/7")])
    )
    assert "It ended completed at 2027-03-01 03:10 UTC, 10 min after the end first approved." in said
    assert "Approved by Vera." in said and "1 of 1 preflight checks passed." in said
    assert "orders-writes: 3 of 200 events were bad; 2 excused by agreement, 1 charged." in said
    assert "IN-7 began at 2027-03-01 02:00 UTC: Orders fail." in said
    assert "2027-03-01 02:00 UTC: run started (Ada)" in said
    assert all(one.href.startswith("/") and one.where for section in draft(RICH) for one in section.sentences)


def test_what_was_not_measured_is_said_to_be_not_known() -> None:
    said = told(BARE)
    assert "what users felt is not known" in said and "No preflight check is on record." in said and "No approval is on record." in said
    assert "nothing was measured inside the window; not known" in told(replace(BARE, budgets=[Budget("orders-writes", 0, 0, 0.0, 0.0)]))
    assert "No alert began inside it." in said and "No incident and no complaint is linked to it." in said


def test_a_long_record_is_cut_and_says_so() -> None:
    complaints = [Line("CO-1", "Slow", at=AT)] * (MOST + 5)
    (reported,) = [one for one in draft(replace(BARE, complaints=complaints)) if one.title == "Incidents and complaints"]
    assert len(reported.sentences) == MOST + 1 and reported.sentences[-1].text == "And 5 more."


def happened(acts: Sequence[Line], **facts: Any) -> list[str]:
    (found,) = [one for one in draft(replace(BARE, acts=acts, **facts)) if one.title == "What happened"]
    return [one.text for one in found.sentences]


def test_a_long_story_keeps_its_beginning_its_turns_and_its_end_and_says_what_it_left_out() -> None:
    def said(name: str, number: int, **facts: Any) -> list[Line]:
        return [Line(f"{name} {n}", "", "Ada", AT, **facts) for n in range(number)]

    story = [*said("asked", 40), *said("run held", 3, is_turn=True), *said("noted", 40), *said("rolled back", 2, is_turn=True)]
    story += said("told", 30)
    told = happened(story, acts_in_all=200)
    text = "\n".join(told)
    assert len(told) == MOST + 1
    assert "asked 0 " in text and "told 29 " in text and "asked 30 " not in text
    assert all(f"{name} {n} " in text for name, number in (("run held", 3), ("rolled back", 2)) for n in range(number))
    assert text.index("run held 2 ") < text.index("rolled back 0 ") < text.index("told 29 ")
    assert told[-1] == "Left out here: 170 lesser acts, which the trail has."
    assert len(happened(said("run held", 90, is_turn=True))) == MOST + 1
    assert happened(said("asked", MOST))[-1].startswith("2027-03-01 02:00 UTC: asked 29")


def test_what_a_rollback_left_is_said() -> None:
    steps = [replace(STEP, status="compensated"), Step("Fill", "succeeded", 1, False, stands="the column goes as a whole")]
    assert "Step “Fill” has no undo and stands: the column goes as a whole." in told(replace(RICH, steps=steps))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["yes", "yes", "yes", "no", "no"]),
        ({"flags_expired": 1}, ["no", "yes", "yes", "no", "no"]),
        ({"tagged": 150}, ["no", "yes", "yes", "no", "no"]),
        ({"tagged": None, "expected_tags": None}, ["unknown", "yes", "yes", "no", "no"]),
        ({"flags_set": 0}, ["unknown", "yes", "yes", "no", "no"]),
        ({"checks": []}, ["yes", "unknown", "yes", "no", "no"]),
        ({"checks": [Line("backup", "too old", "fail")]}, ["yes", "no", "yes", "no", "no"]),
        ({"went_back": True}, ["yes", "no", "yes", "no", "no"]),
        ({"went_back": True, "turned_by": "Ben"}, ["yes", "unknown", "yes", "no", "no"]),
        ({"went_back": True, "turned_by": "Ben", "gates": [Gate("errors", failed=1)]}, ["yes", "no", "yes", "no", "no"]),
        ({"gates": [Gate("errors", passed=5, failed=1)]}, ["yes", "no", "yes", "no", "no"]),
        ({"gates": [Gate("errors", passed=5, unsure=1)]}, ["yes", "yes", "yes", "yes", "no"]),
        ({"budgets": [Budget("orders-writes", 0, 0, 0.0, 0.0)]}, ["yes", "yes", "yes", "yes", "no"]),
        ({"never_came": ["OrdersSlow"]}, ["yes", "yes", "yes", "yes", "no"]),
        ({"budgets": [], "gates": []}, ["yes", "yes", "yes", "unknown", "no"]),
        ({"steps": []}, ["yes", "yes", "unknown", "no", "unknown"]),
        ({"steps": [replace(STEP, attempts=2)]}, ["yes", "yes", "no", "no", "no"]),
        ({"steps": [replace(STEP, helped=True)]}, ["yes", "yes", "no", "no", "yes"]),
        ({"steps": [replace(STEP, status="compensated")]}, ["yes", "yes", "yes", "no", "no"]),
        ({"steps": [replace(STEP, status="compensated", was_cut=True)]}, ["yes", "yes", "unknown", "no", "no"]),
        ({"steps": [replace(STEP, status="compensated", is_short=True)]}, ["yes", "yes", "no", "no", "no"]),
        ({"steps": [replace(STEP, status="compensation_failed")]}, ["yes", "yes", "no", "no", "no"]),
        ({"steps": [Step("Tick", "succeeded", 1, True)]}, ["yes", "yes", "unknown", "no", "yes"]),
    ],
)  # fmt: skip
def test_the_five_questions_are_answered_where_a_machine_can(changes: dict[str, Any], expected: list[str]) -> None:
    answers = five(replace(RICH, **changes))
    assert [one.answer for one in answers] == expected
    assert all((one.is_good is None) == (one.answer == "unknown") and one.because for one in answers)


def test_who_rolled_it_back_is_named_and_a_measured_objective_is_not_called_unmeasured() -> None:
    by_hand = {one.question: one.because for one in five(replace(RICH, went_back=True, turned_by="Ben"))}
    assert "Ben rolled it back by hand" in by_hand["Preflight sufficient?"] and "Ben rolled" in by_hand["Automation as expected?"]
    seen = replace(RICH, tagged=None, expected_tags=None, budgets=[Budget("orders-writes", 200, 3, 2.0, 1.0, is_critical=True)])
    assert "orders-writes measured inside it" in five(seen)[0].because
    assert five(replace(seen, budgets=[Budget("x", 200, 3, 2.0, 1.0)]))[0].because.startswith("No event of a critical objective")


def test_nothing_on_record_is_unknown_five_times() -> None:
    assert {one.answer for one in five(BARE)} == {"unknown"}


@given(some.text(max_size=60))
def test_no_typed_text_adds_a_line_or_a_link_to_the_markdown(text: str) -> None:
    def lines(facts: Facts) -> list[str]:
        return as_markdown([asdict(one) for one in draft(facts)], [asdict(one) for one in five(facts)]).split("\n")

    typed, plain = lines(replace(RICH, title=text)), lines(replace(RICH, title="x"))
    assert len(typed) == len(plain)
    assert sum(line.count("](") for line in typed) <= sum(line.count("](") for line in plain) + text.count("](")
    assert "\\[" in "\n".join(lines(replace(RICH, title="[a](b)")))

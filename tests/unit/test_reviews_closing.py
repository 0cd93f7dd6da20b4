"""What must be reviewed before a window is closed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from windows.reviews.closing import Facts, Glass, Signed, may_close, review_tasks

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
GLASS = Glass(3, 7, "Olga", "migrate, version 2", "it cannot wait.", "It was never rehearsed with its rollback.", NOW)
WORD = Signed("Sam", NOW, "fine")


@pytest.mark.parametrize(
    ("facts", "signed", "keys", "closes"),
    [
        ({"status": "completed"}, {}, [], True),
        ({"status": "approved"}, {}, [], False),
        ({"status": "cancelled", "glasses": [GLASS]}, {}, ["glass-3"], False),
        ({"status": "completed", "glasses": [GLASS]}, {}, ["glass-3"], False),
        ({"status": "completed", "glasses": [GLASS]}, {"glass-3": WORD}, ["glass-3"], True),
        ({"status": "completed", "glasses": [GLASS]}, {"glass-4": WORD}, ["glass-3"], False),
        ({"status": "running", "glasses": [GLASS]}, {"glass-3": WORD}, ["glass-3"], False),
        ({"status": "rolled_back"}, {}, ["postmortem"], False),
        ({"status": "rolled_back"}, {"postmortem": WORD}, ["postmortem"], False),
        ({"status": "rolled_back", "published": True}, {}, ["postmortem"], True),
        ({"status": "failed"}, {}, ["postmortem"], False),
        ({"status": "completed", "is_emergency": True, "skipped": ["freeze"]}, {}, ["emergency"], False),
        ({"status": "completed", "is_emergency": True}, {"emergency": WORD}, ["emergency"], True),
        ({"status": "running", "is_emergency": True}, {}, [], False),
        ({"status": "completed", "is_emergency": True, "answered": ""}, {"emergency": WORD}, ["emergency", "answer"], False),
        ({"status": "completed", "is_emergency": True, "answered": "approved"}, {"emergency": WORD}, ["emergency", "answer"], True),
        ({"status": "completed", "answered": ""}, {"answer": WORD}, ["answer"], False),
    ],
)
def test_n15_a_window_is_closed_when_every_task_is_done(facts: dict[str, Any], signed: Any, keys: list[str], closes: bool) -> None:
    found = review_tasks(Facts(**facts), signed)
    assert [one.key for one in found] == keys
    assert may_close(facts["status"], found) is closes


def test_n15_who_broke_it_does_not_review_it() -> None:
    (task,) = review_tasks(Facts(status="completed", glasses=[GLASS]), {})
    assert task.barred == {7}
    assert task.said == "Olga broke the glass for migrate, version 2: it cannot wait. It was never rehearsed with its rollback."

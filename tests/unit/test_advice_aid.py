"""The decision aid: every combination of answers has one recommendation, with the rule that made it."""

from __future__ import annotations

from itertools import product

import pytest

from windows.advice.aid import Answers, Budget, Change, Safety, Way, advise


@pytest.mark.parametrize(
    ("change", "safety", "budget", "way", "word"),
    [
        (Change.COMPATIBLE, Safety.BOTH, Budget.LEFT, Way.ROLLOUT, "progressive rollout"),
        (Change.COMPATIBLE, Safety.BOTH, Budget.CRITICAL, Way.ROLLOUT, "spent"),
        (Change.COMPATIBLE, Safety.TESTS, Budget.LEFT, Way.WINDOW, "a canary that rolls back by itself"),
        (Change.COMPATIBLE, Safety.CANARY, Budget.LEFT, Way.WINDOW, "tests that cover the change"),
        (Change.INCOMPATIBLE, Safety.BOTH, Budget.LEFT, Way.WINDOW, "side by side"),
        (Change.PLATFORM, Safety.BOTH, Budget.LEFT, Way.WINDOW, "upgrade"),
        (Change.DATA, Safety.BOTH, Budget.CRITICAL, Way.WINDOW, "quietest hour"),
        (Change.DATA, Safety.BOTH, Budget.SPENT, Way.POSTPONE, "can wait"),
        (Change.COMPATIBLE, Safety.BOTH, Budget.SPENT, Way.POSTPONE, "can wait"),
        (Change.ROTATION, Safety.BOTH, Budget.SPENT, Way.WINDOW, "a risk of its own"),
        (Change.FAILOVER, Safety.NEITHER, Budget.SPENT, Way.WINDOW, "a risk of its own"),
    ],
)
def test_answers_come_to_one_advice_with_its_reason(change: Change, safety: Safety, budget: Budget, way: Way, word: str) -> None:
    found = advise(Answers(change, safety, budget))
    assert found.way is way
    assert word in " ".join(found.reasons)


def test_x_a_window_that_stands_in_for_missing_tests_says_so() -> None:
    assert "stands in for tests and a canary" in advise(Answers(Change.COMPATIBLE, Safety.NEITHER, Budget.LEFT)).caution
    assert not advise(Answers(Change.INCOMPATIBLE, Safety.BOTH, Budget.LEFT)).caution


def test_every_answer_has_an_advice_with_reasons_and_only_what_can_wait_is_postponed() -> None:
    for answers in (Answers(*each) for each in product(Change, Safety, Budget)):
        found = advise(answers)
        assert found.reasons and all(text.endswith(".") for text in found.reasons)
        assert (found.way is Way.POSTPONE) == (answers.budget is Budget.SPENT and answers.change not in (Change.ROTATION, Change.FAILOVER))

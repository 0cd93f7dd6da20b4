"""The `wait` kind: fixes its end once, keeps it over a crash."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from windows.actions.kinds import wait
from windows.actions.outcomes import Done, Wait

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ctx(now: datetime, **checkpoint: str) -> SimpleNamespace:
    return SimpleNamespace(now=lambda: now, checkpoint=checkpoint)


def test_it_keeps_its_end_over_a_crash() -> None:
    params = wait.Params.model_validate({"duration": "90s"})
    first = wait.run(params, ctx(NOON))
    assert isinstance(first, Wait)
    assert first.until == NOON + timedelta(seconds=90)
    later = NOON + timedelta(seconds=60)
    again = wait.run(params, ctx(later, **first.checkpoint))
    assert isinstance(again, Wait)
    assert again.until == first.until
    assert isinstance(wait.run(params, ctx(first.until, **first.checkpoint)), Done)


def test_it_waits_until_a_moment_in_any_offset() -> None:
    outcome = wait.run(wait.Params(until="2026-03-01T14:00:00+01:00"), ctx(NOON))
    assert isinstance(outcome, Wait)
    assert outcome.until == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"duration": "90"},
        {"duration": 90},
        {"until": "2026-03-01T14:00:00"},
        {"until": "soon"},
        {"duration": "1s", "until": "2026-03-01T14:00:00Z"},
    ],
)
def test_it_refuses(given: dict) -> None:
    with pytest.raises(ValidationError):
        wait.Params.model_validate(given)

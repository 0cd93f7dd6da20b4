"""Times, lengths and signs as people read them."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context

from portal.templatetags import clocks, signs, trail
from windows.audit.queries import TrailEntry
from windows.execution.states import RunStatus
from windows.lifecycle.states import WindowStatus


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (60, "1 min"),
        (8100, "2 h 15 min"),
        (3605, "1 h"),
        (90061, "1 d 1 h"),
        (-120, "2 min over"),
        (59.7, "1 min"),
    ],
)
def test_a_length_has_at_most_two_parts(seconds: float, text: str) -> None:
    assert signs.lasting(timedelta(seconds=seconds)) == text


def test_a_span_is_said_in_its_zone_and_names_a_clock_change() -> None:
    here = Context({"zone": "Europe/Berlin"})
    plain = signs.span(here, datetime(2026, 11, 24, 1, tzinfo=UTC), datetime(2026, 11, 24, 3, tzinfo=UTC))
    assert "Tue 24 Nov 02:00–04:00 CET<" in plain
    assert "2026-11-24 01:00" in plain
    changing = signs.span(here, datetime(2027, 3, 28, 0, tzinfo=UTC), datetime(2027, 3, 28, 2, tzinfo=UTC))
    assert "01:00–04:00 CEST (clock change inside: CET to CEST)" in changing
    long = signs.span(here, datetime(2026, 11, 24, 22, tzinfo=UTC), datetime(2026, 11, 25, 3, tzinfo=UTC))
    assert "Tue 24 Nov 23:00–Wed 25 Nov 04:00 CET" in long


@pytest.mark.parametrize(
    ("zone", "text"), [("UTC", "its own zone"), ("Etc/UTC", "its own zone"), ("Europe/Berlin", "Europe/Berlin, its own zone")]
)
def test_a_zone_is_said_once(zone: str, text: str) -> None:
    assert clocks.clock_called(datetime(2026, 11, 24, tzinfo=UTC), zone, "its own zone") == text


def test_how_far_away() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert signs.relative(now + timedelta(hours=3), now) == "in 3 h"
    assert signs.relative(now - timedelta(minutes=5), now) == "5 min ago"


@pytest.mark.parametrize(
    ("role", "text"), [("sre", "SRE"), ("2 × sre", "2 × SRE"), ("owner, on_call", "owner, on-call"), ("on call of sre", "on-call of sre")]
)
def test_a_role_is_written_as_people_write_it(role: str, text: str) -> None:
    assert signs.roles(role) == text


@pytest.mark.parametrize("state", [*WindowStatus, *RunStatus])
def test_every_state_has_a_sign(state: str) -> None:
    assert state in signs.SIGNS


def test_hostile_words_are_escaped() -> None:
    assert "<script>" not in signs.badge("<script>")


@pytest.mark.parametrize(
    ("reason", "text"), [("", "Ada"), ("look", "Ada: look"), ("Ada: look", "Ada: look"), ("Adam: look", "Ada: Adam: look")]
)
def test_a_reason_names_its_person_once(reason: str, text: str) -> None:
    facts = {"id": 1, "at": datetime(2026, 1, 1, tzinfo=UTC), "kind": "run.held", "actor": "Ada", "actor_id": 1, "via": "browser"}
    entry = TrailEntry(**facts, subject="MW-1", window="MW-1", run_id=1, data={"reason": reason}, request_id="", position=None)
    assert trail.told(entry) == text


def test_what_came_and_went_is_said_in_the_timeline() -> None:
    def entry(kind: str, **data: object) -> TrailEntry:
        known = {"id": 1, "position": 1, "at": datetime.now(UTC), "actor": "The schedule", "via": "", "kind": kind, "subject": "MW-1"}
        return TrailEntry(**{**{one.name: None for one in fields(TrailEntry)}, **known, "data": data})

    came = {"severity": "hard", "what": "Changes are frozen", "who": "Peak"}
    assert trail.told(entry("conflict.detected", conflicts=[came])) == "The schedule: Hard: Changes are frozen (Peak)."
    assert trail.told(entry("conflict.resolved", conflicts=[came | {"severity": ""}])) == "The schedule: Changes are frozen (Peak)."
    assert trail.told(entry("window.cancelled", reason="Not needed.")) == "The schedule: Not needed."
    drifted = {"surface": "silence", "name": "OrdersSlow", "note": "The server holds none."}
    assert trail.told(entry("surface.drifted", **drifted)) == "The schedule: Silence OrdersSlow. The server holds none."


@pytest.mark.parametrize(
    ("minutes", "state", "says"),
    [(30, "approved", "in 30 min"), (-13, "approved", '<b class="care">not begun, 13 min late</b>'), (-13, "running", "13 min ago")],
)
def test_a_window_that_nobody_has_begun_is_late(minutes: int, state: str, says: str) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert clocks.begins(now + timedelta(minutes=minutes), now, state) == says


@pytest.mark.parametrize(
    ("share", "said"),
    [(None, "not known"), (0.9987, "99.87 %"), (Decimal("0.999"), "99.9 %"), (Decimal("0.50"), "50 %"), (Decimal(-1), "-100 %")],
)
def test_a_share_is_told_whether_it_was_measured_or_agreed(share: float | Decimal | None, said: str) -> None:
    """A target is kept as a decimal."""
    assert signs.share(share) == said

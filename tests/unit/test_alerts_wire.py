"""What Alertmanager sends: read whole, or refused by its place; never a crash."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.alerts.wire import LABELS, MOST, read
from windows.errors import Invalid


def one(**facts: Any) -> dict[str, Any]:
    base = {"status": "firing", "labels": {"alertname": "Slow"}, "annotations": {}, "startsAt": "2026-03-01T02:00:00.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p/graph", "fingerprint": "ab12"}  # fmt: skip
    return base | facts


def call(*alerts: Any, **facts: Any) -> dict[str, Any]:
    return {"version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "rw", "alerts": list(alerts)} | facts


def test_a_call_is_read_and_what_is_unknown_in_it_is_ignored() -> None:
    found = read(call(one(), one(status="resolved", endsAt="2026-03-01T02:10:00Z"), notification_reason="new", truncatedAlerts=3))
    firing, over = found.alerts
    assert (firing.starts_at, firing.ends_at) == (datetime(2026, 3, 1, 2, 0, 0, 123000, UTC), None)
    assert over.ends_at == datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
    assert found.cut_off == 3


def test_an_alert_without_a_fingerprint_is_known_by_its_labels() -> None:
    found = read(call(one(fingerprint=""), one(fingerprint=None), one(fingerprint="", labels={"alertname": "Other"}))).alerts
    assert found[0].fingerprint == found[1].fingerprint != found[2].fingerprint


def test_what_cannot_be_read_is_refused_by_its_place_and_the_rest_is_taken() -> None:
    found = read(call(one(), one(startsAt="yesterday"), one(labels={}), 7))
    assert len(found.alerts) == 1
    assert [why.split(":")[0] for why in found.refused] == ["alerts[1].startsAt", "alerts[2].labels", "alerts[3]"]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ([], "version"),
        ({"version": "3", "alerts": []}, "version"),
        ({"version": "4", "alerts": {}}, "is a list"),
        (call(*[one()] * (MOST + 1)), "at most 1000"),
        (call(one(startsAt="2026-03-01T02:00:00")), "None of these"),
    ],
)
def test_what_is_no_call_is_refused_whole(sent: Any, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read(sent)


def test_labels_beyond_bounds_are_cut_and_what_decides_stays() -> None:
    many = {f"a{n:03}": "x" * 9000 for n in range(500)} | {"service": "orders", "severity": "critical", "alertname": "Slow\0\x07\ud800"}
    (found,) = read(call(one(labels=many))).alerts
    assert len(found.labels) == LABELS and (found.service, found.severity) == ("orders", "critical")
    assert max(map(len, found.labels.values())) == 500 and "\0" not in found.name and found.name.isprintable()


json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda deeper: st.lists(deeper) | st.dictionaries(st.text(), deeper)
)
parts = st.fixed_dictionaries({}, optional=dict.fromkeys(("status", "labels", "annotations", "startsAt", "endsAt", "fingerprint"), json))


@given(st.lists(parts | json, max_size=4))
def test_no_call_whatever_it_holds_is_more_than_refused(alerts: list[Any]) -> None:
    try:
        read(call(*alerts))
    except Invalid as refused:
        assert refused.field

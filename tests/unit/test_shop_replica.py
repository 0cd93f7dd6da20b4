"""The example shop by itself: what it does in each mode, and what it counts."""

from __future__ import annotations

from typing import Any

import pytest

from examples.shop.layout import SERIES
from examples.shop.telemetry import Counters, Pusher
from examples.shop.treatment import treatment


@pytest.mark.parametrize(
    ("mode", "read", "write"),
    [
        ("normal", "serve", "serve"),
        ("degraded", "cheap", "serve"),
        ("read_only", "serve", "refuse"),
        ("offline", "refuse", "refuse"),
        ("throttled", "serve", "serve"),
        ("rerouted", "serve", "serve"),
        ("a mode of tomorrow", "refuse", "refuse"),
    ],
)
def test_a_mode_says_what_becomes_of_a_request(mode: str, read: str, write: str) -> None:
    assert (treatment(mode, "read"), treatment(mode, "write")) == (read, write)


def taken(counters: Counters, often: bool) -> list[tuple[str, str, int, int]]:
    """Summed up: a minute may have ended between two requests."""
    sums: dict[tuple[str, str], list[int]] = {}
    for series, window, one in counters.take(often):
        pair = sums.setdefault((series, window), [0, 0])
        pair[:] = [pair[0] + one.good, pair[1] + one.total]
    return [(*key, *pair) for key, pair in sums.items()]


def test_m08_what_happened_in_a_minute_is_told_of_that_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    counters = Counters()
    for at, window in ((59.0, ""), (59.5, ""), (59.9, "MW-7"), (60.1, "MW-7")):
        monkeypatch.setattr("examples.shop.telemetry.time.time", lambda at=at: at)
        counters.count("orders", "read", "served", window)
    told = [(window, one.total, one.at) for _, window, one in counters.take(often=False)]
    assert told == [("", 2, 59.5), ("MW-7", 1, 59.9), ("MW-7", 1, 60.1)]


def test_a_refused_write_is_felt_by_users_and_no_fault_of_what_was_taken_on() -> None:
    counters = Counters()
    for outcome in ("served", "failed", "refused", "refused"):
        counters.count("orders", "write", outcome, "MW-7")
    assert taken(counters, often=False) == [("orders-writes", "MW-7", 1, 4)]
    assert taken(counters, often=True) == [("orders-served", "MW-7", 1, 2)]
    assert counters.take(often=True) == []


def test_every_series_is_an_objective_of_the_example() -> None:
    counters = Counters()
    for service in ("orders", "baskets"):
        for kind in ("read", "write"):
            counters.count(service, kind, "served", "")
    told = {row[0] for often in (True, False) for row in counters.take(often)}
    assert told == set(SERIES)


def test_the_exposition_tags_rows_with_window_and_scope() -> None:
    counters = Counters()
    counters.count("orders", "write", "refused", "MW-7")
    text = counters.exposition({"node": "shop-1", "region": "eu-west", "environment": "production"})
    assert 'outcome="refused",maintenance_window="MW-7",maintenance_scope="orders/production/eu-west",node="shop-1"' in text
    assert text.endswith(" 1\n")


class Portal(Pusher):
    """A pusher whose portal answers what it is told to."""

    def __init__(self, counters: Counters, *answers: int | OSError) -> None:
        super().__init__(counters, "http://127.0.0.1:1", "token", "shop-1")
        self.answers, self.sent = list(answers), list[tuple[str, Any]]()

    def post(self, path: str, body: dict[str, Any]) -> int:
        self.sent.append((path, body["samples"][0]))
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer


def test_what_could_not_be_pushed_goes_again_under_the_same_key() -> None:
    counters = Counters()
    counters.count("orders", "read", "served", "")
    pusher = Portal(counters, ConnectionRefusedError(), 503, 200)
    pusher.gather(seldom=False)
    for _ in range(3):
        pusher.send()
    assert len({sample["key"] for _, sample in pusher.sent}) == 1
    assert [path for path, _ in pusher.sent] == ["/api/v1/objectives/orders-served/measurements"] * 3
    assert not pusher.waiting


def test_what_is_refused_for_good_does_not_block_the_rest() -> None:
    counters = Counters()
    counters.count("orders", "read", "served", "")
    counters.count("baskets", "read", "served", "")
    pusher = Portal(counters, 404, 200)
    pusher.gather(seldom=False)
    pusher.send()
    assert not pusher.waiting
    assert len(pusher.sent) == 2

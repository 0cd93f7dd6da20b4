"""Whether the canary of a window came back from every critical signal, as a sentence and a verdict."""

from __future__ import annotations

import pytest

from windows.execution.readiness import Signal, judged

LOGS, TRACES = Signal("the logs of orders", 1), Signal("the traces of orders", 1)
LOST = Signal("the traces of orders", 0, why="no room")
SERIES = Signal("the series of orders-reads", 2, 3, "series")
UNKNOWN = Signal("the series of orders-reads", None, why="it is away")


@pytest.mark.parametrize(
    ("signals", "is_ready", "is_known", "told"),
    [
        ((LOGS, TRACES), True, True, "A canary with the tag MW-1 came back from each of 2 critical signals."),
        ((LOGS, LOST), False, True, "missing: 0.0 % of the traces of orders (0 of 1 canaries): no room."),
        ((LOGS, SERIES), False, True, "missing: 66.7 % of the series of orders-reads (2 of 3 series)."),
        ((LOGS, UNKNOWN), False, False, "missing: nothing is known of the series of orders-reads: it is away."),
        ((UNKNOWN, LOST), False, True, "it is away; 0.0 % of the traces"),
        ((Signal("the series of nothing", 0, 0, "series"),), False, True, "0.0 % of the series of nothing (0 of 0 series)"),
        ((LOST,) * 9, False, True, "; and 4 more."),
    ],
)
def test_n13_only_all_of_every_signal_is_ready(signals: tuple[Signal, ...], is_ready: bool, is_known: bool, told: str) -> None:
    found = judged("MW-1", signals)
    assert (found.is_ready, found.is_known) == (is_ready, is_known)
    assert told in found.told

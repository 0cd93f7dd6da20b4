"""The tags that a thread works under: nested, taken back, and nothing outside of any window."""

from __future__ import annotations

import logging
import threading

from portal.logs import RequestIdFilter
from slo.telemetry.carrying import headers, tags, under


def said(text: str = "hello") -> str:
    record = logging.LogRecord("a", logging.INFO, "", 1, text, (), None)
    RequestIdFilter().filter(record)
    return str(record.tags)  # type: ignore[attr-defined]


def test_n13_a_log_line_and_a_request_carry_the_tags_they_are_made_under() -> None:
    assert (headers(), said()) == ({}, "")
    with under({"maintenance.window": "MW-1", "maintenance.step": "Freeze writes, all", "maintenance.owner": ""}):
        assert headers() == {"Baggage": "maintenance.window=MW-1,maintenance.step=Freeze%20writes%2C%20all"}
        assert said() == ' maintenance.window="MW-1" maintenance.step="Freeze writes, all"'
        with under({"maintenance.window": "MW-2"}):
            assert tags() == {"maintenance.window": "MW-2"}
        assert tags()["maintenance.window"] == "MW-1"
    assert tags() == {}


def test_n13_a_tag_breaks_no_log_line() -> None:
    with under({"maintenance.step": 'one"\ntwo'}):
        assert said() == ' maintenance.step="one\' two"'


def test_n13_a_thread_of_its_own_begins_without_any() -> None:
    found = []
    with under({"maintenance.window": "MW-1"}):
        thread = threading.Thread(target=lambda: found.append(dict(tags())))
        thread.start()
        thread.join()
    assert found == [{}]

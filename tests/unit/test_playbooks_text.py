"""A playbook's text: what it says, what opens it, and every mistake with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.playbooks.text import PlaybookText, Trigger, read
from windows.texts.problems import SpecError

TEXT = """---
playbook: orders-errors
title: Orders answer with errors
triggers:
  - alert: OrdersErrors
    service: orders
  - alert: Everything
    when: Only at night
  - The reconcile step finds a difference
---
## First

Look.
"""


def test_a_text_says_what_it_is_and_what_opens_it() -> None:
    assert read(TEXT) == PlaybookText(
        "orders-errors",
        "Orders answer with errors",
        (
            Trigger("OrdersErrors", "orders"),
            Trigger("Everything", when="Only at night"),
            Trigger(when="The reconcile step finds a difference"),
        ),
        "## First\n\nLook.",
    )


@pytest.mark.parametrize(
    ("trigger", "alert", "service", "fits"),
    [
        (Trigger("A", "orders"), "A", "orders", True),
        (Trigger("A", "orders"), "A", "baskets", False),
        (Trigger("A", "orders"), "A", "", False),
        (Trigger("A"), "A", "baskets", True),
        (Trigger("A"), "B", "baskets", False),
        (Trigger(when="at night"), "", "", False),
    ],
)
def test_an_alert_opens_it_by_name_and_service(trigger: Trigger, alert: str, service: str, fits: bool) -> None:
    assert trigger.fits(alert, service) is fits


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# Title\n", 1, "The first line is ---"),
        ("---\nplaybook: a\n", 1, "end with a line ---"),
        ("---\nplaybook: a\ntitle: A\n---\n\n", 4, "write Markdown below"),
        ("---\nplaybook: a\n---\nx", 2, "“title” is missing"),
        ("---\nplaybook: A B\ntitle: A\n---\nx", 2, "does not fit"),
        ("---\nplaybook: a\ntitle: A\nmoon: 1\n---\nx", 4, "“moon” is not known"),
        (TEXT.replace("    service: orders\n", "    service: O\n"), 6, "does not fit"),
        (TEXT.replace("  - alert: Everything\n    when: Only at night\n", "  - service: orders\n"), 7, "Name an alert"),
        (TEXT.replace("  - alert: Everything\n    when: Only at night\n", "  - {}\n"), 7, "Name an alert"),
        (TEXT.replace("Everything\n    when: Only at night", "OrdersErrors\n    service: orders"), 5, "stands here twice"),
        (TEXT.replace("Look.", "Look\x07"), 13, "Control characters"),
    ],
)
def test_every_mistake_has_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(SpecError, match=said) as refused:
        read(text)
    assert refused.value.problems[0].line == line


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    for hostile in (text, f"---\n{text}\n---\nx", TEXT + text):
        try:
            read(hostile)
        except SpecError as refused:
            assert refused.problems

"""Whom a shift means."""

from __future__ import annotations

import pytest

from windows.scheduling.on_call import meant

ADDRESSES = {"otto@example.org": 1, "nina@example.org": 2}
NAMES = {"otto berg": 1, "nina": 2, "nina li": 3}


@pytest.mark.parametrize(
    ("title", "raw", "person"),
    [
        ("otto@example.org", "", 1),
        ("On call: Otto Berg (primary)", "", 1),
        ("OTTO  BERG", "", 1),
        ("Otto", "", None),
        ("Ottoberg", "", None),
        ("Nina", "", 2),
        ("Nina Li", "", 3),  # the longer name says it
        ("Otto Berg, Nina", "", None),
        ("Primary", "ATTENDEE;CN=X:mailto:NINA@example.org", 2),
        ("Primary", "ATTENDEE;CN=X:mailto:nina@exam\r\n ple.org", 2),
        ("Primary", "ORGANIZER:mailto:nina@example.org", None),
        ("Otto Berg", "ATTENDEE:mailto:nina@example.org", 2),
        ("stranger@example.org", "", None),
        ("", "", None),
    ],
)
def test_one_person_or_nobody(title: str, raw: str, person: int | None) -> None:
    assert meant(title, raw, ADDRESSES, NAMES) == person
